"""A conversation as a Python program that has it again: the client's side, the server's, or a test for pytest.

The programs use the standard library alone and are written as a person would, in the manner of a first lesson in
sockets. One connection is in them: the first of which something was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent

from core.journal.display_row import RECEIVED, DisplayRow
from core.journal.export.formats import Format
from core.journal.export.source import Pieces
from core.local_address import is_local, system_name

_ROW = 60  # bytes on a line of source
_LARGEST = 1024 * 1024  # bytes of one message that are written out


class Script(Format, has_name=False):
    """What those have in common that say one side's words and expect the other's.

    ``_listens`` says whether the server's words are said, or the client's; those of the other are expected.
    """

    ending = ".py"
    has_framing = True
    _listens = False

    _number: int | None = None
    _said = 0

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)  # type: ignore[arg-type]
        self._finished: set[str] = set()  # kinds of notes of ends

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str]:
        """A step: something is said, or expected."""
        if not display_row.is_message:
            yield from self._note(display_row)
            return
        if not self.has(display_row):
            return
        verb = "say" if self.says(display_row) else "expect"
        self._said += 1
        data = bytearray()
        for piece in pieces():
            data += piece
            if len(data) > _LARGEST:
                yield f"    # of {display_row.size:,} bytes the first {_LARGEST:,}: more are too many for a program\n"
                break
        yield f"    {verb}({_literal(bytes(data[:_LARGEST]))})\n"

    def has(self, message: DisplayRow) -> bool:
        """Whether a message is of the one connection that there is."""
        number = message.number or 1
        if self._number is None:
            self._number = number
        return number == self._number

    def says(self, message: DisplayRow) -> bool:
        """Whether a message is said by this side, rather than expected of the other."""
        return (message.kind != RECEIVED) == (self.parties.accepted(message.number or 1) is self._listens)

    def ends(self, note: DisplayRow) -> list[tuple[bool, str]]:
        """What a note says was ended on the connection: whether by this side, and how; see ``Parties.endings``."""
        if self._number is None or note.number != self._number:
            return []
        is_us = self.parties.accepted(self._number) is self._listens
        found = [(by_us is is_us, how) for by_us, how in self.parties.endings(note.kind, note.number, self._finished)]
        self._finished.add(note.kind)
        return found

    def _note(self, display_row: DisplayRow) -> Iterator[str]:
        ends = [] if self.parties.tls else self.ends(display_row)  # Python's ssl knows no half-close
        if not ends and self._number is not None and display_row.number in (None, self._number) and display_row.note:
            yield f"    # {' '.join(self.safety.text(display_row.note).split())}\n"
        for is_ours, how in ends:
            if is_ours:
                yield _END_OF_OURS[how]
            else:
                yield "    expect_reset()\n" if how == "reset" else "    expect_end()\n"

    @property
    def _has_resets(self) -> bool:
        """Whether a connection was reset, and that is to be had again."""
        return not self.parties.tls and any(
            how == "reset" for number in self.parties.ends for _, how in self.parties.endings("closed", number)
        )

    @property
    def _say(self) -> str:
        return _SAY.format(send="send" if self.parties.has_datagrams else "sendall")

    @property
    def _hear(self) -> str:
        return _HEAR_DATAGRAM if self.parties.has_datagrams else _HEAR

    @property
    def _helpers(self) -> str:
        if self.parties.has_datagrams:
            return _HELPERS.format(say=self._say, hear=self._hear, what="the bytes of a datagram") + "\n"
        ends = "" if self.parties.tls else _EXPECT_END + (_EXPECT_RESET + _RESET if self._has_resets else "")
        return _HELPERS.format(say=self._say, hear=self._hear, what="as many bytes as these") + ends + "\n"

    def _imports(self, *modules: str) -> str:
        """The lines that import these, and what else is needed."""
        needed = {*modules, *(("struct", "sys") if self._has_resets else ()), *(("ssl",) if self.parties.tls else ())}
        return "".join(f"import {module}\n" for module in sorted(needed))

    def _connect(self, host: str, port: str) -> str:
        """The lines with which a client begins."""
        if self.parties.has_datagrams:
            return _CONNECTS_DATAGRAMS.format(host=host, port=port)
        return f"connection = socket.create_connection(({host}, {port}), timeout=10)\n{self._secured(host)}"

    def _secured(self, host: str = '"localhost"') -> str:
        """What a client does for TLS. The certificate is for the host, which of a local socket is localhost."""
        return _SECURED.format(host=host) if self.parties.tls else ""

    @property
    def server(self) -> str:
        """Where the server was, as the journal has it: under TLS by the name that its certificate is for."""
        if self.parties.tls and not self.parties.listens:
            return self.parties.target
        ends = next((ends for number, ends in self.parties.ends.items() if number > 0), None)  # not what a tap dialled
        return self.parties.target if ends is None else ends.local if self.parties.listens else ends.peer

    @property
    def place(self) -> tuple[str, int]:
        """Its host and port."""
        host, _, port = self.server.rpartition(":")
        return host.strip("[]") or "127.0.0.1", int(port) if port.isdigit() else 5555

    @property
    def _socket_name(self) -> str | None:
        """The name of a local socket; None of TCP."""
        return system_name(self.server) if is_local(self.server) else None


_SAY = """\
def say(data):
    connection.{send}(data)
