"""Which addresses others can use: asked of the kernel, and true."""

from __future__ import annotations

import queue
import socket

import pytest

from core.address import LocalAddress
from core.net.reachable import local_addresses, look_up, own_addresses
from tests.support.namespaces import FAR, NEAR, two_hosts
from tests.support.sink import until
from tests.support.systems import only_linux


def test_a_server_can_listen_on_every_address_that_is_found() -> None:
    for found in local_addresses():
        family, kind, protocol, _name, place = socket.getaddrinfo(found.host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.bind(place)


def test_looking_up_happens_elsewhere_and_delivers() -> None:
    news: queue.SimpleQueue[tuple[LocalAddress, ...]] = queue.SimpleQueue()

    look_up(news.put).join()

    assert news.get_nowait() == local_addresses()


def test_what_only_this_machine_can_use_is_not_among_them() -> None:
    hosts = {found.host for found in local_addresses()}

    assert not hosts & {"127.0.0.1", "::1", "0.0.0.0", "::"}


def test_the_address_on_the_way_to_others_is_the_first() -> None:
    routed, found = own_addresses(), local_addresses()

    assert [one.host for one in found[: len(routed)]] == list(routed)


@only_linux("elsewhere the system does not say")
def test_every_address_has_its_interface() -> None:
    names = {name for _index, name in socket.if_nameindex()}

    assert {found.interface for found in local_addresses()} <= names


@pytest.mark.parametrize(
    ("host", "is_near"), [("192.168.1.7", False), ("169.254.1.1", True), ("fd00::1", False), ("fe80::1%eth0", True)]
)
def test_an_address_of_one_cable_is_known_as_such(host: str, is_near: bool) -> None:
    assert LocalAddress(host).is_link_local is is_near


@pytest.mark.root
def test_a_second_address_of_a_card_counts_and_a_card_that_is_down_does_not() -> None:
    with two_hosts() as (near, far):
        near.ip("address", "add", "10.88.0.5/24", "dev", "cable")

        found = near.run(local_addresses)
        far.ip("link", "set", "cable-far", "down")
        until(lambda: near.run(local_addresses) == (), "a card that the kernel has noticed to be down")

    assert {("cable", NEAR), ("cable", "10.88.0.5")} <= {(one.interface, one.host) for one in found}
    assert FAR not in {one.host for one in found}


@pytest.mark.root
def test_an_offline_machine_has_none() -> None:
    with two_hosts() as (near, _far):
        near.ip("link", "set", "cable", "down")

        assert near.run(own_addresses) == ()
        assert near.run(local_addresses) == ()
