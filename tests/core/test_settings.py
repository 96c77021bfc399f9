"""The one table of limits: complete, documented, and refused when it makes no sense."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from core import Client, Server, UdpClient, UdpServer
from core.settings import DEFAULTS, KIB, Limits


@pytest.mark.parametrize("field", fields(Limits), ids=lambda field: field.name)
def test_every_limit_has_a_unit_and_a_reason(field: object) -> None:
    metadata = field.metadata  # type: ignore[attr-defined]

    assert metadata["unit"]
    assert metadata["why"]


def test_everything_is_limited_from_the_first_start_but_idling() -> None:
    off = [field.name for field in fields(Limits) if getattr(DEFAULTS, field.name) is None]

    assert off == ["idle"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"events_low": 2, "events_high": 1},
        {"connections": 0},
        {"outbox": 0},
        {"message": 0},
        {"receive": -1},
        {"journal": 999_999},
        {"connect": float("nan")},
        {"handshake": -1},
        {"flush": None},
        {"idle": "10 s"},
        {"connections": "5"},
        {"keepalive_idle": 2.5},
        {"answers": 0.5},
        {"drain": float("inf")},
        {"idle": 1e300},
        {"unacknowledged": 1e10},
        {"keepalive_idle": 10**12},
        {"receive": 10**20},
        {"backlog": 1 << 31},
        {"outbox": 1 << 60},
    ],
    ids=str,
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        Limits(**wrong)


def test_limits_that_are_as_narrow_as_can_be_are_taken() -> None:
    limits = Limits(events_low=1, events_high=1, connections=1, outbox=1, message=1, receive=1)

    assert limits.events_low == limits.events_high == 1


def test_a_limit_is_named_and_cannot_be_changed_behind_somebody_s_back() -> None:
    with pytest.raises(TypeError):
        Limits(500)  # type: ignore[call-arg]
    with pytest.raises(FrozenInstanceError):
        DEFAULTS.connections = 1  # type: ignore[misc]


def test_a_vanished_peer_is_noticed_within_half_a_minute() -> None:
    assert DEFAULTS.keepalive_idle + DEFAULTS.keepalive_interval * DEFAULTS.keepalive_probes <= 30
    assert DEFAULTS.unacknowledged <= 30


def test_the_largest_limits_that_are_taken_can_be_used() -> None:
    largest = {each.name: each.metadata["most"] for each in fields(Limits)}
    largest.update(journal_goes_on=True, socket_mode=0o600, receive=KIB, resolvers=4)  # what they cost is not the point
    limits = Limits(**largest)
    with (
        Server("127.0.0.1:0", reply="echo", limits=limits) as server,
        Client(server.addresses[0], limits=limits) as client,
    ):
        client.send(b"hello")
        assert client.receive() == b"hello"
    with UdpServer("127.0.0.1:0", reply="echo", limits=limits) as heard, UdpClient(heard.addresses[0]) as speaker:
        speaker.send(b"hello")
        assert speaker.receive() == b"hello"
