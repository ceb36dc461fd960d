"""A rule a file; `kernel.py` names them, since their order is stored in the order of the transitions."""
