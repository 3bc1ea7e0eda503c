"""The way to the network: two thin shells over httpx around one sans-I/O call."""
