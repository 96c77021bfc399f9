"""Hosts of our own on one Linux machine: network namespaces, for faults that loopback cannot have.

A namespace belongs to a thread. What that thread runs or starts (sockets, threads, programs) is on
that host and nowhere else, and when the thread ends nothing of it remains.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import TypeVar

import pytest

from tests.support.sink import PATIENCE

NEAR, FAR, NOBODY = "10.77.0.1", "10.77.0.2", "10.77.0.9"

_CLONE_NEWNET = 0x40000000  # unshare(2)
_NOWHERE = "02:00:00:00:00:99"  # a hardware address that no card has

T = TypeVar("T")


class Namespace:
    """One host: a thread in a network namespace of its own, with only a loopback."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"host {name}")
        try:
            self.tid = self.run(threading.get_native_id)
            self.run(_unshare_network)
            self.ip("link", "set", "lo", "up")
        except BaseException:
            self.close()
            raise

    def run(self, call: Callable[[], T]) -> T:
        """Have it done on this host."""
        return self._thread.submit(call).result(2 * PATIENCE)

    def ip(self, *arguments: str) -> None:
        """Run ``ip`` on this host."""
        self.run(lambda: subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=PATIENCE))

    def close(self) -> None:
        self._thread.shutdown()


@contextmanager
def two_hosts() -> Iterator[tuple[Namespace, Namespace]]:
    """NEAR and FAR, joined by a cable; packets for NOBODY leave NEAR and are never seen again."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs to be root on Linux")
    with ExitStack() as stack:
        try:
            near, far = (stack.enter_context(closing(Namespace(name))) for name in ("near", "far"))
            _join(near, far)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no network namespace to be had: {error}")
        yield near, far


def _join(near: Namespace, far: Namespace) -> None:
    near.ip("link", "add", "cable", "type", "veth", "peer", "name", "cable-far")
    near.ip("link", "set", "cable-far", "netns", str(far.tid))
    for host, card, address in ((near, "cable", NEAR), (far, "cable-far", FAR)):
        host.ip("address", "add", f"{address}/24", "dev", card)
        host.ip("link", "set", card, "up")
    near.ip("neighbour", "add", NOBODY, "lladdr", _NOWHERE, "dev", "cable", "nud", "permanent")


def pull_the_cable(far: Namespace) -> None:
    """FAR vanishes: no FIN, no RST, no answer."""
    far.ip("link", "set", "cable-far", "down")


def apart(*kinds: str) -> list[str]:
    """What to put before a command so that it has namespaces of its own: ``--mount``, ``--net``.

    Skips the test where they are not to be had, as for root in most containers.
    """
    before = ["unshare", *kinds]
    trial = "mount -t tmpfs tincan /tmp" if "--mount" in kinds else "true"
    try:
        tried = subprocess.run([*before, "sh", "-c", trial], capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no namespace to be had: {error}")
    if tried.returncode:
        pytest.skip(f"no namespace to be had: {tried.stderr.strip()}")
    return before


def _unshare_network() -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
