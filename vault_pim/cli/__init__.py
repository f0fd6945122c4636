"""What people type: one file per command or command group, found through the table in `commands.py`."""
