"""What a person types becomes what is looked for, or a sentence that says where it is wrong."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compose import Encoding
from core.errors import Fault
from core.journal.search.pattern import LONGEST_QUERY, Mode, Pattern, Query, QueryError, compile_query

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


def found(query: Query, data: bytes) -> list[bytes]:
    return [match.group() for match in compile_query(query).regex.finditer(data) if match.group()]


def text(typed: str, *, match_case: bool = False) -> Query:
    return Query(typed, match_case=match_case)


@given(TEXT, st.binary(max_size=5), st.binary(max_size=5))
def test_text_is_found_as_it_was_typed_and_as_long_as_promised(typed: str, before: bytes, after: bytes) -> None:
    for match_case in (False, True):
        pattern = compile_query(text(typed, match_case=match_case))
        match = pattern.regex.search(before + typed.encode() + after)
        assert match is not None
        assert len(match.group()) <= pattern.longest


@given(TEXT)
def test_text_is_found_in_upper_and_lower_case(typed: str) -> None:
    for other in (typed.upper(), typed.lower(), typed.swapcase(), typed.title()):
        match = compile_query(text(typed)).regex.fullmatch(other.encode())
        spelled = any(len(c.upper()) > 1 or len(c.lower()) > 1 for c in typed)
        assert match is not None or spelled  # letters that become two may become others again


@pytest.mark.parametrize(
    ("typed", "data"),
    [
        ("straße", "STRASSE"),
        ("straße", "STRA\u1e9eE"),
        ("Straße", "straſſe"),
        ("İ", "i\u0307"),
        ("istanbul", "İSTANBUL"),
        ("kelvin", "\u212aELVIN"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ПРИВЕТ", "привет"),
        ("\ufb03", "FFI"),
        ("a\0b", "A\0B"),
        (".*", ".*"),
    ],
)
def test_letters_of_every_alphabet_have_two_cases(typed: str, data: str) -> None:
    assert found(text(typed), data.encode()) == [data.encode()]
    assert found(text(typed, match_case=True), data.encode()) == ([data.encode()] if typed == data else [])


def test_text_is_no_pattern() -> None:
    assert found(text("a.b"), b"axb A.B") == [b"A.B"]
    assert found(text("[a-z]"), b"q [A-Z]") == [b"[A-Z]"]


@pytest.mark.parametrize(
    "typed",
    [
        "0d 0a",
        "0D0A",
        "0x0d, 0x0A",
        r"\x0d\x0a",
        "0d\n0a",
        "0d\t,0a",
        "0d:0a",
        "0d-0a",
        "  0d0a  ",
        "{0xd, 0xa}",
        "00000000  0d 0a  |..|",
        "0000   0d 0a",
        "b'\\r\\n'",
        "byte[] b = {13, 10};",
    ],
)
def test_bytes_in_hex_may_be_written_in_many_ways(typed: str) -> None:
    assert found(Query(typed, Mode.HEX), b"a\r\nb") == [b"\r\n"]


@given(st.binary(min_size=1, max_size=40))
def test_every_byte_can_be_written_in_hex(data: bytes) -> None:
    pattern = compile_query(Query(data.hex(" "), Mode.HEX))
    assert pattern.regex.fullmatch(data)
    assert pattern.longest == len(data)


def test_two_question_marks_are_any_byte_a_line_feed_too() -> None:
    assert found(Query("61 ?? 62", Mode.HEX), b"a\nb a\0b aab ab") == [b"a\nb", b"a\0b", b"aab"]
    assert found(Query("0x61, 0x??, 0x62", Mode.HEX), b"a\nb") == [b"a\nb"]


@pytest.mark.parametrize(
    ("typed", "place", "says"),
    [
        ("0", 0, "“0” is half a byte"),
        ("0d 0", 3, "“0” is half a byte"),
        ("0d ?", 3, "“?” is half a byte"),
        ("0d ?? 4", 6, "“4” is half a byte"),
        ("00 zz", 3, "“z” is no hex digit"),
        ("0000 41 42", 0, "could be an offset or bytes"),
        ("[41, 42]", 1, "could be decimal or hex"),
        (r"41 \{counter}", 3, "a macro has no bytes"),
        ("0g", 0, "half a byte"),
        ("6é", 0, "half a byte"),
        ("66 ٣٣", 3, "no hex digit"),
        (" ", None, "type bytes in hex"),
        ("0x", 0, "“0” is half a byte"),
    ],
)
def test_what_is_no_hex_is_refused_at_its_place(typed: str, place: int | None, says: str) -> None:
    error = refusal(Query(typed, Mode.HEX))

    assert says in str(error)
    assert error.place == place


def refusal(query: Query) -> QueryError:
    with pytest.raises(QueryError) as caught:
        compile_query(query)
    assert caught.value.fault is Fault.PERSON
    return caught.value


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.case("C-53")
def test_nothing_too_much_and_half_a_character_are_refused(mode: Mode) -> None:
    assert refusal(Query("", mode)).place is None
    assert refusal(Query("0" * (LONGEST_QUERY + 1), mode)).place == LONGEST_QUERY
    assert refusal(Query("0\ud800", mode)).place == 1


class TestARegularExpression:
    @staticmethod
    def pattern(typed: str, *, match_case: bool = False) -> Pattern:
        return compile_query(Query(typed, Mode.REGEX, match_case))

    def test_works_on_bytes_and_line_by_line(self) -> None:
        assert self.pattern(r"^get .*$").regex.findall(b"x\nGET /\nget") == [b"GET /"]
        assert self.pattern(r"\xff\x00", match_case=True).regex.findall(b"a\xff\0") == [b"\xff\0"]

    def test_takes_a_character_of_several_bytes_for_one(self) -> None:
        assert self.pattern("é+").regex.search("aÉéÉ!".encode()).group() == "ÉéÉ".encode()  # type: ignore[union-attr]
        assert not self.pattern("é+", match_case=True).regex.search("É".encode())

    def test_knows_that_only_it_is_dangerous_and_that_hex_is_not_for_sentences(self) -> None:
        assert self.pattern("a").is_dangerous
        assert not compile_query(Query("a")).is_dangerous
        assert not compile_query(Query("0a", Mode.HEX)).is_dangerous
        assert [compile_query(Query("00", mode)).finds_notes for mode in Mode] == [True, False, True]

    @pytest.mark.parametrize(
        ("typed", "place", "says"),
        [
            ("(a", 0, "missing )"),
            ("éé(a", 2, "missing )"),
            ("é**", 2, "multiple repeat"),
            ("a[é]", 2, "a set of bytes cannot hold é"),
            ("[]é]", 2, "a set of bytes cannot hold é"),
            ("[^]é]", 3, "a set of bytes cannot hold é"),
            ("a\0", 1, "NUL"),
            ("(?<=a+)b", None, "look-behind"),
            ("a{99999999999}", None, "too large"),
        ],
    )
    def test_that_is_none_is_refused_at_its_place(self, typed: str, place: int | None, says: str) -> None:
        error = refusal(Query(typed, Mode.REGEX))

        assert says in str(error)
        assert error.place == place

    @pytest.mark.parametrize("typed", [r"[\]]é", "[a]é", r"\[é", "[^a]é", "[[]é", "[a&&b]é"])
    def test_is_free_to_hold_any_character_outside_of_sets(self, typed: str) -> None:
        assert "é".encode() in self.pattern(typed, match_case=True).regex.pattern

    @pytest.mark.case("C-86")
    def test_that_nests_too_deep_is_refused_or_taken_and_never_a_fault(self) -> None:
        for typed in ("(" * 490 + ")" * 490, "((a{900}){900}){900}", "(?:" * 240 + ")*" * 140):
            try:
                assert self.pattern(typed).is_dangerous
            except QueryError as error:
                assert str(error)  # noqa: PT017 - either is right
        assert sys.getrecursionlimit() >= 1000

    @given(st.text("ab()[]{}^$.*+?|\\é,2-", max_size=12))
    def test_of_any_kind_is_taken_or_refused(self, typed: str) -> None:
        try:
            self.pattern(typed)
        except QueryError as error:
            assert error.place is None or 0 <= error.place <= len(typed)  # noqa: PT017 - either is right


@pytest.mark.parametrize(
    ("encoding", "typed", "data", "hit"),
    [
        ("latin-1", "MÜNCHEN", b"in m\xfcnchen", b"m\xfcnchen"),
        ("cp1252", "5 €", b"5 \x80", b"5 \x80"),
        ("utf-16-le", "Hej", b"\xff\xfeh\0e\0j\0", b"h\0e\0j\0"),
        ("utf-16-be", "hej", b"\0H\0E\0J", b"\0H\0E\0J"),
        ("shift-jis", "日本", "これは日本".encode("cp932"), "日本".encode("cp932")),
        ("gb18030", "ПРИВЕТ", "привет".encode("gb18030"), "привет".encode("gb18030")),
        ("latin-1", "straße", b"STRASSE", b"STRASSE"),
        ("cp1252", "ÿ", b"\x9f\xff", b"\x9f"),
        ("koi8-r", "ж", b"a\xf6", b"\xf6"),
        ("koi8-r", "Ж", "тоже".encode("koi8-r"), b"\xd6"),
        ("cp1251", "ёж", "ЁЖ".encode("cp1251"), b"\xa8\xc6"),
        ("cp866", "Привет", "ПРИВЕТ".encode("cp866"), "ПРИВЕТ".encode("cp866")),
        ("iso-8859-2", "ŁÓDŹ", "łódź".encode("iso-8859-2"), "łódź".encode("iso-8859-2")),
        ("iso-8859-15", "œ", b"\xbc", b"\xbc"),
        ("cp437", "É", b"\x82", b"\x82"),
        ("euc-kr", "한a", "한A".encode("cp949"), "한A".encode("cp949")),
        ("euc-jp", "日", "日本".encode("euc-jp"), b"\xc6\xfc"),
        ("ebcdic", "hello", "HELLO".encode("cp037"), "HELLO".encode("cp037")),
    ],
)
def test_text_is_found_in_the_encoding_that_it_has(encoding: str, typed: str, data: bytes, hit: bytes) -> None:
    query = Query(typed, encoding=Encoding(encoding))

    assert found(query, data)[0] == hit
    assert compile_query(query).longest >= len(hit)


@pytest.mark.parametrize("mode", [Mode.TEXT, Mode.REGEX])
@pytest.mark.parametrize("match_case", [False, True])
def test_a_character_that_the_encoding_lacks_is_named_at_its_place(mode: Mode, match_case: bool) -> None:
    error = refusal(Query("a€", mode, match_case, Encoding.LATIN_1))

    assert "€ (U+20AC)" in str(error)
    assert error.place == 1


def test_notes_are_looked_through_as_what_they_are() -> None:
    pattern = compile_query(Query("Zürich", encoding=Encoding.UTF_16_LE))

    assert pattern.in_notes.search("connected to zürich".encode())
    assert not pattern.regex.search("connected to zürich".encode())


def test_a_regular_expression_needs_letters_of_one_byte() -> None:
    for encoding in (Encoding.UTF_16_LE, Encoding.EBCDIC):
        error = str(refusal(Query("a+", Mode.REGEX, encoding=encoding)))
        assert f"in {encoding.words} letters have others" in error
        assert "look for text" in error
    assert found(Query("ü+", Mode.REGEX, encoding=Encoding.LATIN_1), b"a\xfc\xdc!") == [b"\xfc\xdc"]
    assert found(Query("ff", Mode.HEX, encoding=Encoding.UTF_16_LE), b"\xff") == [b"\xff"]


def test_a_byte_within_a_character_has_no_case() -> None:
    katakana = "ア".encode("cp932")  # ends in the byte of an A
    other = katakana[:-1] + katakana[-1:].lower()

    assert katakana.endswith(b"A")
    assert found(Query("ア", Mode.REGEX, encoding=Encoding.SHIFT_JIS), other + katakana) == [katakana]


def test_a_character_is_not_looked_for_as_another_that_has_its_byte() -> None:
    error = refusal(Query("¥", encoding=Encoding.SHIFT_JIS))  # Python's codec makes a backslash of it

    assert "Shift-JIS here, which has no character ¥ (U+00A5)" in str(error)


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("Needle", b"needle"),
        ("risky", b"r"),
        ("straße 1234", b"e 1234"),
        ("ki", b""),
        ("äöü", b""),
        ("GET /x", b"get /x"),
    ],
)
def test_the_core_of_text_is_what_every_hit_has_whatever_its_case(text: str, core: bytes) -> None:
    pattern = compile_query(Query(text))

    assert pattern.core == core
    for written in (text, text.upper(), text.lower(), text.swapcase(), text.casefold()):
        found = pattern.regex.search(b".." + written.encode() + b"..")
        assert found is not None
        assert core in found.group().lower()


def test_what_takes_two_bytes_a_letter_has_no_core() -> None:
    assert compile_query(Query("needle", encoding=Encoding.UTF_16_LE)).core == b""
