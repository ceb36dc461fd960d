"""SMS providers: a file a provider, found, not listed."""
