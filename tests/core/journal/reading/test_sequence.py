"""How rows are drawn as a sequence: which way each arrow goes, and what is no arrow."""

from __future__ import annotations

import pytest

from core.events import ConnectionId, Ending, SessionId
from core.journal.display_row import DisplayRow
from core.journal.reading.sequence import (
    BEYOND,
    OURS,
    PEER,
    Mark,
    Step,
    Stroke,
    fold,
    lane_names,
    step_of,
    strokes,
    tag_of,
)
from core.roles import ROLES, Role
from core.wire.faults import REMARK

LANES = (100.0, 300.0, 500.0)


def row(kind: str, number: int | None = 1, note: str = "") -> DisplayRow:
    connection = ConnectionId(7) if number is not None else None
    return DisplayRow(0, SessionId(1), 0, connection, number, kind, 0, 0, None, 0, note)


@pytest.mark.parametrize(
    ("kind", "number", "step"),
    [
        ("received", 1, Step(Mark.MESSAGE, PEER, OURS)),
        ("sent", 1, Step(Mark.MESSAGE, OURS, PEER)),
        ("received", -1, Step(Mark.MESSAGE, BEYOND, OURS)),
        ("sent", -1, Step(Mark.MESSAGE, OURS, BEYOND)),
        ("opened", 1, Step(Mark.OPENED, PEER, OURS)),
        ("opened", -1, Step(Mark.OPENED, OURS, BEYOND)),
        ("peer-finished", 1, Step(Mark.FINISHED, PEER, OURS)),
        ("we-finished", -1, Step(Mark.FINISHED, OURS, BEYOND)),
        ("listening", None, Step(Mark.NOTE, OURS, OURS)),
    ],
)
def test_an_arrow_goes_the_way_that_its_bytes_or_its_end_went(kind: str, number: int | None, step: Step) -> None:
    assert step_of(row(kind, number), ROLES["tap"]) == step


def test_who_dialled_draws_the_arrow_of_a_connection() -> None:
    assert step_of(row("opened"), ROLES["server"]) == Step(Mark.OPENED, PEER, OURS)
    assert step_of(row("opened"), ROLES["client"]) == Step(Mark.OPENED, OURS, PEER)
    assert step_of(row("opened"), None) == Step(Mark.OPENED, OURS, PEER)


@pytest.mark.parametrize(
    ("ending", "step", "tag"),
    [
        (Ending.PEER_FINISHED, Step(Mark.PARTED, PEER, OURS), "FIN"),
        (Ending.PEER_RESET, Step(Mark.RESET, PEER, OURS), "RST"),
        (Ending.OURS, Step(Mark.ENDED, OURS, PEER), "FIN"),
        (Ending.OURS_RESET, Step(Mark.RESET, OURS, PEER), "RST"),
        (Ending.LOST, Step(Mark.CLOSED, OURS, PEER, is_timeout=True), "timeout"),
        (Ending.IDLE, Step(Mark.ENDED, OURS, PEER, is_timeout=True), "timeout FIN"),
        (Ending.STALLED, Step(Mark.RESET, OURS, PEER, is_timeout=True), "timeout RST"),
        (Ending.FAULT_RESET, Step(Mark.RESET, OURS, PEER, is_fault=True), "fault RST"),
        (Ending.FAULT_CUT, Step(Mark.ENDED, OURS, PEER, is_fault=True), "fault FIN"),
        (Ending.UNREACHABLE, Step(Mark.CLOSED, OURS, PEER), ""),
    ],
)
def test_an_end_is_drawn_as_what_it_was(ending: Ending, step: Step, tag: str) -> None:
    found = step_of(row("closed"), ROLES["server"], ending.value)

    assert (found, tag_of(found)) == (step, tag)


@pytest.mark.parametrize("ending", [*(one.value for one in Ending), "", "what only a later version knows"])
def test_every_end_has_lines_within_the_lanes(ending: str) -> None:
    step = step_of(row("closed"), ROLES["server"], ending)
    found = strokes(step, LANES, 50, 10)

    assert found
    assert all(80 <= x <= 320 for stroke in found for x in stroke.points[::2])
    assert all(35 <= y <= 65 for stroke in found for y in stroke.points[1::2])


def test_a_fault_that_was_injected_is_told_from_any_other_remark() -> None:
    assert step_of(row("remark", note=f"#1: {REMARK} to the target: latency 20 ms"), ROLES["tap"]).is_fault
    assert not step_of(row("remark", note="#1: said by a rule"), ROLES["tap"]).is_fault
    assert not step_of(row("closed", note=f"#1: {REMARK} to"), ROLES["tap"], "ours").is_fault


@pytest.mark.parametrize("role", ROLES.values(), ids=str)
def test_there_are_as_many_lanes_as_ends(role: Role) -> None:
    assert len(lane_names(role)) == (3 if role.passes_on else 2)
    assert all(lane_names(role))


def test_a_message_is_a_full_arrow_and_a_half_close_a_broken_one() -> None:
    line, head = strokes(Step(Mark.MESSAGE, PEER, OURS), LANES, 50, 10)
    assert (line.points, line.is_dashed, head.is_filled) == ((100, 50, 290, 50), False, True)
    assert head.points[:2] == (300, 50)

    line, head = strokes(Step(Mark.FINISHED, OURS, PEER), LANES, 50, 10)
    assert (line.is_dashed, head) == (True, Stroke((110, 45, 100, 50, 110, 55)))


def test_folded_time_breaks_a_lane_and_leads_on_where_it_was() -> None:
    points = fold(100, 0, 40, 8)

    assert points[:2] == (100, 0)
    assert points[-2:] == (100, 40)
    assert {96, 104} <= set(points[::2])
