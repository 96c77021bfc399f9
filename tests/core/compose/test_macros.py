"""Macros: what is worked out when a message goes out, checked against what others have published."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace

import pytest

from core.compose import (
    CATALOGUE,
    Composed,
    Context,
    Draft,
    Encoding,
    Format,
    MacroEntry,
    Misfit,
    compose,
    preview,
    rewrite,
)

HERE = Context(count=0, wall_ns=1_700_000_000_123_999_999, utc_offset=3600, seed=b"seed")
LIMIT = 1_000


def composed(text: str, context: Context = HERE, encoding: Encoding = Encoding.UTF_8) -> bytes:
    message = compose(Draft(text, Format.ESCAPES, encoding), context, LIMIT)
    assert isinstance(message, Composed), message
    return message.body


def misfit(text: str) -> Misfit:
    message = compose(Draft(text, Format.ESCAPES), HERE, LIMIT)
    assert isinstance(message, Misfit), message
    return message


NMEA = b"$GPGLL,5300.97914,N,00259.98174,E,125926,A*28\n"


# Checksums.


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (r"\x01\x03\x00\x00\x00\x0a\{crc16}", bytes.fromhex("01 03 00 00 00 0a c5 cd")),
        (r"123456789\{crc16:be}", b"123456789\x4b\x37"),
        (r"123456789\{crc16:HEX}", b"1234567894B37"),
        (r"123456789\{crc32}", b"123456789\xcb\xf4\x39\x26"),
        (r"123456789\{crc32:le}", b"123456789\x26\x39\xf4\xcb"),
        (r"123456789\{crc32:hex}", b"123456789cbf43926"),
        (r"$GPGLL,5300.97914,N,00259.98174,E,125926,A*\{xor:HEX,skip=1,drop=1}\n", NMEA),
        (r"\x01\x02\{xor}\{sum}", b"\x01\x02\x03\x06"),
        (r"ab\{sum:skip=5}", b"ab\x00"),
        (r"123456789\{crc16-xmodem}", b"123456789\x31\xc3"),
        (r"123456789\{crc24q:HEX}", b"123456789CDE703"),
        (r"8=FIX.4.2\x01\{sum:decimal}", b"8=FIX.4.2\x01%03d" % (sum(b"8=FIX.4.2\x01") % 256)),
        (r"a\{sum16:decimal}", b"a00097"),
        (r":0300300002337A\{lrc:HEX,skip=1,digits}", b":0300300002337A1E"),
        (r"ab\{sum:drop=5}", b"ab\x00"),
    ],
)
def test_a_checksum_covers_what_precedes_it(text: str, data: bytes) -> None:
    assert composed(text) == data


# Lengths.


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (r"\{length:2be}hello", b"\x00\x05hello"),
        (r"\{length:4le,add=4}hello", b"\x09\x00\x00\x00hello"),
        (r"\{length}\n1234567890", b"11\n1234567890"),
        (r"Content-Length: \{length:add=-4}\r\n\r\nbody", b"Content-Length: 4\r\n\r\nbody"),
        (r"\{length:1}\{length:1}ab\{crc16}", b"\x05\x04ab\xe9\x50"),
        (r"\{length}\{random:8}", b"8" + random.Random(b"seed").randbytes(8)),
        (r"\{length:8be}", bytes(8)),
        (r"\{length:hex}" + "x" * 31, b"1f" + b"x" * 31),
    ],
)
def test_a_length_counts_what_follows_it(text: str, data: bytes) -> None:
    assert composed(text) == data


@pytest.mark.case("C-80")
@pytest.mark.parametrize("macro", [r"\{length:1}", r"\{length:1,add=-300}", r"\{length:add=-257}"])
def test_a_length_that_does_not_fit_is_refused_at_its_place(macro: str) -> None:
    message = misfit("ab" + macro + "x" * 256)

    assert "256 bytes follow" in message.sentence
    assert (message.start, message.stop) == (2, 2 + len(macro))


def test_a_uuid_is_one_of_version_4_and_another_in_each_message() -> None:
    made = uuid.UUID(composed(r"\{uuid}").decode())

    assert (made.version, made.variant) == (4, uuid.RFC_4122)
    assert composed(r"\{uuid:bytes}") == made.bytes
    assert composed(r"\{uuid}", replace(HERE, seed=b"another")) != str(made).encode()


# The counter.


@pytest.mark.parametrize(
    ("macro", "seen"),
    [
        (r"\{counter}", [b"1", b"2", b"3"]),
        (r"\{counter:from=10,step=-5}", [b"10", b"5", b"0"]),
        (r"\{counter:from=8,width=3}", [b"008", b"009", b"010"]),
        (r"\{counter:HEX,from=254,width=2}", [b"FE", b"FF", b"100"]),
        (r"\{counter:1,from=255}", [b"\xff", b"\x00", b"\x01"]),
        (r"\{counter:2le}", [b"\x01\x00", b"\x02\x00", b"\x03\x00"]),
        (r"\{counter:2be,from=1,step=-1}", [b"\x00\x01", b"\x00\x00", b"\xff\xff"]),
        (r"\{counter}\{counter}", [b"11", b"22", b"33"]),
    ],
)
def test_a_counter_goes_on_with_each_message_that_went_out(macro: str, seen: list[bytes]) -> None:
    assert [composed(macro, replace(HERE, count=count)) for count in range(3)] == seen


# Time and chance.


@pytest.mark.parametrize(
    ("macro", "data"),
    [
        (r"\{time}", b"2023-11-14T22:13:20.123Z"),
        (r"\{time:iso}", b"2023-11-14T22:13:20.123Z"),
        (r"\{time:clock}", b"23:13:20.123"),
        (r"\{time:unix}", b"1700000000"),
        (r"\{time:ms}", b"1700000000123"),
        (r"\{time:unix,4be}", bytes.fromhex("6553f100")),
        (r"\{time:4le,unix}", bytes.fromhex("00f15365")),
        (r"\{time:ms,8be}", bytes.fromhex("0000018bcfe5687b")),
        (r"\{time:ms,HEX}", b"18BCFE5687B"),
        (r"\{time:%Y%m%d%H%M%S}", b"20231114231320"),
        (r"\{time:utc,%Y%m%d-%H:%M:%S.%L}", b"20231114-22:13:20.123"),
        (r"\{time:utc,%a, %d %b %Y %I:%M %p}", b"Tue, 14 Nov 2023 10:13 PM"),
        (r"\{time:%j.%f %y 100%%}", b"318.123999 23 100%"),
        (r"\{time:utc}", b"2023-11-14T22:13:20.123Z"),
    ],
)
def test_the_time_in_several_forms(macro: str, data: bytes) -> None:
    assert composed(macro) == data


def test_a_time_that_its_bytes_cannot_hold_is_refused() -> None:
    assert misfit(r"a\{time:ms,4be}") == Misfit("The time does not fit into so few bytes.", 1, 15)


def test_random_bytes_are_those_that_the_preview_showed_and_others_in_the_next_message() -> None:
    first, second = Context.now(), Context.now()

    assert composed(r"\{random:16}", first) == composed(r"\{random:16}", first)
    assert composed(r"\{random:16}", first) != composed(r"\{random:16}", second)
    assert len(set(composed(r"\{random:300}", first))) > 100


@pytest.mark.case("C-80")
@pytest.mark.parametrize("macro", [r"\{random:4000000000}", r"\{random:9223372036854775807}", r"\{random:1001}"])
def test_more_random_bytes_than_a_message_may_have_are_refused_before_there_are_any(macro: str) -> None:
    message = misfit("a" + macro)

    assert "no message may have more than 1,000" in message.sentence
    assert (message.start, message.stop) == (1, 1 + len(macro))


def test_macros_that_are_small_one_by_one_count_together() -> None:
    assert "no message may have more than 1,000" in misfit("x" * 990 + r"\{time}").sentence
    assert "no message may have more than 1,000" in misfit(r"\{random:600}\{random:600}").sentence


# Variables.


def test_a_variable_is_text_from_where_it_is_set() -> None:
    message = compose(Draft(r"\{unit=7}:\{unit}\{unit=a,b: c}\{unit}", Format.ESCAPES), HERE, LIMIT)

    assert isinstance(message, Composed)
    assert message.body == b"7:7a,b: ca,b: c"
    assert message.variables == {"unit": "a,b: c"}
    assert (
        composed(r"\{gerät} \{length}\{unit}", replace(HERE, variables={"gerät": "ü", "unit": "7"})) == "ü 17".encode()
    )


def test_a_variable_that_was_not_set_is_no_macro_and_the_sentence_says_how_to_set_it() -> None:
    message = misfit(r"a\{unit}")

    assert message.sentence.startswith(
        r"There is no macro called 'unit'; \{unit=…} sets a variable; there are counter, "
    )
    assert (message.start, message.stop) == (3, 7)


def test_a_variable_that_the_encoding_has_not_is_refused_at_its_place() -> None:
    message = compose(Draft(r"a\{unit=€}", Format.ESCAPES, Encoding.LATIN_1), HERE)

    assert isinstance(message, Misfit)
    assert (message.start, message.stop) == (1, 10)


def test_a_message_with_a_variable_is_not_fixed_by_another_format_though_nothing_has_set_it() -> None:
    found = rewrite(Draft(r"\{unit}", Format.ESCAPES), Format.HEX)

    assert isinstance(found, Misfit)
    assert "macro" in found.sentence


# How they are written.


@pytest.mark.parametrize(
    ("text", "marked", "why"),
    [
        (r"a\{foo}", "foo", "There is no macro called 'foo'"),
        (r"a\{counter=5}", "counter", "counter is a macro, and no variable can have its name"),
        (r"a\{Counter}", "Counter", "There is no macro"),
        (r"a\{ counter}", " counter", "There is no macro"),
        (r"a\{}", r"\{}", "Name a macro"),
        (r"a\{:2be}", r"\{:2be}", "Name a macro"),
        (r"a\{counter:3be}", "3be", "means nothing to counter"),
        (r"a\{counter:2be,4be}", "4be", "means nothing to counter"),
        (r"a\{counter:from=x}", "x", "should be a number"),
        (r"a\{counter:from=²}", "²", "should be a number"),
        (r"a\{counter:from=٣}", "٣", "should be a number"),
        (r"a\{counter:width=21}", "21", "from 0 to 20"),
        (r"a\{counter:step=" + "9" * 5000 + "}", "9" * 5000, "should be a number"),
        (r"a\{random}", "random", "Say how many"),
        (r"a\{random:0}", "0", "from 1 to"),
        (r"a\{random:-1}", "-1", "from 1 to"),
        (r"a\{random:4,5}", "5", "means nothing to random"),
        (r"a\{time:%Y-%Q}", "%Q", "no part of a time called '%Q'; there are %Y"),
        (r"a\{time:%}", "%", "no part of a time called"),
        (r"a\{time:iso,%Y}", "iso", "means nothing to time"),
        (r"a\{uuid:hex}", "hex", "means nothing to uuid"),
        (r"a\{time:noon}", "noon", "means nothing to time"),
        (r"a\{time:iso,4be}", "4be", "means nothing to time"),
        (r"a\{crc16:2be}", "2be", "means nothing to crc16"),
        (r"a\{xor:skip=-1}", "-1", "from 0 to"),
        (r"a\{length:2be,foo=1}", "foo=1", "means nothing to length"),
    ],
)
def test_what_is_wrong_in_a_macro_is_marked_at_its_place(text: str, marked: str, why: str) -> None:
    message = misfit(text)

    assert why in message.sentence
    assert len(message.sentence) < 400
    assert text[message.start : message.stop] == marked


def test_the_bytes_of_each_macro_can_be_found_in_the_message() -> None:
    text = r"ab\{counter:2be}cd\{length}\{sum}€"
    message = compose(Draft(text, Format.ESCAPES), HERE)

    assert isinstance(message, Composed)
    spans = [(one.name, text[one.start : one.stop], message.body[one.first : one.last]) for one in message.macros]
    assert spans == [
        ("counter", r"\{counter:2be}", b"\x00\x01"),
        ("length", r"\{length}", b"4"),
        ("sum", r"\{sum}", bytes([sum(b"ab\x00\x01cd4") & 0xFF])),
    ]


def test_digits_go_out_in_the_encoding_and_numbers_in_bytes_as_they_are() -> None:
    assert composed(r"\{counter}\{counter:2be}\{length}", encoding=Encoding.EBCDIC) == b"\xf1\0\x01\xf0"
    assert composed(r"A\{xor:HEX}", encoding=Encoding.EBCDIC) == b"\xc1\xc3\xf1", "of its byte c1, in its digits"
    assert composed(r"\{counter}\{counter:2be}\{length}", encoding=Encoding.UTF_16_LE) == b"1\0\0\x010\0"


# The catalogue.


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.syntax)
def test_every_macro_in_the_catalogue_says_what_it_does_and_can_be_used(entry: MacroEntry) -> None:
    shown = preview(entry.syntax, HERE)

    assert isinstance(shown, bytes)
    assert shown
    assert shown == composed(entry.syntax)
    assert entry.words.endswith(".")


def test_the_catalogue_has_every_macro_there_is() -> None:
    known = misfit(r"\{nothing}").sentence.partition("there are ")[2].rstrip(".").split(", ")

    words = " ".join(entry.words for entry in CATALOGUE).lower()
    listed = {entry.name for entry in CATALOGUE} - {"variable"}
    assert listed <= set(known)
    assert [name for name in known if name not in listed and (name.partition("-")[2] or name) not in words] == []


def test_a_preview_shows_what_the_macro_becomes_at_its_place_and_counts_nothing() -> None:
    draft = Draft(r"\{counter}abcd", Format.ESCAPES, framing="line")

    assert preview(r"\{length:1}", HERE, draft, 0) == b"\x05"
    assert preview(r"\{length:1}", HERE, draft, 12) == b"\x02"
    assert preview(r"\{sum}", HERE, draft) == bytes([sum(b"1abcd") & 0xFF])
    assert preview(r"\{counter}", HERE, draft) == b"1"


def test_a_preview_in_a_draft_that_is_no_message_yet_takes_the_macro_alone() -> None:
    assert preview(r"\{length:1}", HERE, Draft(r"ab\q", Format.ESCAPES), 0) == b"\x00"
    assert preview(r"\{length:1}", HERE, Draft("not hex", Format.HEX), 0) == b"\x00"
    assert preview(r"\{counter}", HERE, Draft("text", encoding=Encoding.UTF_16_BE)) == b"\x001"
    assert isinstance(preview(r"\{nothing}", HERE), Misfit)
