"""Finding values of ours in any text; see `scan`."""
