"""Carrying out: observe, decide, do one step, save, again. Knows the outside only by the protocols of ports.py."""
