"""Decisions: given facts and now, which step is next and why. Never sees a secret, a clock or a socket."""
