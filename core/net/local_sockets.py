"""Local sockets (AF_UNIX): their files, what can go wrong with those, and who is at the other end.

A socket file outlives its program. One at which nobody listens any more is replaced if it is this user's own; anything
else that stands at the path stays. The source for Linux is unix(7), for macOS unix(4) and sys/un.h.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from core.address import Address
from core.errors import Explanation, Fault, TransportError, printable
from core.explanations import Doing, error_name, explain
from core.local_address import LONGEST_PATH, SCHEME, has_file, system_name

FAMILY: int | None = getattr(socket, "AF_UNIX", None)  # Python has none on Windows, whatever the system can

_IS_LISTENING = (0, errno.EAGAIN, errno.EPROTOTYPE)  # of a connect: also with its queue full, or as datagrams
_SOCKETS = Path("/proc/net/unix")  # of Linux: every local socket and its name, in seven fields before that
_KNOWN_USERS = Path("/proc/self/uid_map")  # of Linux: the first that a range has here, and outside, and how many
_ACCEPTS = 0x10000  # in its fourth: who is bound there has called listen (__SO_ACCEPTCON)
_SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 1, 2  # of macOS
_LONGEST_NAME = 64  # characters of a program's or user's name


def sockaddr_of(address: Address) -> str:
    """What goes into bind or connect. Raises ``TransportError`` where there are no such sockets."""
    name = address.host.removeprefix(SCHEME)
    if FAMILY is None:
        raise _refusal(
            f"there are no local sockets on this system for {address} to be one: Python does not offer them",
            "Use 127.0.0.1 and a port instead",
        )
    if name.startswith("@") and sys.platform != "linux":
        no_file = f"the local socket {address} has no file, which Linux alone knows"
        raise _refusal(no_file, "Use a path, such as unix:/tmp/name")
    size = len(os.fsencode(name.removeprefix("@")))
    if size > LONGEST_PATH:
        raise _refusal(f"the path of {address} has {size} bytes, and this system takes {LONGEST_PATH}")
    return system_name(address.host)


def readable(sockaddr: str | bytes) -> Address:
    """A socket's name as people write it."""
    name = sockaddr if isinstance(sockaddr, str) else sockaddr.decode("utf-8", "backslashreplace")
    return Address(SCHEME + printable(f"@{name[1:]}" if name.startswith("\0") else name), 0)


def connect(address: Address) -> socket.socket:
    """Connect, which takes no time: a local socket answers at once or not at all. Raises ``TransportError``.

    On Linux it calls from a name that the system chooses, as TCP does from a port: else a journal that has both ends
    could not tell which belong together.
    """
    sock = _new_socket(address)
    try:
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                sock.bind("")  # "autobind" in unix(7)
        sock.connect(sockaddr_of(address))
    except OSError as error:
        sock.close()
        raise TransportError(_why_not_connect(error, address)) from error
    except BaseException:
        sock.close()
        raise
    return sock


