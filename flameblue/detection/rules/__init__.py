"""A rule a file, or the few that belong together; each names its `RULES`. `kernel.py` calls them in the order of their
numbers, since that order is stored: the transitions of one reading are told in it."""
