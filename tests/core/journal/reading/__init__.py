"""Tests of ``core.journal.reading.lens_view``."""
