"""A script hands over an argument of another type: it is told which, here and now, whatever it called."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import core
from core.address import Address
from core.errors import TincanError

_NEEDED: dict[str, dict[str, object]] = {  # of what cannot be made without
    "Address": {"host": "127.0.0.1", "port": 0},
    "Client": {"target": "127.0.0.1:1"},
    "Proxy": {"kind": "socks5", "address": Address("127.0.0.1", 1), "user": "a"},
    "Server": {"target": "127.0.0.1:0"},
    "Tap": {"listen": "127.0.0.1:0", "target": "127.0.0.1:1"},
    "UdpClient": {"target": "127.0.0.1:1"},
    "UdpServer": {"target": "127.0.0.1:0"},
    "parse_faults": {"text": ""},
}
_WRONG = [3, None, b"x", object(), [3], {3: 3}, 1.5, "morse"]
_TINCANS_OWN = {"session", "identities", "resolver"}  # what a workbench gives its sessions


def arguments() -> Iterator[tuple[str, str]]:
    for name in core.__all__:
        if callable(getattr(core, name)):
            for argument in inspect.signature(getattr(core, name)).parameters:
                if argument not in _TINCANS_OWN:
                    yield name, argument


@pytest.mark.parametrize("wrong", _WRONG, ids=lambda wrong: type(wrong).__name__)
@pytest.mark.parametrize(("name", "argument"), list(arguments()))
def test_an_argument_of_another_type_is_taken_or_refused_in_words(
    name: str, argument: str, wrong: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a text may be the path of a journal
    words = ""
    try:
        made = getattr(core, name)(**{**_NEEDED.get(name, {}), argument: wrong})
    except (TypeError, ValueError, TincanError) as error:  # another kind fails the test
        words = str(error)
    else:
        if isinstance(made, core.Workbench):
            made.close()
    assert "unhashable" not in words
