"""The record: an append-only file of JSON lines, one event each."""
