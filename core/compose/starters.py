r"""Messages to begin with: each a greeting that a real service answers, and each shows another way to write one."""

from __future__ import annotations

from typing import NamedTuple

from core.compose.draft import Ending, Format


class Starter(NamedTuple):
    """A message before it is in anybody's list."""

    name: str
    text: str
    format: Format
    ending: Ending


STARTERS = (
    Starter(
        "HTTP: get the front page",
        "GET / HTTP/1.1\\r\\n\\\nHost: localhost\\r\\n\\\nConnection: close\\r\\n\\\n\\r\\n",
        Format.ESCAPES,
        Ending.NOTHING,
    ),
    Starter("Redis: PING", r"*1\r\n$4\r\nPING\r\n", Format.ESCAPES, Ending.NOTHING),
    Starter("SMTP: greeting", "EHLO localhost", Format.TEXT, Ending.CRLF),
    Starter("SCPI: who are you?", "*IDN?", Format.TEXT, Ending.LF),
    Starter(
        "Modbus/TCP: read 10 holding registers",
        r"\{counter:2be}\x00\x00\{length:2be}\x01\x03\x00\x00\x00\x0a",
        Format.ESCAPES,
        Ending.NOTHING,
    ),
    Starter("Modbus/TCP: the same in hex", "0001 0000 0006 01 03 0000 000a", Format.HEX, Ending.NOTHING),
)
