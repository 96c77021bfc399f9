"""Pauses between tries: they double, stay below a limit, and differ from client to client."""

from __future__ import annotations

from core.net.client import Backoff


def test_pauses_double_up_to_half_a_minute() -> None:
    backoff = Backoff(chance=lambda: 0.0)

    assert [backoff.pause() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_connection_that_stood_begins_them_anew_and_one_that_was_closed_at_once_does_not() -> None:
    backoff = Backoff(chance=lambda: 0.0)
    pauses = [backoff.pause(stood) for stood in (0.0, 0.0, 0.2, 60.0, 0.0)]

    assert pauses == [0.5, 1, 2, 0.5, 1]


def test_chance_makes_a_pause_shorter_by_a_quarter_at_most() -> None:
    assert Backoff(chance=lambda: 1.0).pause() == 0.375
