"""From a draft to the bytes on the wire, or to what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

from core.compose.assembly import Assembly, Part
from core.compose.draft import Composed, Context, Draft, Format, Misfit
from core.compose.draft_error import DraftError, too_long
from core.compose.encoding import Encoding, encode
from core.compose.escapes import read_escapes
from core.compose.hexadecimal import read_hex
from core.errors import Doing, TincanError, explain
from core.settings import DEFAULTS
from core.wire.framing import parse_framing

_LONGEST_BYTE = 12  # characters typed for one byte, more than anybody needs


def compose(draft: Draft, context: Context, limit: int = DEFAULTS.message) -> Composed | Misfit:
    """The bytes that the draft is, in this context.

    A body of more than ``limit`` bytes (line ending included, frame not) is refused before memory is
    taken for it. Raises nothing: whatever is typed is bytes or has a place where it is wrong.
    """
    try:
        if len(draft.text) > _LONGEST_BYTE * limit:
            raise too_long(limit + 1, limit, 0, len(draft.text))
        body, macros = Assembly(_parts(draft, limit), context, draft.encoding, limit).put_together()
        return Composed(body, _enclosed(body, draft), macros)
    except DraftError as error:
        has_place = error.stop > error.start
        return Misfit(str(error), error.start if has_place else 0, error.stop if has_place else len(draft.text))


def _parts(draft: Draft, limit: int) -> list[Part]:
    if draft.format is Format.ESCAPES:
        parts = read_escapes(draft.text, draft.encoding)
    elif draft.format is Format.HEX:
        parts = [read_hex(draft.text, limit)]
    elif len(draft.text) > limit:
        raise too_long(len(draft.text), limit, 0, len(draft.text))
    else:
        parts = [encode(draft.text, draft.encoding)]
    return [*parts, _ending(draft)]


def _ending(draft: Draft) -> bytes:
    encoding = Encoding.LATIN_1 if draft.format is Format.HEX else draft.encoding
    return draft.ending.value.encode(encoding.codec)


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
    if draft is not None and draft.format is Format.ESCAPES:
        place = len(draft.text) if place is None else place
        text = draft.text[:place] + syntax + draft.text[place:]
        within = compose(replace(draft, text=text, framing="raw"), context)
        if isinstance(within, Composed):
            return b"".join(within.body[span.first : span.last] for span in within.macros if span.start == place)
    encoding = Encoding.UTF_8 if draft is None else draft.encoding
    alone = compose(Draft(syntax, Format.ESCAPES, encoding), context)
    return alone.body if isinstance(alone, Composed) else alone
