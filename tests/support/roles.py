"""A kind of session that Tincan has not, whose every word says which one it is."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from core.roles import Role


def invented(**known: Any) -> Role:  # noqa: ANN401 - capabilities and words
    """A role called ``relay`` that can do nothing but what is said; its other words are their own names."""
    row: dict[str, Any] = {}
    for field in fields(Role):
        row[field.name] = False if field.type == "bool" else f"<{field.name}>"
    return Role(**{**row, "name": "relay", "command": "toggle_client", "entries": frozenset(), **known})