"""
_HEAR_DATAGRAM = """\
    heard = connection.recv(65536)
"""
_HEAR = """\
    heard = b""
    while len(heard) < len(data):
        part = connection.recv(len(data) - len(heard))
        if not part:
            break
        heard += part
"""
_HELPERS = '''

{say}

def expect(data):
    """Receive {what}, and tell whether they are the same."""
{hear}\
    if heard != data:
        differences.append((data, heard))
        print("expected", data, "and got", heard)
'''
_EXPECT_END = '''

def expect_end():
    """Wait until the other side has finished, and tell if it says more instead."""
    heard = connection.recv(65536)
    if heard:
        differences.append((b"", heard))
        print("expected the end and got", heard)
'''
_EXPECT_RESET = '''

def expect_reset():
    """Wait until the other side resets the connection, and tell if it does something else instead."""
    try:
        heard = connection.recv(65536)
    except ConnectionResetError:
        return
    differences.append((b"", heard))
    print("expected a reset and got", heard)
'''
_RESET = '''

def reset():
    """End the connection with RST: it is closed without lingering."""
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()
'''
_ASSERT_END = """\
def expect_end():
    assert connection.recv(65536) == b"", "the other side says more"

"""
_ASSERT_RESET = """\
def expect_reset():
    try:
        assert connection.recv(65536) is None, "the other side does not reset"
    except ConnectionResetError:
        pass

"""
_END_OF_OURS = {
    "finish": "    connection.shutdown(socket.SHUT_WR)  # nothing more is said from here\n",
    "close": "    connection.close()\n",
    "reset": "    reset()\n",
}


_LISTENS = """\
listener = socket.create_server(("127.0.0.1", PORT))
{secured}\
print("listening on port", listener.getsockname()[1], flush=True)
connection, peer = listener.accept()
connection.settimeout(10)
with listener, connection:
"""
_HEARS_DATAGRAMS = """\
connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
connection.bind(("127.0.0.1", PORT))
print("listening on port", connection.getsockname()[1], flush=True)
_first, peer = connection.recvfrom(65536, socket.MSG_PEEK)
connection.connect(peer)
connection.settimeout(10)
with connection:
"""
_CONNECTS_DATAGRAMS = """\
connection = socket.socket(socket.AF_INET6 if ":" in {host} else socket.AF_INET, socket.SOCK_DGRAM)
connection.connect(({host}, {port}))
connection.settimeout(10)
"""
_SECURED = """\
context = ssl.create_default_context()  # with SSL_CERT_FILE=FILE it trusts another authority than the system's
connection = context.wrap_socket(connection, server_hostname={host})
"""
_LISTENS_SECURED = """\
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(CERTIFICATE)  # PEM: the key, and the certificate with its chain
listener = context.wrap_socket(listener, server_side=True)
"""


class _Program(Script, has_name=False):
    """What the client and the server have in common."""

    @property
    def _path(self) -> str:
        """What both begin with that talk over a local socket."""
        return (
            f"{self._imports('socket', 'sys')}\n"
            f"PATH = sys.argv[1] if len(sys.argv) > 1 else {self._socket_name!r}\n\n"
            "differences = []\n"
        )

    def tail(self) -> str:
        """The end of the program."""
        return ("" if self._said else "    pass\n") + "\nsys.exit(1 if differences else 0)\n"


class PythonClient(_Program):
    """Connects, says what the client said, and expects what the server answered."""

    name = "python-client"
    title = "Python client"
    sentence = "A program that connects, says what the client said, and tells where the answers are others now."
    order = 7

    def head(self) -> str:
        """Everything up to the first step."""
        if self._socket_name is not None:
            return (
                '"""The client of a conversation that Tincan recorded. Run it as: python3 FILE [PATH]"""\n\n'
                f"{self._path}{self._helpers}\nconnection = socket.socket(socket.AF_UNIX)\nconnection.settimeout(10)\n"
                f"connection.connect(PATH)\n{self._secured()}with connection:\n"
            )
        host, port = self.place
        return (
            '"""The client of a conversation that Tincan recorded. Run it as: python3 FILE [HOST [PORT]]"""\n\n'
            f"{self._imports('socket', 'sys')}\n"
            f"HOST = sys.argv[1] if len(sys.argv) > 1 else {host!r}\n"
            f"PORT = int(sys.argv[2]) if len(sys.argv) > 2 else {port}\n\n"
            f"differences = []\n{self._helpers}\n"
            f"{self._connect('HOST', 'PORT')}with connection:\n"
        )


class PythonServer(_Program):
    """Waits for a client, expects what the client said, and answers as the server did."""

    name = "python-server"
    title = "Python server"
    sentence = "A program that waits for one client, answers it as the server did, and tells what it says otherwise."
    order = 8
    _listens = True

    def head(self) -> str:
        """Everything up to the first step."""
        if self._socket_name is not None:
            return (
                '"""The server of a conversation that Tincan recorded. Run it as: python3 FILE [PATH]"""\n\n'
                f"{self._path}{self._certificate}{self._helpers}\n"
                "listener = socket.socket(socket.AF_UNIX)\nlistener.bind(PATH)\n"
                f'listener.listen()\n{self._listens_secured}print("listening at", PATH, flush=True)\n'
                "connection, peer = listener.accept()\nconnection.settimeout(10)\nwith listener, connection:\n"
            )
        _host, port = self.place
        listens = _LISTENS.format(secured=self._listens_secured)
        return (
            '"""The server of a conversation that Tincan recorded. Run it as: python3 FILE [PORT'
            f'{" [CERTIFICATE]" if self.parties.tls else ""}]"""\n\n'
            f"{self._imports('socket', 'sys')}\n"
            f"PORT = int(sys.argv[1]) if len(sys.argv) > 1 else {port}\n{self._certificate}\n"
            f"differences = []\n{self._helpers}\n{_HEARS_DATAGRAMS if self.parties.has_datagrams else listens}"
        )

    @property
    def _certificate(self) -> str:
        """The line that names the certificate of TLS."""
        named = 'CERTIFICATE = sys.argv[2] if len(sys.argv) > 2 else "certificate.pem"\n'
        return named if self.parties.tls else ""

    @property
    def _listens_secured(self) -> str:
        return _LISTENS_SECURED if self.parties.tls else ""


