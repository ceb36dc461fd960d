"""The ways to a person: a folder a channel, found, not listed."""
