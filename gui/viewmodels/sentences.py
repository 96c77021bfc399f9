"""An error as a person reads it: one sentence, begun and ended as one. No tkinter."""

from __future__ import annotations


def sentence(error: Exception) -> str:
    """What an error of ours says, as a sentence of its own."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
