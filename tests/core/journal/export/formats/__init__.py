"""Tests of ``core.journal.export``."""
