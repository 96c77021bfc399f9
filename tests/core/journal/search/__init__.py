"""Tests of ``core.journal.search.search``."""
