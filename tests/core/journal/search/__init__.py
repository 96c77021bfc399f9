"""Tests of ``core.journal.search``."""
