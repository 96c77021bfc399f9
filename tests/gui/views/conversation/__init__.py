"""Tests of ``gui.views.conversation``."""
