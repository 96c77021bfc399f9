"""A server with a journal whose disk fills up and empties again: ``python -m tests.support.full_disk WAY FOLDER``.

By the ``limit`` on the size of this process's files, or by a ``filler`` beside the journal on a small
file system of its own. Says on standard output, as JSON, what was seen.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from core.address import Address
from core.events import SessionId
from core.journal.recording.ledger import Recording
from core.net.client import Client
from core.settings import Limits
from core.workbench import Workbench
from tests.support.story import View

LEFT = 96 * 1024  # bytes that the journal may still grow
MESSAGE = b"x" * 8000


def by_limit(folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """Fill and free the disk for this process alone."""
    if sys.platform == "win32":
        sys.exit("Windows has no limit on the size of files")
    _soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    return (
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LEFT, hard)),
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard)),
    )


def by_filler(folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """Fill and free a small file system for everybody."""
    filler = folder / "filler"

    def fill() -> None:
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
            file.truncate(max(0, file.tell() - LEFT))

    return fill, filler.unlink


def main(way: str, folder: Path) -> None:
    """Talk with a full disk, and with a free one again."""
    fill, free = {"limit": by_limit, "filler": by_filler}[way](folder)
    path = folder / "journal.sqlite"
    workbench = Workbench(path, limits=Limits(disk=0))  # to the last byte
    view = View(workbench, with_events=True)
    server = workbench.serve(Address("127.0.0.1", 0), reply="echo")
    address = view.wait_for_state(server, lambda state: bool(state.addresses)).addresses[0]
    seen: dict[str, object] = {}
    with Client(address) as client:
        fill()
        while (stopped := first_failure(view)) is None:
            exchange(client)
            view.wait_until(lambda: True)  # takes in what there is
        for _ in range(20):
            exchange(client)
        lost = stopped.lost
        view.wait_until(lambda: view.recording.lost > lost)
        with Client(address) as newcomer:  # begins and ends unrecorded, or only its end is recorded
            exchange(newcomer)
        free()
        exchange(client)
        view.wait_until(lambda: view.recording.failure is None)
        mended = view.recording
        exchange(client)
    workbench.stop(server)
    view.wait_for_state(server, lambda state: state.phase.name == "ENDED")
    left = workbench.close()
    with_reader = workbench.open_reader()
    entries = with_reader.count(SessionId(server))
    with_reader.close()
    seen.update(
        failure=str(stopped.failure),
        seconds_since=time.time() - (stopped.since or 0.0),
        same_since=same_while_it_lasts(view),
        mended_since=mended.since,
        lost=view.recording.lost,
        entries=entries,
        told=view.batches[-1].sessions[-1].entries,
        happened=sum(event.session == server for event in view.events),
        left=left,
    )
    print(json.dumps(seen))


def exchange(client: Client) -> None:
    """Say something and hear all of it back."""
    client.send(MESSAGE)
    heard = 0
    while heard < len(MESSAGE):
        heard += len(client.receive(timeout=10))


def first_failure(view: View) -> Recording | None:
    """The first news that recording has stopped. The latest may be other: a small commit may still fit."""
    failures = (batch.recording for batch in view.batches if batch.recording.failure is not None)
    return next(failures, None)


def same_while_it_lasts(view: View) -> bool:
    """Whether each time that recording stopped was told as one, with one beginning."""
    told = [batch.recording for batch in view.batches]
    return all(one.since == next_one.since for one, next_one in pairwise(told) if one.failure and next_one.failure)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
