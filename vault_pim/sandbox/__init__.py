"""A demo world on loopback: a believable Akeneo PIM and a real OpenBao, with faults on demand."""
