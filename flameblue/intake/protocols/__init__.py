"""The protocols that devices speak to us: a folder each, found, not listed."""
