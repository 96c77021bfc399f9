"""From a draft to the wire and back: the same bytes, whatever they are and however they are typed."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compose import (
    Composed,
    Context,
    Draft,
    Encoding,
    Format,
    LineEnding,
    Misfit,
    SavedMessage,
    SavedMessagesFile,
    compose,
    decode_as,
    describe,
    export_messages,
    import_messages,
    redraft,
    rewrite,
)
from core.compose.composing import Template
from core.wire.framing import parse_framing

HERE = Context()
FRAMINGS = ("line", "delimiter:0d0a", "length:1", "length:2be", "length:4le,itself", "length:varint", "gap:50", "raw")
LIMIT = 4_000

formats = st.sampled_from(Format)
encodings = st.sampled_from(Encoding)
endings = st.sampled_from(LineEnding)
payloads = st.binary(max_size=100) | st.text(max_size=50).map(lambda text: text.encode("utf-8", "replace"))


def sent(draft: Draft) -> Composed:
    message = compose(draft, HERE)
    assert isinstance(message, Composed), message
    return message


@pytest.mark.parametrize(
    ("draft", "wire"),
    [
        (Draft("hello"), b"hello"),
        (Draft("hello", ending=LineEnding.CRLF), b"hello\r\n"),
        (Draft("two\nlines", ending=LineEnding.LF), b"two\nlines\n"),
        (Draft(r"a\r{counter}"), rb"a\r{counter}"),
        (Draft("hé", encoding=Encoding.LATIN_1, ending=LineEnding.NUL), b"h\xe9\0"),
        (Draft("h", encoding=Encoding.UTF_16_LE, ending=LineEnding.CRLF), b"h\0\r\0\n\0"),
        (Draft(r"\x00", Format.ESCAPES, Encoding.UTF_16_BE, LineEnding.CR), b"\0\0\r"),
        (Draft("Hi", encoding=Encoding.EBCDIC, ending=LineEnding.LF), b"\xc8\x89\x25"),
        (Draft("Hi", encoding=Encoding.EBCDIC, ending=LineEnding.CRLF), b"\xc8\x89\r\x25"),
        (Draft(r"\{length}a\n\x0a", Format.ESCAPES, Encoding.EBCDIC, LineEnding.NUL), b"\xf4\x81\x25\n\0"),
        (Draft("Ж", encoding=Encoding.KOI8_R, ending=LineEnding.CRLF), b"\xf6\r\n"),
        pytest.param(
            Draft("0001", Format.HEX, Encoding.UTF_16_BE, LineEnding.CRLF), b"\0\1\r\n", id="hex has no encoding"
        ),
        (Draft("hello", framing="length:2be", ending=LineEnding.LF), b"\0\6hello\n"),
        (Draft("hello", framing="delimiter:0d0a"), b"hello\r\n"),
        (Draft(""), b""),
        (Draft("", framing="length:2be"), b"\0\0"),
        (Draft("", ending=LineEnding.CRLF), b"\r\n"),
    ],
)
def test_a_draft_goes_out_as_these_bytes(draft: Draft, wire: bytes) -> None:
    assert sent(draft).wire == wire


def test_the_frame_is_told_apart_from_the_message() -> None:
    message = sent(Draft("hello", framing="length:2be", ending=LineEnding.LF))

    assert (message.body, message.wire) == (b"hello\n", b"\0\6hello\n")


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        (Draft("hello", framing="fixed:4"), "5 bytes"),
        (Draft("x" * 256, framing="length:1"), "256 bytes"),
        (Draft("hello", framing="nonsense"), "“nonsense”"),
    ],
)
def test_a_frame_that_does_not_fit_is_a_sentence_about_the_whole_message(draft: Draft, why: str) -> None:
    message = compose(draft, HERE)

    assert isinstance(message, Misfit)
    assert why in message.sentence
    assert message.sentence[0].isupper()
    assert message.sentence.endswith(".")
    assert (message.start, message.stop) == (0, len(draft.text))


@pytest.mark.parametrize(
    "draft",
    [
        Draft("x" * 1_001),
        Draft("x" * 1_000, ending=LineEnding.LF),
        Draft("€" * 400),
        Draft("x" * 501, encoding=Encoding.UTF_16_LE),
        Draft("00" * 1_001, Format.HEX),
        Draft(r"\x00" * 1_001, Format.ESCAPES),
        Draft(" " * 100_000, Format.HEX),
        Draft(r"\{counter}" + "x" * 1_000, Format.ESCAPES),
        Draft(r"\{counter}" + "x" * 999, Format.ESCAPES, ending=LineEnding.LF),
    ],
)
def test_a_message_beyond_the_limit_is_refused(draft: Draft) -> None:
    message = compose(draft, HERE, limit=1_000)

    assert isinstance(message, Misfit)
    assert "no message may have more than 1,000" in message.sentence


def test_a_message_of_just_the_limit_goes_out() -> None:
    assert isinstance(compose(Draft("x" * 998, ending=LineEnding.CRLF), HERE, limit=1_000), Composed)
    assert isinstance(compose(Draft(r"\{random:1000}", Format.ESCAPES), HERE, limit=1_000), Composed)
    assert isinstance(compose(Draft(r"\{counter}" + "x" * 999, Format.ESCAPES), HERE, limit=1_000), Composed)


@pytest.mark.case("C-80")
def test_no_memory_is_taken_for_what_is_refused() -> None:
    text = r"\{random:4000000000}"
    tracemalloc.start()
    try:
        message = compose(Draft(text, Format.ESCAPES), HERE)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert isinstance(message, Misfit)
    assert peak < 200_000


@given(payloads, formats, encodings)
def test_what_is_described_is_sent_as_the_same_bytes(data: bytes, form: Format, encoding: Encoding) -> None:
    text = describe(data, form, encoding)

    if text is None:
        assert form is Format.TEXT
        assert decode_as(data, encoding).encode(encoding.codec, "replace") != data
    else:
        assert sent(Draft(text, form, encoding)).wire == data


@given(payloads, encodings)
def test_a_message_to_send_again_is_the_same_bytes(data: bytes, encoding: Encoding) -> None:
    assert sent(redraft(data, encoding)).wire == data


@pytest.mark.parametrize(
    ("data", "draft"),
    [
        (b"PING\r\n", Draft("PING", ending=LineEnding.CRLF)),
        (b"one\ntwo\n", Draft("one\ntwo", ending=LineEnding.LF)),
        ("grüß\r".encode(), Draft("grüß", ending=LineEnding.CR)),
        (b"one\r\ntwo", Draft(r"one\r\ntwo", Format.ESCAPES)),
        (b"a\0b \x1b[0m\n", Draft(r"a\x00b \e[0m", Format.ESCAPES, ending=LineEnding.LF)),
        (b"\0\1\0\0\0\6", Draft("00 01 00 00 00 06", Format.HEX)),
        (b"\xff\xfe\xfd\n", Draft("ff fe fd 0a", Format.HEX)),
        (b"", Draft("")),
    ],
)
def test_a_message_to_send_again_is_in_the_plainest_format_that_shows_it(data: bytes, draft: Draft) -> None:
    assert redraft(data) == draft


@pytest.mark.parametrize(
    ("draft", "form", "text"),
    [
        (Draft("a\\n€"), Format.ESCAPES, r"a\\n€"),
        (Draft("a\\n€"), Format.HEX, "61 5c 6e e2 82 ac"),
        (Draft(r"\x61\n", Format.ESCAPES), Format.TEXT, "a\n"),
        (Draft("6100 0d00", Format.HEX, Encoding.UTF_16_LE), Format.ESCAPES, r"a\r"),
        (Draft("zz"), Format.TEXT, "zz"),
    ],
)
def test_a_message_is_typed_anew_in_another_format(draft: Draft, form: Format, text: str) -> None:
    ending = LineEnding.CRLF if draft.encoding.keeps_ascii else LineEnding.NOTHING
    draft = replace(draft, ending=ending, framing="line")

    assert rewrite(draft, form) == replace(draft, text=text, format=form)


@pytest.mark.parametrize(
    ("draft", "form", "marked", "why"),
    [
        (Draft("61 zz", Format.HEX), Format.TEXT, "z", "no hex digit"),
        (Draft(r"a\{counter}b", Format.ESCAPES), Format.TEXT, r"\{counter}", "fixed for good"),
        (Draft("ff", Format.HEX), Format.TEXT, "ff", "no text in UTF-8"),
        pytest.param(Draft("61 00 62", Format.HEX), Format.TEXT, "61 00 62", "no text", id="a NUL, which Tk cuts at"),
        pytest.param(Draft(r"a\u{202e}b", Format.ESCAPES), Format.TEXT, r"a\u{202e}b", "no text", id="turned around"),
        (Draft("hi", Format.TEXT, Encoding.EBCDIC, LineEnding.LF), Format.HEX, "hi", "is 25, and would be 0a"),
    ],
)
def test_what_another_format_could_not_say_is_left_as_it_is(draft: Draft, form: Format, marked: str, why: str) -> None:
    refused = rewrite(draft, form)

    assert isinstance(refused, Misfit)
    assert why in refused.sentence
    assert draft.text[refused.start : refused.stop] == marked


@given(st.text(max_size=60) | st.text("\\{}xrn0a: ", max_size=30), formats, formats, encodings, endings)
def test_a_message_typed_anew_is_the_same_bytes(
    text: str, form: Format, other: Format, encoding: Encoding, ending: LineEnding
) -> None:
    draft = Draft(text, form, encoding, ending)

    rewritten = rewrite(draft, other)

    if isinstance(rewritten, Draft) and other is not form:
        assert sent(rewritten).wire == sent(draft).wire


@given(payloads, formats, encodings, endings, st.sampled_from(FRAMINGS))
def test_any_payload_arrives_as_the_same_bytes_after_typed_saved_exported_imported_and_sent(
    data: bytes, form: Format, encoding: Encoding, ending: LineEnding, framing: str
) -> None:
    text = describe(data, form, encoding)
    if text is None:  # no text in this encoding: typed as escapes
        form, text = Format.ESCAPES, describe(data, Format.ESCAPES, encoding) or ""
    typed = Draft(text, form, encoding, ending, framing)

    with TemporaryDirectory() as folder:
        file = SavedMessagesFile(Path(folder) / "messages.json")
        file.save([SavedMessage.of("one", typed)])
        export_messages(Path(folder) / "exported.json", SavedMessagesFile(file.path).load())
        (imported,) = import_messages(Path(folder) / "exported.json")
    message = compose(imported.draft(framing), HERE)

    if isinstance(message, Misfit):
        assert framing == "length:1"
        assert len(data) + 4 > 255
        return
    body = data + ending.value.encode("latin-1" if form is Format.HEX else encoding.codec)
    assert message.body == body
    assert message == compose(typed, HERE)
    if framing in ("raw", "gap:50") or b"\n" in body or b"\r" in body:
        return  # the peer has the same bytes, and what they mean is not for the framing to say
    framer = parse_framing(framing).framer(LIMIT)
    assert [*framer.feed(message.wire), *framer.finish()] == [body]


@given(st.text(max_size=80), formats, encodings, endings, st.sampled_from((*FRAMINGS, "fixed:3")) | st.text(max_size=9))
def test_whatever_is_typed_is_sent_or_has_a_place_that_is_wrong(
    text: str, form: Format, encoding: Encoding, ending: LineEnding, framing: str
) -> None:
    message = compose(Draft(text, form, encoding, ending, framing), HERE, limit=LIMIT)

    if isinstance(message, Misfit):
        assert message.sentence.endswith(".")
        assert 0 <= message.start <= message.stop <= len(text)
        assert message.start < message.stop or not text


def test_the_moment_has_the_time_the_count_and_the_seed_of_a_preview() -> None:
    preview = Context.now(3)

    assert preview.count == 3
    assert len(preview.seed) == 16
    assert Context.now(3, preview.seed).seed == preview.seed
    assert abs(preview.utc_offset) < 24 * 3600
    assert Context.now().wall_ns >= preview.wall_ns > 1_700_000_000 * 10**9


@pytest.mark.parametrize(
    ("text", "quotes"),
    [(r"\{0}", True), (r"a\{1}b\{0}\r\n", True), ("fixed", True), (r"\{unit}", False), (r"\{0}\{n=1}", False)],
)
def test_what_only_quotes_captures_is_the_same_when_it_is_composed_at_once(text: str, quotes: bool) -> None:
    captures = {"0": b"\xff\0", "1": b"one"}
    template = Template(Draft(text, Format.ESCAPES, ending=LineEnding.LF))

    quoted = template.quoted(captures)

    composed = template.composed(Context(captures=captures, variables={"unit": "7"}))
    assert quoted == (composed.body if quotes else None)


def test_a_quote_of_more_than_may_be_composed_is_left_to_the_composer() -> None:
    assert Template(Draft(r"\{0}", Format.ESCAPES), limit=4).quoted({"0": b"12345"}) is None
