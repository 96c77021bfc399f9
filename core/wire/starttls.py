"""What is said in the clear before TLS can begin, for the protocols that have a command for it. Bytes in, bytes out."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from core.errors import Explanation, Fault, HandshakeError, quoted

_LONGEST = 64 * 1024  # bytes that may come without an answer in them


class StartTls(ABC):
    """One such conversation, a client's side. ``is_done`` once TLS can begin; ``rest`` is what came behind that.

    ``begin`` and ``feed`` return what to send now. They raise ``HandshakeError``, explained, where TLS is refused.
    """

    name: str  # as people call the protocol

    def __init__(self) -> None:
        self.is_done = False
        self._held = b""

    @property
    def rest(self) -> bytes:
        """What the server sent after its answer, in the clear, where nothing may be."""
        return self._held

    def begin(self) -> bytes:
        """What is said before the server has said anything."""
        return b""

    def feed(self, data: bytes) -> bytes:
        """Take in what the server sent."""
        self._held += data
        answer = b""
        while not self.is_done and (size := self._size()):
            piece, self._held = self._held[:size], self._held[size:]
            answer += self._hear(piece)
        if not self.is_done and len(self._held) > _LONGEST:
            raise self._error("says much and answers nothing", self._held)
        return answer

    @abstractmethod
    def _size(self) -> int:
        """How many bytes the next whole answer has; 0 while it is not there."""

    @abstractmethod
    def _hear(self, piece: bytes) -> bytes:
        """Take in a whole answer; what to send next."""

    def _error(self, what: str, said: bytes = b"") -> HandshakeError:
        shown = f": {quoted(said.strip().decode('ascii', 'backslashreplace'), 100)}" if said else ""
        return HandshakeError(
            Explanation(
                f"TLS cannot begin, because the {self.name} server {what}{shown}",
                advice="Connect without TLS, or ask whoever runs the server to offer it",
                fault=Fault.PEER,
            )
        )


class _Lines(StartTls):
    def _size(self) -> int:
        return self._held.find(b"\n") + 1


class Smtp(_Lines):
    """RFC 3207: greeting, EHLO, STARTTLS."""

    name = "SMTP"
    _LINE = re.compile(rb"([0-9]{3})([ -]?)(.*)", re.DOTALL)

    def __init__(self) -> None:
        super().__init__()
        self._stage = 0  # of the greeting, EHLO and STARTTLS
        self._offers = False

    def _hear(self, piece: bytes) -> bytes:
        line = piece.rstrip(b"\r\n")
        found = self._LINE.fullmatch(line)
        if found is None:
            raise self._error("does not speak SMTP", line)
        self._offers |= self._stage == 1 and found[3].strip().upper().split(b" ")[0] == b"STARTTLS"
        if found[2] == b"-":
            return b""
        if found[1] != (b"220", b"250", b"220")[self._stage]:
            raise self._error("refuses", line)
        if self._stage == 1 and not self._offers:
            raise self._error("does not offer STARTTLS")
        self._stage += 1
        self.is_done = self._stage == 3
        return (b"EHLO tincan\r\n", b"STARTTLS\r\n", b"")[self._stage - 1]


class Imap(_Lines):
    """RFC 3501, section 6.2.1: greeting, STARTTLS."""

    name = "IMAP"

    def __init__(self) -> None:
        super().__init__()
        self._is_greeted = False

    def _hear(self, piece: bytes) -> bytes:
        line = piece.rstrip(b"\r\n")
        words = line.upper().split(b" ")
        if not self._is_greeted:
            if words[:2] != [b"*", b"OK"]:
                raise self._error("does not greet us", line)
            self._is_greeted = True
            return b"t1 STARTTLS\r\n"
        if words[0] == b"*":
            return b""
        if words[:2] != [b"T1", b"OK"]:
            raise self._error("refuses", line)
        self.is_done = True
        return b""


class Postgres(StartTls):
    """SSLRequest: one byte answers it (PostgreSQL: Frontend/Backend Protocol, "SSL Session Encryption")."""

    name = "PostgreSQL"

    def begin(self) -> bytes:
        return bytes.fromhex("00000008 04d2162f")

    def _size(self) -> int:
        return 1 if self._held else 0

    def _hear(self, piece: bytes) -> bytes:
        if piece == b"N":
            raise self._error("does not offer it")
        if piece != b"S":
            raise self._error("does not speak PostgreSQL", piece + self._held)
        self.is_done = True
        return b""


class Ldap(StartTls):
    """The extended request StartTLS, RFC 4511, section 4.14."""

    name = "LDAP"
    _OID = b"1.3.6.1.4.1.1466.20037"

    def begin(self) -> bytes:
        request = b"\x77" + bytes([len(self._OID) + 2]) + b"\x80" + bytes([len(self._OID)]) + self._OID
        message = b"\x02\x01\x01" + request
        return b"\x30" + bytes([len(message)]) + message

    def _size(self) -> int:
        """Of a BER sequence, its header included."""
        if len(self._held) < 2:
            return 0
        if self._held[0] != 0x30:
            raise self._error("does not speak LDAP", self._held)
        size, header = self._held[1], 2
        if size & 0x80:
            header += size & 0x7F
            if header > 6:
                raise self._error("does not speak LDAP", self._held)
            size = int.from_bytes(self._held[2:header], "big")
        whole = header + size
        return whole if len(self._held) >= whole else 0

    def _hear(self, piece: bytes) -> bytes:
        place = piece.find(b"\x0a\x01")  # resultCode, an ENUMERATED of one byte
        if b"\x78" not in piece[:12] or place < 0:
            raise self._error("answers something else", piece)
        code = piece[place + 2 : place + 3]
        if code != b"\0":
            raise self._error(f"refuses (result {code.hex()})")
        self.is_done = True
        return b""


_KINDS: dict[str, type[StartTls]] = {"smtp": Smtp, "imap": Imap, "postgres": Postgres, "ldap": Ldap}


def make_starttls(name: str) -> StartTls:
    """The conversation for one of ``core.tls.settings.STARTTLS``."""
    return _KINDS[name]()
