"""Sending that takes time: messages again and again, files. Values, and threads with an owner and an end."""
