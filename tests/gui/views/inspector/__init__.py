"""Tests of ``gui.views.inspector``."""
