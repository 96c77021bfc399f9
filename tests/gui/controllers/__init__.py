"""Tests of ``gui.controllers``."""
