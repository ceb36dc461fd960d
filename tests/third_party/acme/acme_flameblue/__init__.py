"""Acme's meters send lines such as `my-1 s3cret ir=12.5 ta=41.2`, and are answered OK or NO."""
