"""The inspector: one message looked at closely."""
