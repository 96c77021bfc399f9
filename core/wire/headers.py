"""Where frames end that say their length in text in front: netstrings, and header blocks with a Content-Length."""

from __future__ import annotations

import re

from core.wire.length_prefix import AnnouncedSplitter
from core.wire.splitting import NOTHING, Envelope

LONGEST_HEADER = 8192  # bytes of a header block
_MOST_DIGITS = 9  # of a netstring's length

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_NETSTRING = re.compile(rb"([0-9]{1,9}):")
_LENGTH = re.compile(rb"(?im)^content-length[ \t]*:[ \t]*([0-9]{1,18})[ \t]*\r?$")
_OTHER_LENGTH = re.compile(rb"(?im)^(?:content-length[ \t]*:.*|transfer-encoding[ \t]*:.*chunked.*)$")
_OTHER_HEADER = re.compile(rb"(?im)^(?!content-(?:length|type)[ \t]*:).+$")


class NetstringSplitter(AnnouncedSplitter):
    """``12:hello world!,``: the length in digits, a colon, so many bytes, a comma."""

    reach = _MOST_DIGITS + 2
    closing = b","

    def _frame(self, data: bytes, position: int) -> int | str | None:
        header = data[position : position + _MOST_DIGITS + 1]
        found = _NETSTRING.match(header)
        if found is not None:
            return found.end() + int(found[1]) + 1
        if header.isdigit() and len(header) <= _MOST_DIGITS:
            return None
        return "it does not begin with a length in digits and a colon, so nothing behind it can be told apart"

    def envelope(self, head: bytes, tail: bytes) -> Envelope:
        found = _NETSTRING.match(head)
        return Envelope(0, found.end(), 1 if tail else 0) if found is not None else NOTHING


class ContentLengthSplitter(AnnouncedSplitter):
    """A header block, a blank line, and as many bytes as the block's Content-Length says; none if it says nothing.

    The block belongs to the frame if it has nothing but Content-Length and Content-Type, as in JSON-RPC
    and LSP; otherwise, as in HTTP, it is the beginning of the message.
    """

    reach = LONGEST_HEADER

    def _frame(self, data: bytes, position: int) -> int | str | None:
        blank = _BLANK_LINE.search(data, position, position + LONGEST_HEADER)
        if blank is None:
            is_all = len(data) - position >= LONGEST_HEADER
            return (
                f"no blank line in {LONGEST_HEADER:,} bytes, so nothing behind it can be told apart" if is_all else None
            )
        block = data[position : blank.start()]
        length, other = _LENGTH.search(block), _OTHER_LENGTH.search(block)
        if length is None and other is not None:
            return (
                "its header block gives no length in digits (chunks have none), so nothing behind it can be told apart"
            )
        return blank.end() - position + (int(length[1]) if length else 0)

    def envelope(self, head: bytes, tail: bytes) -> Envelope:  # noqa: ARG002 - as the protocol has it
        blank = _BLANK_LINE.search(head)
        if blank is None or _OTHER_HEADER.search(head[: blank.start()]) is not None:
            return NOTHING
        return Envelope(0, blank.end(), 0)
