"""Where others can reach a server, line by line."""

from __future__ import annotations

import pytest

from core.address import Address, LocalAddress
from core.replies import find_reply
from gui.viewmodels.reachable import how_to_talk, places

WIFI, CABLE = LocalAddress("192.168.1.7", "wlan0"), LocalAddress("10.0.0.2", "eth0")
SIX, NEAR = LocalAddress("2001:db8::7", "eth0"), LocalAddress("fe80::7%eth0", "eth0")
FOUND = (WIFI, CABLE, SIX, NEAR)


def test_a_server_on_every_ipv4_interface_has_a_line_for_each() -> None:
    found = places([Address("0.0.0.0", 5555)], FOUND)

    assert [(place.text, place.interface) for place in found] == [
        ("192.168.1.7:5555", "wlan0"),
        ("10.0.0.2:5555", "eth0"),
    ]


def test_a_server_on_every_ipv6_interface_answers_on_ipv4_too() -> None:
    found = [place.text for place in places([Address("::", 80)], FOUND)]

    assert found == ["192.168.1.7:80", "10.0.0.2:80", "[2001:db8::7]:80", "[fe80::7%eth0]:80"]


def test_an_address_that_needs_a_zone_says_whose() -> None:
    (near,) = places([Address("fe80::7%eth0", 80)], FOUND)

    assert near.interface == "eth0"
    assert "%" in near.note


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_is_nobody_elses(host: str) -> None:
    assert places([Address(host, 5555)], FOUND) == ()


def test_each_place_is_listed_once() -> None:
    listening = [Address("0.0.0.0", 5555), Address("192.168.1.7", 5555), Address("192.168.1.7", 80)]

    found = [place.text for place in places(listening, (WIFI,))]

    assert found == ["192.168.1.7:5555", "192.168.1.7:80"]


def test_an_address_that_was_not_found_is_listed_all_the_same() -> None:
    assert [place.text for place in places([Address("203.0.113.9", 80)], ())] == ["203.0.113.9:80"]


@pytest.mark.parametrize(
    ("replies", "is_told"), [(["letter"], True), (["echo", "none"], True), (["room", "none"], False), ([], False)]
)
def test_who_is_answered_by_a_program_alone_is_told_how_to_talk(replies: list[str], is_told: bool) -> None:
    words = (
        "Whoever connects is answered by the program. To talk with people, choose another Reply with: nothing, and "
        "you answer, or chat room, and everyone hears everyone."
    )

    assert how_to_talk(map(find_reply, replies)) == (words if is_told else "")
