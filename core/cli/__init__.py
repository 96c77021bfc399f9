"""The terminal programs: serve, connect, export, find. Nothing of ``core`` imports them but its ``__main__``."""
