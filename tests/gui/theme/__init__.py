"""Tests of ``gui.theme``."""
