"""Tests of ``gui.desks``."""
