"""What is kept of a conversation, and what survives what happens to it."""
