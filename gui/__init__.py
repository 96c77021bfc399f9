"""Tincan's window: panes over the journal, commands down to ``core.workbench``."""
