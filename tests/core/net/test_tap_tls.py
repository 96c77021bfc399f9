"""A tap whose legs speak TLS, each by itself: plain or encrypted in, plain or encrypted out."""

from __future__ import annotations

import random
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import ListenError
from core.events import Closed, Ending, Onward, Opened, Received, TlsHandshake
from core.net.tap import Tap
from core.settings import KIB
from core.tls.settings import LowestVersion, Tls
from tests.support.certificates import Made, make, make_authority
from tests.support.peers import Host, Peer
from tests.support.sink import until
from tests.support.stage import serving, tapping
from tests.support.systems import needs_rst
from tests.support.tls_peers import TlsPeer, client_context, server_context


@pytest.fixture(scope="module")
def authority() -> Made:
    return make_authority()


@pytest.fixture
def ours(authority: Made, tmp_path: Path) -> tuple[Tls, Tls]:
    """What a listening leg has, and what a leg to a target trusts."""
    certificate, key = make(by=authority).write(tmp_path)
    folder = tmp_path / "made"
    trusts = Tls(ca=authority.write(tmp_path, "authority")[0], authority=folder, server_name="localhost")
    return Tls(certificate=certificate, key=key, authority=folder), trusts


@pytest.mark.parametrize("out", [True, False], ids=["tls out", "plain out"])
@pytest.mark.parametrize("into", [True, False], ids=["tls in", "plain in"])
def test_each_leg_speaks_tls_or_not_and_the_journal_has_what_was_said(
    into: bool, out: bool, authority: Made, ours: tuple[Tls, Tls]
) -> None:
    there, back = random.Random(1).randbytes(256 * KIB), random.Random(2).randbytes(256 * KIB)
    with (
        serving("none", tls=ours[0] if out else None) as (server, heard),
        tapping(server.addresses[0], tls=ours[0] if into else None, onward_tls=ours[1] if out else None) as (tap, sink),
        TlsPeer.greets(tap.addresses[0], client_context(authority)) if into else Peer.calls(tap.addresses[0]) as caller,
        ThreadPoolExecutor(1) as pool,
    ):
        said = pool.submit(caller.say, there)
        until(lambda: sum(len(one.data) for one in heard.of(Received)) == len(there), "all of it")
        said.result()
        server.connections[0].send_exactly(back)

        assert caller.hear(len(back)) == back
        assert b"".join(one.data for one in heard.of(Received)) == there
        near, far = sink.of(Opened)
        assert b"".join(one.data for one in sink.of(Received, near.connection)) == there
        assert b"".join(one.data for one in sink.of(Received, far.connection)) == back
        assert (near.tls, far.tls) == (into, out)
        assert [one.handshake.failure for one in sink.of(TlsHandshake)] == [""] * (into + out)
        assert sink.of(Onward)[0].tls is out


@needs_rst
def test_a_target_that_is_not_believed_resets_the_caller(ours: tuple[Tls, Tls], tmp_path: Path) -> None:
    stranger = make_authority()
    with (
        serving("none", tls=ours[0]) as (server, _),
        tapping(
            server.addresses[0],
            onward_tls=Tls(ca=stranger.write(tmp_path, "stranger")[0], authority=tmp_path, server_name="localhost"),
        ) as (tap, sink),
        Peer.calls(tap.addresses[0]) as caller,
    ):
        caller.say(b"secret")

        assert caller.hear_a_reset() == b""
        numbers = {one.connection: one.number for one in sink.of(Opened)}
        endings = {numbers[one.connection]: one.ending for one in sink.wait_for(Closed, 2)}
        assert endings == {-1: Ending.HANDSHAKE, 1: Ending.PASSED_RESET}


def test_an_end_that_is_of_both_sides_in_tls_1_2_ends_the_plain_leg_too(ours: tuple[Tls, Tls], tmp_path: Path) -> None:
    old = server_context(make(by=make_authority()), tmp_path)
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    tls = Tls(verify=False, authority=tmp_path, lowest=LowestVersion.TLS_1_2)
    with (
        Host() as host,
        tapping(host.address, onward_tls=tls) as (tap, sink),
        Peer.calls(tap.addresses[0]) as caller,
        TlsPeer.welcomes(host, old) as target,
    ):
        caller.say(b"bye")
        caller.finish()

        assert target.hear(3) == b"bye"
        assert target.hear_all() == b""
        target.leave()
        assert {one.ending for one in sink.wait_for(Closed, 2)} <= {Ending.PASSED_ON, Ending.PEER_FINISHED}


def test_a_scheme_asks_for_tls_on_its_leg() -> None:
    tap = Tap("tls://127.0.0.1:0", "tls://localhost:1")

    assert tap.tls == Tls()
    assert tap.onward_tls == Tls()
    assert (tap.target.host, tap.onward.host) == ("127.0.0.1", "localhost")


def test_a_file_that_cannot_be_read_keeps_it_from_standing(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match="nowhere"), Tap("0", "127.0.0.1:1", onward_tls=Tls(ca=tmp_path / "nowhere")):
        pass
