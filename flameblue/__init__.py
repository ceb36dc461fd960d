"""Flameblue: warns before the electrical fire, names the place, makes sure that somebody acts."""

__version__ = "0.1.0"