class SocketFile:
    """The place of a server among the files, or, on Linux, among the names without one. One thread."""

    def __init__(self, address: Address, mode: int) -> None:
        self._address = address
        self._mode = mode  # who may connect: those who may write
        self._path = Path(address.host.removeprefix(SCHEME))
        self._has_file = has_file(address.host)
        self._identity: tuple[int, int] | None = None  # of our file, while there is one
        self.has_replaced = False  # whether a file was in the way at which nobody listened any more

    def listen(self, backlog: int) -> socket.socket:
        """Make it and listen there; the socket does not block. Raises ``TransportError``."""
        sock = _new_socket(self._address)
        try:
            with _locked(self._path.parent) as is_locked:
                self._bind(sock, may_replace=is_locked)
                sock.listen(backlog)
        except OSError as error:
            self.remove()
            sock.close()
            raise TransportError(_why_not_listen(error, self._address)) from error
        except BaseException:
            self.remove()
            sock.close()
            raise
        return sock

    def remove(self) -> None:
        """Take the file away if it is still ours. While our socket is open, no other file can have its number."""
        ours, self._identity = self._identity, None
        with contextlib.suppress(OSError):
            if ours is not None and _identity(self._path.lstat()) == ours:
                self._path.unlink()

    def _bind(self, sock: socket.socket, *, may_replace: bool) -> None:
        name = sockaddr_of(self._address)
        try:
            sock.bind(name)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not self._has_file:
                raise
            self._remove_stale(may_replace=may_replace)
            sock.bind(name)
            self.has_replaced = True
        if self._has_file:
            self._identity = _identity(self._path.lstat())
            self._path.chmod(self._mode)  # nobody can connect before we listen

    def _remove_stale(self, *, may_replace: bool) -> None:
        """Take away a socket file at which nobody listens. Raises ``TransportError`` for anything else."""
        found = self._path.lstat()
        if not stat.S_ISSOCK(found.st_mode):
            raise _refusal(f"{self._path} is there already and is no socket, so it is left as it is", _OTHER_PATH)
        name = sockaddr_of(self._address)
        status = 0 if _is_listed(name) else _status_of_connecting(self._address)
        if status in _IS_LISTENING:
            kind = " for datagrams or packets" if status == errno.EPROTOTYPE else ""
            what = f"another program listens at {self._address} already{kind}"
            raise _refusal(what, f"Stop it, or c{_OTHER_PATH[1:]}")
        if status != errno.ECONNREFUSED:
            why = os.strerror(status)
            raise _refusal(f"{self._path} is there already, and whether a program uses it cannot be known: {why}")
        if sys.platform != "win32" and found.st_uid != os.geteuid():
            whose = f"{self._path} was left behind by a program of {_user(found.st_uid)}, so it is left as it is"
            raise _refusal(whose, f"Remove it by hand, or c{_OTHER_PATH[1:]}")
        if not may_replace:
            raise _refusal(f"{self._path} was left behind, and its folder is being changed just now", "Try again")
        if _identity(self._path.lstat()) == _identity(found):
            self._path.unlink()


def _is_listed(name: str) -> bool:
    """Whether Linux says that somebody listens under this name, who would take a connection to find out for a caller.

    Somebody may where it does not: names are listed as each program wrote them, and those of one network namespace.
    """
    try:
        listed = [line.split(maxsplit=7) for line in _SOCKETS.read_bytes().split(b"\n")[1:]]
    except OSError:
        return False
    return any(len(each) == 8 and each[7] == os.fsencode(name) and int(each[3], 16) & _ACCEPTS for each in listed)


def _status_of_connecting(address: Address) -> int:
    with _new_socket(address) as probe:
        return probe.connect_ex(sockaddr_of(address))


_OTHER_PATH = "Choose another path"


def peer_process(sock: socket.socket) -> str:
    """Which process of which user is at the other end, in words; empty where the system does not tell.

    Of a server it is the one that called listen. Either may have handed its socket on since.
    """
    with contextlib.suppress(OSError, struct.error):
        if sys.platform == "linux":
            pid, uid, _gid = struct.unpack("i2I", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            return _process_words(pid, uid, _program(pid))
        if sys.platform == "darwin":
            _version, uid = struct.unpack_from("=II", sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76))
            return _process_words(sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID), uid, "")
    return ""


def _process_words(pid: int, uid: int, program: str) -> str:
    process = f"process {pid}" if pid else "a process"  # 0: it is in a container that we cannot see into
    return f"{process}{f' ({program})' if program else ''} of {_user(uid)}"


def _program(pid: int) -> str:
    """The program's name, which it may have given itself; see proc(5)."""
    try:
        return printable(Path(f"/proc/{pid}/comm").read_bytes().decode(errors="replace").strip())[:_LONGEST_NAME]
    except OSError:
        return ""


@functools.lru_cache(64)
def _user(uid: int) -> str:
    if not _is_known_here(uid):
        return "a user from outside this container"
    if sys.platform != "win32":
        import pwd

        with contextlib.suppress(KeyError, OverflowError):
            return f"user {printable(pwd.getpwuid(uid).pw_name)[:_LONGEST_NAME]}"
    return f"user {uid}"


