"""Speed as ratios against bare calls, each pair in one run. Run by `make bench`; not part of the tests."""
