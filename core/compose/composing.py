"""From a draft to the bytes on the wire, or to what is wrong with it; and from bytes back to a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.compose.assembly import Assembly, Part
from core.compose.draft import EVERY_VARIABLE, Composed, Context, Draft, Format, Misfit
from core.compose.encoding import Encoding, LineEnding, decode_as, encode
from core.compose.escapes import read_escapes, write_escapes
from core.compose.hexadecimal import read_hex, write_hex
from core.compose.macros import Variable
from core.errors import DraftError, TincanError
from core.explanations import Doing, explain
from core.settings import DEFAULTS
from core.wire.framing import parse_framing

_LONGEST_BYTE = 12  # characters typed for one byte, more than anybody needs


def compose(draft: Draft, context: Context, limit: int = DEFAULTS.message) -> Composed | Misfit:
    """The bytes that the draft is, in this context.

    A body of more than ``limit`` bytes (line ending included, frame not) is refused before memory is
    taken for it. Raises nothing: whatever is typed is bytes or has a place where it is wrong.
    """
    try:
        return Template(draft, limit).composed(context)
    except DraftError as error:
        return misfit(error, draft)


class Template:
    """A draft that is composed again and again: it is read once. Raises ``DraftError`` if it cannot be read."""

    def __init__(self, draft: Draft, limit: int = DEFAULTS.message) -> None:
        if len(draft.text) > _LONGEST_BYTE * limit:
            raise DraftError.too_long(limit + 1, limit, 0, len(draft.text))
        self._draft = draft
        self._limit = limit
        self._parts, self._left_out = _parts(draft, limit)
        plain = [part if isinstance(part, bytes) else part.macro for part in self._parts]
        quoted = [
            part for part in plain if isinstance(part, bytes) or (isinstance(part, Variable) and part.value is None)
        ]
        self._quoted = quoted if len(quoted) == len(plain) else None

    @property
    def is_timeless(self) -> bool:
        """Whether it depends on nothing but variables and captures."""
        return all(isinstance(part, bytes) or isinstance(part.macro, Variable) for part in self._parts)

    def quoted(self, captures: Mapping[str, bytes]) -> bytes | None:
        """The body without its frame, where it is nothing but fixed bytes and captures; None where it is more.

        It is what ``composed`` makes of it, in a tenth of the time.
        """
        if self._quoted is None:
            return None
        try:
            body = b"".join([part if isinstance(part, bytes) else captures[part.name] for part in self._quoted])
        except KeyError:
            return None  # a variable
        return body if len(body) <= self._limit else None

    def composed(self, context: Context) -> Composed:
        """What it is in this context. Raises ``DraftError`` where that cannot be."""
        draft = self._draft
        assembly = Assembly(self._parts, context, _encoding(draft), self._limit)
        body, macros = assembly.put_together()
        return Composed(body, _enclosed(body, draft), macros, self._left_out, assembly.variables)


def misfit(error: DraftError, draft: Draft) -> Misfit:
    """What is said of a draft with that error."""
    has_place = error.stop > error.start
    return Misfit(str(error), error.start if has_place else 0, error.stop if has_place else len(draft.text))


def _parts(draft: Draft, limit: int) -> tuple[list[Part], str]:
    left_out = ""
    parts: list[Part]
    if draft.format is Format.ESCAPES:
        parts = read_escapes(draft.text, draft.encoding)
    elif draft.format is Format.HEX:
        parts, left_out = read_hex(draft.text, limit)
    elif len(draft.text) > limit:
        raise DraftError.too_long(len(draft.text), limit, 0, len(draft.text))
    else:
        parts = [encode(draft.text, draft.encoding)]
    return [*parts, draft.ending.wire(_encoding(draft))], left_out


def _encoding(draft: Draft) -> Encoding:
    """Of what is not typed as bytes: the line ending, and digits that macros make."""
    return Encoding.LATIN_1 if draft.format is Format.HEX else draft.encoding


def _enclosed(body: bytes, draft: Draft) -> bytes:
    """The body within its frame; what a framing refuses is the whole message's fault."""
    try:
        return parse_framing(draft.framing).enclose(body)
    except TincanError as error:
        raise DraftError(str(explain(error, Doing.TALKING)), 0, len(draft.text)) from None


