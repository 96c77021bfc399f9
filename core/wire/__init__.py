"""Bytes in, bytes out: no socket, no thread and no clock lives here (sans-I/O)."""
