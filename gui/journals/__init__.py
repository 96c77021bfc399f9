"""Journals as the window has them: the folder, the locks, and the conversations open in them."""
