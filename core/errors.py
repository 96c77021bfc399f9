"""What can go wrong, and whose fault it is. What the system raises is explained in ``core.explanations``."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from enum import Enum
from types import NoneType

from core.words import sentence

_SOCKET_ERRORS = 10_000  # from here on, codes of Windows are those of its sockets (WSABASEERR)


class Fault(Enum):
    """Whose fault an error is."""

    PERSON = "person"  # what was typed or asked for
    OURS = "ours"  # this program or this machine
    PEER = "peer"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Explanation:
    """An error in a person's words.

    ``options`` are those of the terminal programs that do what the advice says, such as ``--pin``: a terminal names
    them, and a window has its own ways. ``needs_password`` if the right password of a key is all that is missing.
    """

    what: str
    causes: tuple[str, ...] = ()
    advice: str = ""
    fault: Fault = Fault.OURS
    options: tuple[str, ...] = ()
    needs_password: bool = False
    errno: str = field(default="", compare=False)  # the system's name for it, if it came from there: ECONNRESET

    def __str__(self) -> str:
        """All of it as one paragraph."""
        sentences = [sentence(self.what)]
        if len(self.causes) == 1:
            sentences.append(f"Likely cause: {self.causes[0]}.")
        elif self.causes:
            sentences.append(f"Likely causes: {'; '.join(self.causes)}.")
        if self.advice:
            sentences.append(sentence(self.advice))
        return " ".join(sentences)


class TincanError(Exception):
    """The root of every error that ``core`` raises on purpose."""

    fault = Fault.OURS


class AddressError(TincanError, ValueError):
    """What was typed is not an address; the message says what would be."""

    fault = Fault.PERSON


class DraftError(TincanError):
    """What was typed cannot be sent: a sentence, and the characters ``start`` to ``stop`` that are wrong."""

    fault = Fault.PERSON

    def __init__(self, sentence: str, start: int, stop: int) -> None:
        super().__init__(sentence)
        self.start = start
        self.stop = stop

    @classmethod
    def too_long(cls, size: int, limit: int, start: int, stop: int) -> DraftError:
        """A message of at least ``size`` bytes where ``limit`` are allowed."""
        return cls(
            f"This message would have {size:,} bytes or more, and no message may have more than {limit:,}.", start, stop
        )


class ListenError(TincanError):
    """A server could not listen."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__(str(explanation))
        self.explanation = explanation


class ConnectError(TincanError):
    """A client could not connect; ``cancelled`` if it was told to give up."""

    fault = Fault.NETWORK

    def __init__(self, explanation: Explanation, *, cancelled: bool = False) -> None:
        super().__init__(str(explanation))
        self.explanation = explanation
        self.cancelled = cancelled


class SendError(TincanError):
    """A message was refused as a whole: none of its bytes went out. The message says why."""


class DatagramRefused(SendError):
    """The system refused a datagram of UDP; others may go out."""


class NoRoom(SendError):
    """Too much waits on that connection already; there will be room again when its peer has read."""


class NobodyThere(SendError):
    """There is no connection, or none any more, to send to."""


class ConnectionEnded(TincanError):
    """There is nothing more to receive: the connection is over. The message says why."""

    fault = Fault.PEER


class TlsSettingsError(TincanError, ValueError):
    """What was asked for of TLS makes no sense, or its files cannot be used; the message says why."""

    fault = Fault.PERSON


class TlsPasswordError(TlsSettingsError):
    """The key of a certificate is encrypted, and its password is missing or wrong."""


class TransportError(OSError):
    """What a transport's own protocol came to, explained. It has no number, as what the system raises has."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__(explanation.what)
        self.explanation = explanation


class DatagramError(TransportError):
    """One datagram did not go out; those after it may."""


class ProxyError(TransportError):
    """A proxy did not connect to the target."""


class TlsError(TransportError):
    """TLS came to nothing on a connection."""


class HandshakeError(TlsError):
    """The handshake failed, or did not come to its end in time."""


class AlertError(TlsError):
    """An alert, of the peer or of ours, ended a connection that stood."""


class TruncatedError(TlsError):
    """The peer's end came without the word that it has said everything (close_notify)."""


class JournalError(TincanError):
    """The journal could not be opened, written or read."""


class NoThread(TincanError, RuntimeError):
    """The system gives no thread to do something on."""

    def __init__(self) -> None:
        super().__init__("no new thread is to be had: this machine gives no more threads. Close some programs")


def reason(error: BaseException) -> str:
    """Why something ended, as a clause: its own words if it has any for a person, else what kind of thing happened."""
    if isinstance(error, TincanError):
        return str(error)
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{system_text(error)}{where}"
    return f"something went wrong inside Tincan ({type(error).__name__})"


def shortage(error: BaseException) -> str:
    """What the system has no more of, as a clause; empty for an error that tells of something else."""
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    return _SHORTAGES.get(error.errno or 0, "") if isinstance(error, OSError) else ""


_NO_MEMORY = "this machine is out of memory"
_SHORTAGES = {
    errno.EMFILE: "this program has as many files open as the system allows",
    errno.ENFILE: "all programs together have as many files open as this machine allows",
    errno.ENOBUFS: _NO_MEMORY,
    errno.ENOMEM: _NO_MEMORY,
}


def system_text(error: OSError) -> str:
    """What the system says of an error, and its name for it: ``WinError 5``, ``EACCES``."""
    # Of Windows' own errors, errno is only the nearest in POSIX: many are EACCES or EINVAL.
    code = getattr(error, "winerror", None) or 0
    name = f"WinError {code}" if 0 < code < _SOCKET_ERRORS else errno.errorcode.get(error.errno or 0, "")
    return f"{error.strerror or error} ({name})" if name else str(error.strerror or error)


def check_type(name: str, value: object, *kinds: type) -> None:
    """Raise ``TypeError`` for an argument of another type, which would fail later with other words, or never."""
    if not isinstance(value, kinds):
        known = " or ".join("None" if kind is NoneType else kind.__name__ for kind in kinds)
        raise TypeError(f"{name} has to be {known}, and this is {type(value).__name__}")


def quoted(text: str, most: int = 40) -> str:
    """What was written, in quotes and on one line, whatever it holds, and cut to ``most`` characters."""
    shown = text if len(text) <= most else text[: most - 1] + "…"
    return f"“{printable(shown)}”"


def printable(text: str) -> str:
    """The text on one line, with nothing in it that a terminal or a window would obey."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
