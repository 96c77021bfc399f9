"""Bytes in, messages out."""
