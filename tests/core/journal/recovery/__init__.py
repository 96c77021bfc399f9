"""Tests of ``core.journal.recovery.recovery``."""
