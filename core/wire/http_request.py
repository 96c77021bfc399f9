"""Tells the first line of an HTTP request from other bytes: ``METHOD target HTTP/1.1`` (RFC 9112, section 3).

A web page can have a browser send such a request to any port of this machine; what follows the first line is the
page's choice.
"""

from __future__ import annotations

import re
from enum import Enum, auto

LONGEST_LINE = 8 * 1024  # bytes; RFC 9112 asks a server to take 8,000, and no chat begins like a request and goes on so

_REQUEST = re.compile(rb"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP/[0-9](?:\.[0-9])?)[ \t]*\r?\n")
_METHOD = rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|PATCH|CONNECT|PRI)"
_TARGET_BEGUN = re.compile(rb"\s*(?:" + _METHOD + rb" (?:[/*]|https?:)|CONNECT \S)[^\n]*\Z")
_NO_TARGET_YET = re.compile(rb"\s*(?:[A-Z]{0,7}|" + _METHOD + rb" (?:h|ht|htt|https?)?)\Z")


class Opening(Enum):
    """What the first bytes of a peer are."""

    REQUEST = auto()
    LIKELY = auto()  # a method and the beginning of a target, whose line has not ended yet
    TOO_SHORT = auto()  # a word in capitals, or less: what people say, and what a request begins with
    OTHER = auto()


def opening_of(data: bytes) -> tuple[Opening, str]:
    """What these first bytes are, and the line if they are a request: as much of it as there is."""
    found = _REQUEST.match(data)
    if found is not None:
        return Opening.REQUEST, found.group(1).decode("ascii", "backslashreplace")
    if _NO_TARGET_YET.match(data):
        return Opening.TOO_SHORT, ""
    if not _TARGET_BEGUN.match(data):
        return Opening.OTHER, ""
    if len(data) > LONGEST_LINE:
        return Opening.REQUEST, data[:LONGEST_LINE].strip().decode("ascii", "backslashreplace")
    return Opening.LIKELY, ""
