"""From events to the file: the one writer of a journal."""