class PythonTest(Script):
    """The client as a test: every answer has to be what it was."""

    name = "pytest"
    title = "pytest test"
    sentence = "A test that connects, says what the client said, and fails where an answer is another one."
    order = 9

    def head(self) -> str:
        """Everything up to the first step."""
        host, port = self.place
        form, target = ("HOST:PORT", f"{host}:{port}") if self._socket_name is None else ("PATH", self._socket_name)
        connecting = (
            f'    host, _, port = TARGET.rpartition(":")\n{indent(self._connect("host", "int(port)"), "    ")}\n'
            if self._socket_name is None
            else "    connection = socket.socket(socket.AF_UNIX)\n    connection.settimeout(10)\n"
            f"    connection.connect(TARGET)\n{indent(self._secured(), '    ')}\n"
        )
        return (
            f'"""A conversation that Tincan recorded, as a test: pytest FILE; TARGET={form} is another server."""\n\n'
            f"{self._imports('os', 'socket')}\n"
            f'TARGET = os.environ.get("TARGET", {target!r})\n\n\n'
            "def test_the_server_answers_as_it_did():\n"
            f"{connecting}"
            f"{indent(self._say, '    ')}\n"
            "    def expect(data):\n"
            f"{indent(self._hear, '    ')}"
            "        assert heard == data\n\n"
            f"{indent(self._asserted_ends, '    ')}"
            "    with connection:\n"
        )

    @property
    def _asserted_ends(self) -> str:
        """What waits for an end, and what resets, as far as there may be one."""
        if self.parties.has_datagrams:
            return ""
        return _ASSERT_END + (f"{_ASSERT_RESET}{_RESET.lstrip()}\n" if self._has_resets else "")

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str]:
        """A step, deeper by one level."""
        step = "".join(super().row(display_row, pieces))
        yield "".join(f"    {line}\n" for line in step.splitlines())

    def tail(self) -> str:
        """The end of the test."""
        return "" if self._said else "        pass\n"


def _literal(data: bytes) -> str:
    """The bytes as Python source, over several lines if they are many."""
    if len(data) <= _ROW:
        return repr(data)
    rows = (f"        {data[start : start + _ROW]!r}\n" for start in range(0, len(data), _ROW))
    return f"\n{''.join(rows)}    "
