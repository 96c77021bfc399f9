"""Which letters are the same but for their case: what a search must take for each other."""

from __future__ import annotations

from functools import cache

# Letters that are the same, and that no way of asking one for its lower or upper case leads to from the
# other. A test goes through all of Unicode for them.
_KIN = (
    "Ii\u0130\u0131", "Kk\u212a", "Ss\u017f", "\u00b5\u039c\u03bc", "\u00c5\u00e5\u212b", "\u00df\u1e9e",
    "\u0345\u0399\u03b9\u1fbe", "\u0390\u1fd3", "\u0392\u03b2\u03d0", "\u0395\u03b5\u03f5",
    "\u0398\u03b8\u03d1\u03f4", "\u039a\u03ba\u03f0", "\u03a0\u03c0\u03d6", "\u03a1\u03c1\u03f1",
    "\u03a3\u03c2\u03c3", "\u03a6\u03c6\u03d5", "\u03a9\u03c9\u2126", "\u03b0\u1fe3", "\u0412\u0432\u1c80",
    "\u0414\u0434\u1c81", "\u041e\u043e\u1c82", "\u0421\u0441\u1c83", "\u0422\u0442\u1c84\u1c85",
    "\u042a\u044a\u1c86", "\u0462\u0463\u1c87", "\u1c88\ua64a\ua64b", "\u1e60\u1e61\u1e9b", "\ufb05\ufb06",
)  # fmt: skip
_KIN_OF = {letter: kin for kin in _KIN for letter in kin}


@cache
def same_letters(character: str) -> tuple[str, ...]:
    """The character itself and every other that differs from it in case alone, in order."""
    if character in _KIN_OF:
        return tuple(sorted(_KIN_OF[character]))
    found, waiting = {character}, [character]
    while waiting:
        new = {form for form in _forms(waiting.pop()) if len(form) == 1} - found
        found |= new
        waiting += new
    return tuple(sorted(found))


@cache
def spelled_out(character: str) -> tuple[str, ...]:
    """The case variants that take several characters, folded, in order: ``ss`` for ``ß``."""
    return tuple(sorted({form.casefold() for form in _forms(character) if len(form) > 1}))


def _forms(character: str) -> set[str]:
    return {character.lower(), character.upper(), character.title(), character.casefold()}
