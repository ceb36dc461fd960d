"""A package of another maker, as docs/own-plug-in.md shows it."""
