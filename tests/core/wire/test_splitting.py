"""Where messages end must not depend on how the stream was cut, and must agree with the framer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TincanError
from core.wire.framing import make_framer, make_splitter
from core.wire.splitting import LineSplitter

PIECES = st.lists(st.text("ab\r\n", max_size=6).map(str.encode), max_size=12)


def frames(pieces: list[bytes]) -> list[bytes]:
    """What the splitter makes of the pieces, the unfinished end included."""
    splitter, found, carried = LineSplitter(), [], b""
    for piece in pieces:
        begin = 0
        for end in splitter.ends(piece):
            found.append(carried + piece[begin:end])
            carried, begin = b"", end
        carried += piece[begin:]
    return [*found, carried] if carried else found


def trimmed(frame: bytes) -> bytes:
    start, stop, back = LineSplitter().envelope(frame[:16], frame[-16:])
    return frame[:start] + frame[stop : len(frame) - back]


@given(PIECES)
def test_frames_hold_every_byte_and_no_frame_depends_on_how_the_stream_was_cut(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert frames(pieces) == frames([whole])
    assert b"".join(frames(pieces)) == whole


@given(PIECES)
def test_the_messages_in_the_frames_are_those_of_the_framer(pieces: list[bytes]) -> None:
    framer = make_framer("line", 1000)
    messages = [message for piece in pieces for message in framer.feed(piece)] + framer.finish()
    assert [trimmed(frame) for frame in frames(pieces)] == messages


@given(PIECES)
def test_counting_agrees_with_looking(pieces: list[bytes]) -> None:
    counting, looking = LineSplitter(), LineSplitter()
    for piece in filter(None, pieces):
        ends = looking.ends(piece)
        assert counting.tally(piece) == (len(ends), ends[-1] if ends else 0)
        assert counting.state == looking.state


@pytest.mark.case("C-57")
def test_a_cr_at_the_end_of_a_piece_waits_for_its_lf() -> None:
    splitter = LineSplitter()
    assert splitter.ends(b"one\r") == []
    assert splitter.could_end
    assert splitter.ends(b"\ntwo\r") == [1]
    assert splitter.ends(b"three") == [0]


def test_raw_cuts_no_stream() -> None:
    with pytest.raises(TincanError, match="raw"):
        make_splitter("raw")
