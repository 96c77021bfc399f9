"""Tests of ``gui.platform``."""
