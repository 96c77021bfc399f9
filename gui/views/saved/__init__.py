"""The saved messages, a row each."""
