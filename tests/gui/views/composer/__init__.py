"""Tests of ``gui.views.composer``."""
