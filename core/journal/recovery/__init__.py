"""Journals of earlier runs, sound or damaged: opened, and what is left recovered."""
