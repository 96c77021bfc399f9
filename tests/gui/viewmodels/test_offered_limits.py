"""The limits as a person reads and types them."""

from __future__ import annotations

from dataclasses import fields

import pytest

from core.settings import DEFAULTS, Limits
from gui.viewmodels.offered_limits import BY_NAME, OFFERED, OfferedLimit, build_limits, with_limit

EVERY = pytest.mark.parametrize("limit", OFFERED, ids=lambda limit: limit.name)


@EVERY
def test_every_limit_that_is_offered_exists_with_a_unit_and_a_reason(limit: OfferedLimit) -> None:
    assert limit.name in {field.name for field in fields(Limits)}
    assert limit.unit
    assert limit.why.endswith(".")


@EVERY
def test_the_usual_value_can_be_typed_just_as_it_is_shown(limit: OfferedLimit) -> None:
    assert limit.read(limit.shown(limit.usual)) == limit.usual


@EVERY
def test_each_end_of_the_bounds_will_do_and_what_lies_beyond_will_not(limit: OfferedLimit) -> None:
    for end in (limit.smallest, limit.largest):
        value = limit.read(f"{end:g}" if end < 1_000 else f"{end:.0f}")
        assert getattr(build_limits({limit.name: value}), limit.name) == value
    with pytest.raises(ValueError, match="between"):
        limit.read(f"{limit.largest + 1:.0f}")


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("connect", " 2.5 s", 2.5),
        ("connect", "2,5", 2.5),
        ("connections", "12 connections", 12),
        ("message", "64", 65_536),
        ("message", "1.5 KiB", 1_536),
        ("idle", "off", None),
        ("idle", " OFF ", None),
        ("idle", "", None),
        ("idle", "90", 90.0),
    ],
)
def test_what_is_typed_is_read_in_the_unit_that_is_shown(name: str, typed: str, value: float | None) -> None:
    assert BY_NAME[name].read(typed) == value


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("connect", "soon", "has to be a number"),
        ("connect", "", "has to be a number"),
        ("connect", "-1", "has to be a number"),
        ("connect", "nan", "has to be a number"),
        ("connect", "1e3", "has to be a number"),
        ("connect", "٣", "has to be a number"),
        ("connect", "9" * 4_000, "has to be a number"),
        ("connect", "0", "between 0.1 and 600 s"),
        ("message", "0.5", "between 1 and 16,384 KiB"),
        ("message", "1.0005", "has to be a number"),
        ("connections", "2.5", "whole number"),
        ("idle", "never", "a number or the word off"),
    ],
)
def test_what_will_not_do_is_refused_in_words_that_say_what_would(name: str, typed: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        BY_NAME[name].read(typed)


def test_only_what_differs_from_the_usual_is_kept() -> None:
    changed = with_limit({}, "connect", 3.0)
    assert changed == {"connect": 3.0}

    assert with_limit(changed, "idle", 60.0) == {"connect": 3.0, "idle": 60.0}
    assert with_limit(changed, "connect", DEFAULTS.connect) == {}


def test_what_a_later_version_keeps_stays_kept() -> None:
    assert with_limit({"patience": 3.0}, "idle", 60.0) == {"patience": 3.0, "idle": 60.0}


def test_a_limit_that_has_no_off_cannot_be_switched_off() -> None:
    with pytest.raises(ValueError, match="cannot be switched off"):
        with_limit({}, "connect", None)
