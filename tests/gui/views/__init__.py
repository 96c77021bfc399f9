"""Tests of ``gui.views``."""
