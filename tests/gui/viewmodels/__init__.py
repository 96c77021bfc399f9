"""Tests of ``gui.viewmodels``."""
