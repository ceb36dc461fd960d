"""A page a file: access, action, render."""
