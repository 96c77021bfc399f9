"""Tests of ``gui.widgets``."""
