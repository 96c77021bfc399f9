"""Tests of ``gui.views.dialogs``."""
