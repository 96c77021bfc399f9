"""Tests of ``gui.journals.journal_files``."""
