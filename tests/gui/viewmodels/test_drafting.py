"""How messages are written, as values: the words, the previews, and one format turned into another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compose import Composed, Context, Encoding, Format, LineEnding, compose, is_typeable
from core.wire.framing import parse_framing
from gui.viewmodels.drafting import (
    ENCODINGS,
    ENDINGS,
    FORMATS,
    FRAMES,
    MOST_SHOWN,
    USUAL,
    ComposeError,
    MessageFormat,
    convert,
    known,
    preview_of,
)

MESSAGE_FORMATS = st.builds(
    MessageFormat,
    st.sampled_from([key for key, _words in FORMATS]),
    st.sampled_from([key for key, _words in ENCODINGS]),
    st.sampled_from([key for key, _words in ENDINGS]),
    st.sampled_from([*(key for key, _words in FRAMES), "length:2le,offset=1", "fixed:64,pad=20", "gap:50"]),
)


def composed(text: str, message_format: MessageFormat) -> Composed:
    found = compose(message_format.draft(text), Context())
    assert isinstance(found, Composed)
    return found


def test_what_is_offered_is_what_can_be_composed() -> None:
    assert [key for key, _words in FORMATS] == [one.value for one in Format]
    assert list(ENCODINGS) == [(one.value, one.words) for one in Encoding]
    assert [key for key, _words in ENDINGS] == [one.name.lower() for one in LineEnding]
    assert [str(parse_framing(key)) for key, _words in FRAMES] == [key for key, _words in FRAMES]


def test_a_message_format_reads_as_a_sentence() -> None:
    assert USUAL.words == "As text, UTF-8"
    assert MessageFormat("hex", "big5", "crlf", "length:2be").words == "As hex, CR LF at the end, 2-byte length"
    assert MessageFormat(framing="fixed:4").words == "As text, UTF-8, 4 bytes each"


def test_what_only_a_later_version_knows_counts_as_usual() -> None:
    assert known(MessageFormat("morse", "runes", "bell", "telepathy:2")) == USUAL
    assert known(MessageFormat("hex", "big5", "nul", "gap:50")) == MessageFormat("hex", "big5", "nul", "gap:50")


@given(st.text(max_size=40), MESSAGE_FORMATS)
def test_a_preview_is_all_of_what_goes_out_in_order(text: str, message_format: MessageFormat) -> None:
    message = compose(message_format.draft(text), Context())
    if not isinstance(message, Composed):
        return

    preview = preview_of(message, message_format.draft(text))

    assert b"".join(part.data for part in preview.parts) == message.wire
    assert sum(part.size for part in preview.parts) == preview.size == len(message.wire)
    added = sum(part.size for part in preview.parts if part.label == "frame")
    assert added == len(message.wire) - len(message.body)


def test_a_preview_keeps_little_of_a_large_message() -> None:
    message_format = MessageFormat(ending="lf")
    text = "x" * 1_000_000

    preview = preview_of(composed(text, message_format), message_format.draft(text))

    assert preview.size == 1_000_001
    assert [(one.label, len(one.data), one.size) for one in preview.parts] == [
        ("", MOST_SHOWN, 1_000_000),
        ("end", 1, 1),
    ]


@given(
    st.binary(max_size=60), st.sampled_from(["escapes", "text", "hex"]), st.sampled_from(list(Encoding)),
    st.sampled_from(["nothing", "lf"]),
)  # fmt: skip
def test_another_format_has_the_same_bytes_or_says_why_not(
    data: bytes, after: str, encoding: Encoding, ending: str
) -> None:
    before, wanted = MessageFormat("hex", encoding.value, ending), MessageFormat(after, encoding.value, ending)

    found = convert(data.hex(), before, wanted)

    if isinstance(found, ComposeError):
        assert after == "text" or "LF at the end" in found.sentence
    elif data:  # else nothing is written yet, and what is chosen is how to write
        assert composed(found, wanted).body == composed(data.hex(), before).body
        assert after != "text" or is_typeable(found)


@pytest.mark.parametrize(("before", "text", "after"), [("hex", " ,\n", "text"), ("escapes", "\\\n", "hex")])
def test_what_has_no_bytes_has_none_in_another_format(before: str, text: str, after: str) -> None:
    format_before, format_after = (MessageFormat(one, "ebcdic", "lf") for one in (before, after))

    assert convert(text, format_before, format_after) == ""


def test_who_chooses_another_ending_as_well_has_that() -> None:
    before, wanted = MessageFormat("text", "utf-16-le", "lf"), MessageFormat("hex", "utf-16-le", "nothing")

    assert convert("hi", before, wanted) == "68 00 69 00"


@pytest.mark.parametrize("text", ["hello", "0", "zz"])
def test_what_is_no_message_yet_stays_as_it_is(text: str) -> None:
    assert convert(text, MessageFormat("hex"), MessageFormat("text")) == text
