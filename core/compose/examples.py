r"""Messages to begin with: each a greeting that a real service answers, and each shows another way to write one."""

from __future__ import annotations

from typing import NamedTuple

from core.compose.draft import Format
from core.compose.encoding import LineEnding


class Starter(NamedTuple):
    """A message before it is in anybody's list."""

    name: str
    text: str
    format: Format
    ending: LineEnding
    shows: str  # a sentence: what there is to learn from it


STARTERS = (
    Starter(
        "HTTP: get the front page",
        "GET / HTTP/1.1\\r\\n\\\nHost: localhost\\r\\n\\\nConnection: close\\r\\n\\\n\\r\\n",
        Format.ESCAPES,
        LineEnding.NOTHING,
        r"Each line ends with \r\n, and an empty one says that the request is complete. A backslash at the end of a "
        "line here joins it to the next, so that long messages can be read.",
    ),
    Starter(
        "Redis: PING",
        r"*1\r\n$4\r\nPING\r\n",
        Format.ESCAPES,
        LineEnding.NOTHING,
        "Redis counts: one part, of 4 bytes. It answers +PONG, or says what is wrong.",
    ),
    Starter(
        "SMTP: greeting",
        "EHLO localhost",
        Format.TEXT,
        LineEnding.CRLF,
        "Plain text; CR LF is put behind it, which most protocols of the Internet want. "
        "A mail server answers with what it can do.",
    ),
    Starter(
        "SCPI: who are you?",
        "*IDN?",
        Format.TEXT,
        LineEnding.LF,
        "Measuring instruments end their lines with LF alone, often at port 5025. "
        "The answer is maker, model, serial number and version.",
    ),
    Starter(
        "Modbus/TCP: read 10 holding registers",
        r"\{counter:2be}\x00\x00\{length:2be}\x01\x03\x00\x00\x00\x0a",
        Format.ESCAPES,
        LineEnding.NOTHING,
        r"Bytes that are no text, as \x03 asks for registers. The macros count on with each message, and work out "
        "how many bytes follow.",
    ),
    Starter(
        "Modbus/TCP: the same in hex",
        "0001 0000 0006 01 03 0000 000a",
        Format.HEX,
        LineEnding.NOTHING,
        "Two digits a byte, spaces wherever they help: transaction, protocol, length, unit, function, "
        "first register, how many.",
    ),
)
