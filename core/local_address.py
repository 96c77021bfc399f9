"""Addresses of local sockets (AF_UNIX) as people write them: ``unix:/path``, and ``unix:@name`` on Linux.

An ``Address`` has such a one as its host, and no port. Nothing here looks at the disk.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from core.errors import AddressError, quoted

SCHEME = "unix:"  # alone, it is what a socket without a name is called
GOODBYE = "end of file"  # what says on one that nothing more comes: it has no FIN, and no RST either
LONGEST_PATH = 107 if sys.platform == "linux" else 103  # bytes; sun_path of unix(7), of BSD's unix(4), less a NUL

_EXAMPLE = "unix:/tmp/tincan.sock" if sys.platform != "win32" else r"unix:C:\Temp\tincan.sock"
_SCHEME = re.compile(r"unix:(?://(?=/))?", re.ASCII | re.IGNORECASE)
_SOCAT = re.compile(r"(unix|abstract)-(?:connect|listen|client):([^,]+).*", re.ASCII | re.IGNORECASE | re.DOTALL)
_AROUND = " \t\r\n\v\f\ufeff\u200b<>\"'`“”"


def is_local(host: str | None) -> bool:
    """Whether a host is a local socket."""
    return host is not None and host.startswith(SCHEME)


def has_file(host: str) -> bool:
    """Whether a host is a local socket that is a file, and no abstract name."""
    return is_local(host) and not host.startswith(f"{SCHEME}@")


def system_name(host: str) -> str:
    """What the system knows a local socket by: its path, or an abstract name behind a NUL."""
    name = host.removeprefix(SCHEME)
    return f"\0{name[1:]}" if name.startswith("@") else name


def read_local(text: str) -> str | None:
    """The host in what was typed or pasted, also as socat has it; None if it is no local socket.

    A path becomes absolute: a session that is begun again may have another working folder. Raises ``AddressError``.
    """
    text = text.strip(_AROUND)
    found = _SOCAT.fullmatch(text)
    if found is not None:
        text = f"{SCHEME}{'@' if found[1].lower() == 'abstract' else ''}{found[2]}"
    scheme = _SCHEME.match(text)
    if scheme is None:
        return None
    name = text[scheme.end() :]
    if name.startswith("//"):
        raise AddressError(f"behind unix:// comes a path from the root on: write {_EXAMPLE}, for example")
    if name in ("", "@"):
        raise AddressError(f"the path is missing: write {_EXAMPLE}, for example")
    if not name.startswith("@"):
        name = _absolute(name)
    size = len(os.fsencode(name.removeprefix("@")))
    if size > LONGEST_PATH:
        raise AddressError(
            f"the path {quoted(name)} is too long: it has {size} bytes, and that of a local socket has at most"
            f" {LONGEST_PATH}"
        )
    return check_local(SCHEME + name)


def check_local(host: str) -> str:
    """Give the host back if it can be a local socket; raise ``AddressError`` if it cannot."""
    name = host.removeprefix(SCHEME)
    if not name.isprintable():
        raise AddressError(f"{quoted(name)} has characters that cannot be shown: choose another path")
    return host


def _absolute(path: str) -> str:
    try:
        return str(Path(path).expanduser().absolute())
    except (OSError, RuntimeError):  # the working folder is gone, or there is no such person
        return path
