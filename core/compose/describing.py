"""From bytes to what a person would have typed for them: to send again, to save, to edit in another format."""

from __future__ import annotations

from dataclasses import replace

from core.compose.composing import compose
from core.compose.draft import Context, Draft, Ending, Format, Misfit
from core.compose.draft_error import DraftError
from core.compose.encoding import Encoding, decode, encode
from core.compose.escapes import write_escapes
from core.compose.hexadecimal import write_hex

_TYPEABLE = str.maketrans("", "", "\n\t")


def describe(data: bytes, format: Format, encoding: Encoding = Encoding.UTF_8) -> str | None:  # noqa: A002 - the field's own word
    """Text that composes to exactly these bytes; None if they are not text where text is asked for.

    Under TEXT it may have characters that no field holds, see ``is_typeable``.
    """
    if format is Format.HEX:
        return write_hex(data)
    if format is Format.ESCAPES:
        return write_escapes(data, encoding)
    text = decode(data, encoding)
    try:
        return text if encode(text, encoding) == data else None
    except DraftError:
        return None


def is_typeable(text: str) -> bool:
    """Whether a field can hold it and show all of it: no controls but tab and line feed, nothing invisible."""
    return text.translate(_TYPEABLE).isprintable()


def redraft(data: bytes, encoding: Encoding = Encoding.UTF_8) -> Draft:
    """A draft of exactly these bytes in the plainest format: text that shows as it is, escapes, or hex.

    A line ending at the end becomes the draft's ending. Hex is for what is not mostly text.
    """
    body, ending = _part_ending(data, encoding)
    text = describe(body, Format.TEXT, encoding)
    if text is not None and is_typeable(text):
        return Draft(text, Format.TEXT, encoding, ending)
    seen = decode(body, encoding)
    if 2 * sum(map(str.isprintable, seen)) >= len(seen):
        return Draft(write_escapes(body, encoding), Format.ESCAPES, encoding, ending)
    return Draft(write_hex(data), Format.HEX, encoding)


def rewrite(draft: Draft, form: Format) -> Draft | Misfit:
    """The same message typed in another format, ending and framing kept.

    What cannot be the same is refused: a draft that is no message, macros (only escapes have them), and
    bytes that are no text in the draft's encoding, or none that a field can hold.
    """
    if draft.format is form:
        return draft
    message = compose(replace(draft, ending=Ending.NOTHING, framing="raw"), Context())
    if isinstance(message, Misfit):
        return message
    if message.macros:
        macro = message.macros[0]
        return Misfit("Only escapes have macros: this one would be fixed for good.", macro.start, macro.stop)
    text = describe(message.body, form, draft.encoding)
    if text is None or (form is Format.TEXT and not is_typeable(text)):
        sentence = (
            f"These bytes are no text in {draft.encoding.words} that can be typed. Escapes and hex can show them."
        )
        return Misfit(sentence, 0, len(draft.text))
    return replace(draft, text=text, format=form)


def _part_ending(data: bytes, encoding: Encoding) -> tuple[bytes, Ending]:
    for ending in (Ending.CRLF, Ending.LF, Ending.CR):
        wire = ending.value.encode(encoding.codec)
        if data.endswith(wire) and (encoding.keeps_ascii or len(data) % 2 == 0):
            return data[: -len(wire)], ending
    return data, Ending.NOTHING
