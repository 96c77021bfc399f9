"""The controllers: each does one kind of thing that a person asks for, on the window's thread."""
