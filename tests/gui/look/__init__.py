"""Tests of ``gui.look``."""
