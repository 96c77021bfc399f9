"""Tests of ``gui.views.saved``."""
