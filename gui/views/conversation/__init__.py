"""The conversation: its head, its rows, and the strips above it."""
