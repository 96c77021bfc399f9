"""A recorded conversation played again as values: whose turn it is, how long it takes, what is different."""

from __future__ import annotations

import pytest

from core.steps.playing import HANDED_OVER, PeerEnd, Playing
from core.steps.replay import Compared, RecordedConversation, RecordedMessage, compare, recording_of
from core.steps.report import compared_cells
from core.steps.step import OwnEnd

MS = 1_000_000  # ns


def said(is_ours: bool, message: bytes, ms: float = 0, frame: bytes = b"") -> RecordedMessage:
    return RecordedMessage(is_ours, message + frame, message, round(ms * MS))


def play(
    recording: RecordedConversation, *comes: bytes, framing_limit: int = 1 << 26
) -> tuple[list[bytes], list[Compared], int]:
    """What we say, and what is different, if that comes at once when the conversation begins."""
    sent: list[bytes] = []
    playing = Playing(recording.ready, sent.append, lambda _end: None, limit=framing_limit, keeps_all=True)
    now = 0
    playing.turn(now)
    for data in comes:
        now += MS
        playing.heard(data, now)
        while playing.turn(now):
            pass
    while not playing.is_over:
        assert playing.due is not None
        now = max(now, playing.due)
        playing.turn(now)
    return sent, list(compare(recording, list(playing.rows))), playing.left


TALK = [said(False, b"hello"), said(True, b"a", 1), said(True, b"b", 2), said(False, b"1", 3), said(False, b"23", 4)]


def test_without_a_framing_answers_are_as_many_bytes_however_they_are_cut() -> None:
    recording = recording_of(TALK, "raw", in_pace=False)
    assert recording.answers == (b"hello", None, b"123")
    for cut in ([b"hello123"], [b"hel", b"lo", b"12", b"3"], [bytes([byte]) for byte in b"hello123"]):
        sent, rows, left = play(recording, *cut)
        assert sent == [b"a", b"b"]
        assert [row.place for row in rows] == [None, None, None]
        assert left == 0


def test_what_is_different_is_told_by_its_first_byte() -> None:
    recording = recording_of(TALK, "raw", in_pace=False)
    _sent, rows, left = play(recording, b"heLlo12", b"4+")
    assert [(row.recorded, row.came, row.place) for row in rows] == [
        (b"hello", b"heLlo", 2), (None, None, None), (b"123", b"124", 2),
    ]  # fmt: skip
    assert left == 1


def test_an_answer_that_is_too_short_is_waited_for_and_then_we_go_on() -> None:
    recording = recording_of(TALK, "raw", in_pace=False)
    sent, rows, _left = play(recording, b"hel")
    assert sent == [b"a", b"b"]
    assert [(row.came, row.place) for row in rows] == [(b"hel", 3), (None, None), (None, 0)]
    assert rows[0].why.startswith("no such answer within 2,000 ms")


def test_under_a_framing_each_message_is_an_answer_whatever_is_in_it() -> None:
    talk = [said(one.is_ours, one.message, 0, b"\n") for one in TALK]
    recording = recording_of(talk, "line", in_pace=False)
    assert recording.answers == (b"hello", None, b"1", b"23")
    sent, rows, left = play(recording, b"a longer greeting\n1\n23\nmore\n")
    assert sent == [b"a\n", b"b\n"]
    assert [row.place for row in rows] == [0, None, None, None]
    assert left == 4


def test_the_recorded_pace_is_the_time_that_our_side_took_to_say_something() -> None:
    talk = [said(False, b"?", 0), said(True, b"!", 250), said(False, b"??", 900), said(True, b"!!", 1_000)]
    paced = recording_of(talk, "raw", in_pace=True).ready
    assert [one.step.pause for one in paced.steps] == [250, 100, 0]
    fast = recording_of(talk, "raw", in_pace=False).ready
    assert [one.step.pause for one in fast.steps] == [0, 0, 0]
    sent: list[bytes] = []
    playing = Playing(paced, sent.append, lambda _end: None)
    playing.turn(0)
    playing.heard(b"?", 10 * MS)
    playing.turn(10 * MS)
    assert (sent, playing.due) == ([], 260 * MS)


def test_a_slow_answer_is_waited_for_twice_as_long_as_it_took() -> None:
    (one,) = recording_of([said(True, b"?", 0), said(False, b"!", 5_000)], "raw", in_pace=False).ready.steps
    assert one.step.expected is not None
    assert one.step.expected.within == 10_000
    mute = recording_of([said(False, b"!")], "raw", in_pace=False).ready
    playing = Playing(mute, lambda _data: None, lambda _end: None)
    playing.turn(0)
    assert playing.due == 2_000 * MS + HANDED_OVER


def test_long_messages_are_played_in_pieces_and_compared_as_bytes() -> None:
    long = bytes(range(256)) * 1_000
    recording = recording_of([said(True, long), said(False, long)], "raw", in_pace=False)
    sent, rows, left = play(recording, long[:100_000], long[100_000:])
    assert b"".join(sent) == long
    assert [row.place for row in rows] == [None] * len(rows)
    assert left == 0
    _sent, rows, _left = play(recording, long[:70_000] + b"X" + long[70_001:])
    assert [row.place for row in rows if row.place is not None] == [70_000 - 65_536]


def ended(is_ours: bool, end: OwnEnd, ms: float = 0) -> RecordedMessage:
    return RecordedMessage(is_ours, b"", b"", round(ms * MS), end)


def test_a_half_close_is_played_where_it_was_and_the_other_end_is_waited_for() -> None:
    talk = [said(True, b"all"), ended(True, OwnEnd.FINISH), said(False, b"yes"), ended(False, OwnEnd.CLOSE)]
    ready = recording_of(talk, "raw", in_pace=False).ready
    assert [(one.step.end, one.step.expected.when if one.step.expected else None) for one in ready.steps] == [
        (None, None), (OwnEnd.FINISH, "any"), (None, "end"),
    ]  # fmt: skip


@pytest.mark.parametrize("end", [OwnEnd.FINISH, OwnEnd.RESET])
def test_another_end_than_the_recorded_one_is_a_difference(end: OwnEnd) -> None:
    recording = recording_of([said(True, b"a"), ended(False, end)], "raw", in_pace=False)
    came = {OwnEnd.FINISH: PeerEnd.FINISHED, OwnEnd.RESET: PeerEnd.RESET}
    for how in (PeerEnd.FINISHED, PeerEnd.RESET):
        playing = Playing(recording.ready, lambda _data: None, lambda _end: None)
        playing.turn(0)
        if how is PeerEnd.RESET:
            playing.ended("the other end reset the connection", MS, how)
        else:
            playing.heard(b"", MS)
        for moment in (MS, 10_000 * MS):
            playing.turn(moment)
        (row,) = compare(recording, list(playing.rows))
        assert (row.recorded_end, row.is_same) == (came[end], how is came[end])


def test_the_place_of_a_difference_in_a_long_answer_is_in_sight() -> None:
    recorded = b"x" * 5_000 + b"A" + b"y" * 5_000
    came = recorded.replace(b"A", b"B")
    cells = compared_cells(Compared(1, b"?", recorded, came, 5_000), longest=40)
    assert cells[2].startswith("…xxxxxxxxxxA")
    assert cells[3].startswith("…xxxxxxxxxxB")
    assert cells[4] == "NO, from byte 5,000 on"
    assert "(10.0 kB)" in cells[3]