def _is_known_here(uid: int) -> bool:
    """Whether a number stands for one user. In a user namespace of Linux all that it does not map have one number,
    which is that of “nobody” outside; see user_namespaces(7).
    """
    try:
        ranges = [list(map(int, line.split())) for line in _KNOWN_USERS.read_text("ascii").splitlines()]
        return any(first <= uid < first + count for first, _outside, count in ranges)
    except (OSError, ValueError):  # there are no such namespaces
        return True


def _new_socket(address: Address) -> socket.socket:
    """A socket that does not block. Raises ``TransportError`` where there are none such."""
    sockaddr_of(address)
    assert FAMILY is not None
    sock = socket.socket(FAMILY, socket.SOCK_STREAM)
    sock.setblocking(False)
    return sock


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Hold the lock of a folder; whether it could be had. Waits for nobody.

    Between another's bind and its listen, its file looks as if it had been left behind: two Tincans that begin at the
    same moment must not take each other's away.
    """
    descriptor = -1
    is_locked = False
    if sys.platform != "win32":
        import fcntl

        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_locked = True
    try:
        yield is_locked
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _refusal(what: str, advice: str = _OTHER_PATH) -> TransportError:
    return TransportError(Explanation(what, (), advice, Fault.PERSON))


def _why_not_listen(error: OSError, address: Address) -> Explanation:
    if isinstance(error, TransportError):
        return error.explanation
    folder = Path(address.host.removeprefix(SCHEME)).parent
    match error_name(error):
        case "EADDRINUSE":
            return Explanation(f"another program listens at {address} already", (), "Choose another name", Fault.PERSON)
        case "ENOENT" | "ENOTDIR" as name:
            what = f"{printable(str(folder))} is no folder, so {address} cannot be made there"
            if name == "ENOENT":
                what = f"the folder {printable(str(folder))} of {address} does not exist"
            return Explanation(what, ("a typing error",), "Make it first, or choose another path", Fault.PERSON)
        case "EACCES" | "EPERM" | "EROFS":
            what = f"this system does not let you make {address}"
            causes = (f"you may not write to {printable(str(folder))}", "its disk knows no sockets, or is read-only")
            return Explanation(what, causes, _OTHER_PATH, Fault.PERSON)
        case _:
            return explain(error, Doing.LISTENING, address)


def _why_not_connect(error: OSError, address: Address) -> Explanation:
    if isinstance(error, TransportError):
        return error.explanation
    start_first = f"Start the server first, then check the {'path' if has_file(address.host) else 'name'}"
    match error_name(error):
        case "ENOENT" | "ENOTDIR":
            return Explanation(
                f"there is no socket {address}",
                ("no server is running there", "a typing error"),
                start_first,
                Fault.PERSON,
            )
        case "ECONNREFUSED" | "ENOTSOCK":
            return Explanation(f"nobody listens at {address}", _why_nobody(address), start_first, Fault.NETWORK)
        case "EACCES" | "EPERM":
            return Explanation(
                f"this system does not let you connect to {address}",
                ("whoever connects needs the right to write to that file, and to enter its folder",),
                "Have the server's mode opened (chmod)",
                Fault.PERSON,
            )
        case "EAGAIN":
            return Explanation(
                f"the server at {address} takes no more connections just now: its queue is full",
                ("the program that listens there hangs, or is overloaded",),
                "Try again in a moment",
                Fault.PEER,
            )
        case "EPROTOTYPE":
            what = f"the local socket {address} is of another kind: it has datagrams or packets, and no stream"
            return Explanation(what, (), _OTHER_PATH, Fault.PERSON)
        case _:
            return explain(error, Doing.CONNECTING, address)


def _why_nobody(address: Address) -> tuple[str, ...]:
    name = address.host.removeprefix(SCHEME)
    if name.startswith("@"):
        return ("no server is running there", "a typing error")
    try:
        is_socket = stat.S_ISSOCK(Path(name).stat().st_mode)
    except OSError:
        is_socket = True
    return ("a program that has ended left the file behind",) if is_socket else (f"{printable(name)} is no socket",)
