"""Tests of ``gui.shown``."""
