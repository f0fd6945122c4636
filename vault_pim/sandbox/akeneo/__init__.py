"""The sandbox PIM's inside: its state, its rules and its HTTP surfaces, release by release."""
