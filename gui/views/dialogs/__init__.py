"""Small windows beside the large one; none of them blocks it."""