def preview(syntax: str, context: Context, draft: Draft | None = None, place: int | None = None) -> bytes | Misfit:
    """What a macro would become at a place of a draft (at its end if there is none); nothing counts on by it.

    Lengths and checksums depend on what stands around them. Where the draft has no macros, or is no
    message yet, the macro is taken alone.
    """
    if draft is not None and draft.format is not Format.TEXT:
        place = len(draft.text) if place is None else place
        text = draft.text[:place] + syntax + draft.text[place:]
        within = compose(replace(draft, text=text, framing="raw"), context)
        if isinstance(within, Composed):
            return b"".join(within.body[span.first : span.last] for span in within.macros if span.start == place)
    encoding = Encoding.UTF_8 if draft is None else _encoding(draft)
    alone = compose(Draft(syntax, Format.ESCAPES, encoding), context)
    return alone.body if isinstance(alone, Composed) else alone


_TYPEABLE = str.maketrans("", "", "\n\t")


def describe(data: bytes, format: Format, encoding: Encoding = Encoding.UTF_8) -> str | None:  # noqa: A002 - the field's own word
    """Text that composes to exactly these bytes; None if they are not text where text is asked for.

    Under TEXT it may have characters that no field holds, see ``is_typeable``.
    """
    if format is Format.HEX:
        return write_hex(data)
    if format is Format.ESCAPES:
        return write_escapes(data, encoding)
    text = decode_as(data, encoding)
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
    seen = decode_as(body, encoding)
    if 2 * sum(map(str.isprintable, seen)) >= len(seen):
        return Draft(write_escapes(body, encoding), Format.ESCAPES, encoding, ending)
    return Draft(write_hex(data), Format.HEX, encoding)


def rewrite(draft: Draft, form: Format, encoding: Encoding | None = None) -> Draft | Misfit:
    """The same message typed in another format (and encoding, if one is named), ending and framing kept.

    What cannot be the same is refused: a draft that is no message, macros, which would be fixed,
    bytes that are no text in the encoding, or none that a field can hold, and an ending that has other bytes.
    """
    if draft.format is form:
        return draft
    encoding = encoding or draft.encoding
    message = compose(replace(draft, ending=LineEnding.NOTHING, framing="raw"), Context(variables=EVERY_VARIABLE))
    if isinstance(message, Misfit):
        return message
    if message.macros:
        macro = message.macros[0]
        return Misfit("Another format would have this macro fixed for good.", macro.start, macro.stop)
    text = describe(message.body, form, encoding)
    if text is None or (form is Format.TEXT and not is_typeable(text)):
        sentence = f"These bytes are no text in {encoding.words} that can be typed. Escapes and hex can show them."
        return Misfit(sentence, 0, len(draft.text))
    rewritten = replace(draft, text=text, format=form, encoding=encoding)
    before, after = (one.ending.wire(_encoding(one)) for one in (draft, rewritten))
    if before != after:
        sentence = (
            f"{draft.ending.words} at the end is {before.hex(' ')}, and would be {after.hex(' ')}. "
            "Have the message end with nothing first."
        )
        return Misfit(sentence, 0, len(draft.text))
    return rewritten


def _part_ending(data: bytes, encoding: Encoding) -> tuple[bytes, LineEnding]:
    for ending in (LineEnding.CRLF, LineEnding.LF, LineEnding.CR):
        wire = ending.wire(encoding)
        if data.endswith(wire) and len(data) % encoding.unit == 0:
            return data[: -len(wire)], ending
    return data, LineEnding.NOTHING
