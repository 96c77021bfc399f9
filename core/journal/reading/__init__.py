"""From the file to rows: readers, and what a lens makes of the bytes."""
