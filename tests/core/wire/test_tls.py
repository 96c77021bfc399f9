"""TLS without a socket: every split of the stream is the same story, and nothing that is spoilt crashes or hangs."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace

import pytest

from core.errors import HandshakeError
from core.journal.recording.store import _plain
from core.tls.contexts import TlsContext
from core.tls.facts import Handshake, handshake_of
from core.wire.tls import TlsEndpoint
from tests.support.tls_talk import Story, carry, conclude, contexts, cut, endpoint, spoilt

ROUNDS = int(os.environ.get("TINCAN_FUZZ_TLS", 400))  # spoilt handshakes and records in either role; 10^5 by hand


@pytest.fixture(scope="module")
def both() -> tuple[TlsContext, TlsContext]:
    return contexts()


def timeless(facts: Handshake | None) -> Handshake:
    """A handshake without what depends on the clock, or on the length of a signature, which differs by a few bytes."""
    assert facts is not None
    return replace(facts, took=0.0, flights=tuple(replace(flight, after=0.0, size=0) for flight in facts.flights))


def talk(context: TlsContext, other: TlsContext, rng: random.Random) -> tuple[Story, Handshake, list[bytes]]:
    """One end hears a whole conversation in pieces of any size, while the other answers."""
    story, far = Story(endpoint(context)), endpoint(other)
    story.end.begin()
    far.begin()
    said = [b"hello", b"x" * 40_000, b"bye"]
    for _ in range(12):
        if data := story.end.take(0.0):
            far.feed(data, 0.0)
        if far.stands and said:
            far.write(said.pop(0))
            if not said:
                far.close()
        for piece in cut(rng, far.take(0.0)):
            story.hear(piece)
    story.hear_end()
    return story, timeless(story.handshake), said


@pytest.mark.parametrize("is_server", [True, False])
def test_every_split_of_the_stream_gives_the_same_bytes_and_the_same_handshake(
    is_server: bool, both: tuple[TlsContext, TlsContext]
) -> None:
    server, client = both
    context, other = (server, client) if is_server else (client, server)
    stories = [talk(context, other, random.Random(seed)) for seed in range(60)]
    for story, facts, unsaid in stories:
        assert not unsaid
        assert story.pieces == [b"hello", b"x" * 16_384, b"x" * 16_384, b"x" * (40_000 - 2 * 16_384), b"bye"]
        assert story.endings == ["close_notify"]
        assert facts == stories[0][1]


@pytest.mark.parametrize("is_server", [True, False])
def test_byte_by_byte_is_the_same_too(is_server: bool, both: tuple[TlsContext, TlsContext]) -> None:
    server, client = both
    context, other = (server, client) if is_server else (client, server)
    one, far = Story(endpoint(context)), endpoint(other)
    one.end.begin()
    far.begin()
    for _ in range(6):
        if data := one.end.take(0.0):
            far.feed(data, 0.0)
        data = far.take(0.0)
        for place in range(len(data)):
            one.hear(data[place : place + 1])
    assert one.end.stands
    assert far.stands
    assert timeless(one.handshake).flights == timeless(talk(context, other, random.Random(1))[0].handshake).flights


def recorded(context: TlsContext, other: TlsContext) -> tuple[TlsEndpoint, TlsEndpoint]:
    one, far = endpoint(context), endpoint(other)
    conclude(one, far)
    return one, far


def test_what_is_spoilt_ends_once_and_in_words_whatever_it_is(both: tuple[TlsContext, TlsContext]) -> None:
    """In either role, at any flight or in any record afterwards. A hang would be the test's time limit."""
    server, client = both
    endings: set[str] = set()
    for seed in range(ROUNDS):
        rng = random.Random(seed)
        context, other = (server, client) if rng.random() < 0.5 else (client, server)
        story = spoil_one(rng, context, other)
        assert len(story.endings) == 1, (seed, story.endings)
        assert story.endings[0].isprintable(), (seed, story.endings)
        facts = story.handshake
        assert facts is not None, seed
        if story.endings[0].startswith("HandshakeError"):
            assert facts.failure, seed
            assert story.pieces == [], seed
        assert b"".join(story.pieces) in (b"", b"hello", b"hellohello"), (seed, story.pieces)
        endings.add(story.endings[0].split(":")[0])
    assert endings >= {"HandshakeError", "TruncatedError"}  # an alert, too, but not with every OpenSSL


def spoil_one(rng: random.Random, context: TlsContext, other: TlsContext) -> Story:
    """One conversation, of which one part that our end hears is spoilt."""
    story, far = Story(endpoint(context)), endpoint(other)
    story.end.begin()
    far.begin()
    turn, when = 0, rng.randrange(4)
    for _ in range(8):
        data = story.end.take(0.0)
        try:
            if data:
                far.feed(data, 0.0)
        except HandshakeError:
            pass
        if far.stands and turn < 3:
            far.write(b"hello")
        data = far.take(0.0)
        if data:
            data = spoilt(rng, data) if turn == when else data
            turn += 1
        for piece in cut(rng, data):
            story.hear(piece)
        story.end.take(0.0)  # an alert, which the far end need not hear
    story.hear_end()
    return story


def test_a_handshake_comes_back_from_a_journal(both: tuple[TlsContext, TlsContext]) -> None:
    one, far = recorded(*both)
    for end in (one, far):
        facts = end.handshake
        assert facts is not None
        assert handshake_of({"handshake": _plain_twice(_plain(facts))}) == facts
    assert handshake_of({}) is None
    assert handshake_of({"handshake": {"chain": [{"name": 3}], "trust": "no such", "took": []}}) is not None


def _plain_twice(value: object) -> object:
    return json.loads(json.dumps(value))


def test_both_ways_carry_bytes_after_the_handshake(both: tuple[TlsContext, TlsContext]) -> None:
    one, far = recorded(*both)
    one.write(b"there")
    carry(one, far)
    assert far.read(100) == b"there"
    far.write(b"and back")
    carry(far, one)
    assert one.read(3) + one.read(100) == b"and back"
    with pytest.raises(BlockingIOError):
        one.read(100)
    one.close()
    carry(one, far)
    assert far.read(100) == far.read(100) == b""


def test_an_absolute_name_is_verified_and_asked_for_without_its_dot(both: tuple[TlsContext, TlsContext]) -> None:
    one, far = endpoint(both[0]), TlsEndpoint(both[1], host="localhost.", at=0.0, now=0.0)
    conclude(one, far)
    assert far.stands
    assert one.handshake is not None
    assert one.handshake.client_hello is not None
    assert one.handshake.client_hello.server_name == "localhost"
