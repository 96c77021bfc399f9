"""Tests of ``core.journal.recording``."""
