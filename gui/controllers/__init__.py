"""The rooms between the window and what is behind it: each does one thing a person asks for. The window's thread."""
