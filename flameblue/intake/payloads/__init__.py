"""What stands inside a message: a folder each, found, not listed."""
