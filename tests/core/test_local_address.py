"""Local sockets as people write them."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from core.address import Address, Parts, parse_address, parse_host, split_target
from core.errors import AddressError
from core.local_address import LONGEST_PATH
from tests.support.systems import only_posix

pytestmark = only_posix("paths are written in another way, and Python has no such sockets there")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("unix:/tmp/x", "unix:/tmp/x"),
        ("  unix:/tmp/x\n", "unix:/tmp/x"),
        ("UNIX:/tmp/X", "unix:/tmp/X"),
        ("unix:///run/docker.sock", "unix:/run/docker.sock"),
        ("unix:/tmp/two words", "unix:/tmp/two words"),
        ("unix:/tmp/ｆｕｌｌ", "unix:/tmp/ｆｕｌｌ"),
        ("unix:/tmp/a:80", "unix:/tmp/a:80"),
        ("unix:/tmp/a@b?c#d", "unix:/tmp/a@b?c#d"),
        ("unix:@name", "unix:@name"),
        ("UNIX-CONNECT:/tmp/x", "unix:/tmp/x"),
        ("UNIX-LISTEN:/tmp/x,fork,mode=600", "unix:/tmp/x"),
        ("ABSTRACT-LISTEN:name,fork", "unix:@name"),
    ],
)
def test_a_local_socket_is_read_wherever_it_was_found(text: str, host: str) -> None:
    assert split_target(text) == Parts(host, None, False)
    assert parse_address(text, for_server=False) == parse_address(text, for_server=True) == Address(host, 0)
    assert parse_host(text) == host
    assert str(Address(host, 0)) == host


def test_a_local_socket_may_have_the_scheme_of_tls_before_it() -> None:
    assert split_target("tls://unix:/tmp/two words") == Parts("unix:/tmp/two words", None, True)


def test_a_path_becomes_absolute_and_a_home_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/anna")
    assert parse_host("unix:here") == f"unix:{tmp_path}/here"
    assert parse_host("unix:./@here") == f"unix:{tmp_path}/@here"
    assert parse_host("unix:~/there") == "unix:/home/anna/there"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("unix:", "the path is missing"),
        ("unix:@", "the path is missing"),
        ("unix://tmp/x", "behind unix:// comes a path from the root on: write unix:/"),
        ("/tmp/a b", "has unix: in front of its path: write “unix:/tmp/a b”"),
        ("./here", "write “unix:./here”"),
        ("~/there", "write “unix:~/there”"),
        ("unix:/tmp/a\nb", "“/tmp/a\\\\u000ab” has characters that cannot be shown"),
        ("unix:/tmp/\u202egnp", "has characters that cannot be shown"),
        ("unix:/tmp/\0x", "has characters that cannot be shown"),
    ],
)
def test_what_is_no_path_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(AddressError, match=why):
        parse_address(text, for_server=False)


def test_a_path_is_as_long_as_the_system_takes_in_bytes() -> None:
    assert (107 if sys.platform == "linux" else 103) == LONGEST_PATH
    fits = "unix:/" + "é" * ((LONGEST_PATH - 1) // 2)
    fits += "x" * (LONGEST_PATH - len(os.fsencode(fits.removeprefix("unix:"))))
    assert parse_host(fits) == fits
    with pytest.raises(AddressError, match=f"has {LONGEST_PATH + 1} bytes, and .* at most {LONGEST_PATH}"):
        parse_host(fits + "x")


def test_a_short_relative_path_in_a_deep_folder_is_shown_with_that_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * LONGEST_PATH)
    deep.mkdir()
    monkeypatch.chdir(deep)
    with pytest.raises(AddressError, match=f"the path “{re.escape(str(tmp_path)[:20])}.*…” is too long"):
        parse_host("unix:x")


def test_a_local_socket_is_this_machine_and_has_no_port() -> None:
    address = Address("unix:/tmp/x", 0)
    assert address.is_local
    assert address.is_literal
    assert address.is_loopback
    assert not address.is_every_interface
    assert not address.is_localhost
    assert address.dialled is address
    assert address.ascii_host == "unix:/tmp/x"
    assert not Address("127.0.0.1", 0).is_local
    assert [Address(host, 0).is_unnamed for host in ("unix:", "unix:/x")] == [True, False]
    with pytest.raises(AddressError, match="a local socket has no port"):
        Address("unix:/tmp/x", 5555)
