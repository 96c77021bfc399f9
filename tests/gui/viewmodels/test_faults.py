"""Faults as a person writes them in the bar, and what is said of them."""

from __future__ import annotations

import pytest

from core.wire.faults import PRESETS as KNOWN
from core.wire.faults import SOUND, BothWays, Faults, parse_faults
from gui.viewmodels.faults import (
    KINDS,
    OWN,
    PRESETS,
    TO_AND_FRO,
    FaultsForm,
    Ways,
    Wrong,
    added,
    offered,
    read,
    summary,
)


def test_each_preset_that_there_is_has_words_and_means_what_it_means_elsewhere() -> None:
    assert [name for name, _words in PRESETS if name != OWN] == list(KNOWN)
    assert read(FaultsForm("satellite", "satellite")) == BothWays(KNOWN["satellite"], KNOWN["satellite"])


@pytest.mark.parametrize("kind", [kind for kind, _words in KINDS if kind])
def test_each_kind_that_is_offered_is_a_fault(kind: str) -> None:
    assert parse_faults(kind) != Faults()


def test_a_way_with_nothing_written_is_sound() -> None:
    assert read(FaultsForm("", "  ")) == SOUND
    assert read(FaultsForm("", "slice=1")) == BothWays(None, Faults(slice=1))


def test_what_is_no_fault_says_so_of_its_way() -> None:
    wrong = read(FaultsForm("slice=1", "gremlins"))

    assert isinstance(wrong, Wrong)
    assert not wrong.is_out
    assert wrong.why.startswith("“gremlins” is no fault")
    assert wrong.why.endswith(".")


@pytest.mark.parametrize(
    ("form", "preset"),
    [
        (FaultsForm("satellite", "satellite"), "satellite"),
        (FaultsForm("satellite", "slow-phone"), OWN),
        (FaultsForm("slice=1", "slice=1"), OWN),
        (FaultsForm(), OWN),
    ],
)
def test_a_preset_is_one_that_both_ways_have(form: FaultsForm, preset: str) -> None:
    assert form.preset == preset


def test_what_is_so_is_said_in_sentences() -> None:
    form = FaultsForm("latency=100ms", "", is_on=True)
    faults = read(form)
    assert isinstance(faults, BothWays)

    assert summary(form, faults, TO_AND_FRO, "Tap 5556").startswith(
        "On for Tap 5556. To the target: latency 100 ms. From the target: as it is."
    )
    assert summary(FaultsForm(), SOUND, Ways(), "#2 of Server 5555").startswith(
        "Off, and would be for #2 of Server 5555. Sent: as it is."
    )
    assert "start a server" in summary(FaultsForm(), SOUND, Ways(), "")


@pytest.mark.parametrize(
    ("text", "whole"), [("", "slice=1"), ("flip=1", "flip=1,slice=1"), ("flip=1, ", "flip=1,slice=1")]
)
def test_a_fault_is_added_behind_the_others(text: str, whole: str) -> None:
    assert added(text, "slice=1") == whole


def test_of_datagrams_only_what_can_happen_to_them_is_offered() -> None:
    assert [name for name, _words in offered(PRESETS, datagrams=True)] == [OWN, "slow-phone", "satellite", "lossy-wifi"]
    assert [written.partition("=")[0] for written, _words in offered(KINDS, datagrams=True)] == [
        "", "latency", "bandwidth", "loss", "duplicate", "reorder", "flip",
    ]  # fmt: skip
    assert "lossy-wifi" not in dict(offered(PRESETS, datagrams=False))
    assert not {"loss=0.1", "duplicate=0.1"} & set(dict(offered(KINDS, datagrams=False)))


@pytest.mark.parametrize(("written", "datagrams"), [("byte-by-byte", True), ("loss=0.1", False)])
def test_what_cannot_happen_to_them_is_refused_in_a_sentence(written: str, *, datagrams: bool) -> None:
    wrong = read(FaultsForm("", written, datagrams=datagrams))

    assert isinstance(wrong, Wrong)
    assert wrong.why.endswith("alone: leave it out.")
