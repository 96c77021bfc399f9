"""Finding text, bytes and patterns in what is recorded."""
