"""Bytes as text for other programs, a row each, which says exactly these bytes: notations, and commands for a shell.

The commands are for a POSIX shell, and have another program say the same bytes to the same address. A shell knows no
NUL and a clipboard no byte that is not text, so the bytes are written as octal escapes of ``printf``.
"""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple

from core.address import Address
from core.compose.composing import describe, is_typeable
from core.compose.draft import Format
from core.compose.encoding import Encoding
from core.compose.escapes import write_escapes
from core.compose.hexadecimal import write_hex
from core.errors import DraftError
from core.local_address import SCHEME, has_file

_C_ROW, _PYTHON_ROW, _DUMP_ROW = 12, 32, 16  # bytes on a line
_ESCAPED = {ord("%"): "%%", ord("\\"): r"\\", ord("'"): r"'\''", 9: r"\t", 10: r"\n", 13: r"\r"}
_PRINTF = tuple(
    _ESCAPED.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}") for byte in range(256)
)  # byte for byte
_TLS_OVER_TCP = "ncat and socat speak TLS over TCP alone, and this is a local socket."
_PATIENCE = 5  # seconds for which socat waits for an answer once it has sent everything; as it comes, half a second
_OWN_TO_SOCAT = re.compile(r"""[\\,:!"'(\[{]""")  # in an address; a backslash in front makes each a letter

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP/(1\.[01])")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*\r\n")
_LAST_CHUNK = re.compile(rb"0+[ \t]*\r\n\r\n")
_BY_CURL_ITSELF = (b"Host", b"User-Agent", b"Accept")  # header fields that it adds unless it is told not to
_WITH_BODY = (b"Content-Type", b"Expect")  # the same, of a request with a body


class Notation(NamedTuple):
    """``words`` follow "Copy"; ``write`` gets the bytes and the encoding in which they are read as text."""

    name: str
    words: str
    write: Callable[[bytes, Encoding], str]


def _as_python(data: bytes) -> str:
    if len(data) <= _PYTHON_ROW:
        return repr(data)
    rows = (f"    {data[start : start + _PYTHON_ROW]!r}\n" for start in range(0, len(data), _PYTHON_ROW))
    return f"(\n{''.join(rows)})"


def _as_c(data: bytes) -> str:
    rows = (data[start : start + _C_ROW].hex(" ").replace(" ", ", 0x") for start in range(0, len(data), _C_ROW))
    body = ",\n    0x".join(rows)
    return f"const unsigned char data[{len(data)}] = {{\n    0x{body}\n}};"


def _as_dump(data: bytes) -> str:
    """A dump as ``xxd -g 1`` prints it, which ``xxd -r`` and Wireshark read back."""
    return "\n".join(
        f"{start:08x}: {row.hex(' '):{3 * _DUMP_ROW}} {row.translate(_SHOWN).decode('ascii')}"
        for start in range(0, len(data), _DUMP_ROW)
        for row in (data[start : start + _DUMP_ROW],)
    )


_SHOWN = bytes(byte if 0x20 <= byte < 0x7F else ord(".") for byte in range(256))


def write_text(data: bytes, encoding: Encoding) -> str:
    """The bytes as text, or as escapes where the text would not show all of them or not bring them back."""
    text = describe(data, Format.TEXT, encoding)
    return text if text is not None and is_typeable(text) else write_escapes(data, encoding)


NOTATIONS = (
    Notation("text", "as text", write_text),
    Notation("escapes", "as escapes", write_escapes),
    Notation("hex", "as hex", lambda data, _encoding: write_hex(data)),
    Notation("dump", "as a hex dump", lambda data, _encoding: _as_dump(data)),
    Notation("python", "as Python bytes", lambda data, _encoding: _as_python(data)),
    Notation("c", "as a C array", lambda data, _encoding: _as_c(data)),
    Notation("base64", "as base64", lambda data, _encoding: b64encode(data).decode("ascii")),
)


def write_as(name: str, data: bytes, encoding: Encoding = Encoding.UTF_8) -> str:
    """The bytes in the notation of that name."""
    return next(notation.write(data, encoding) for notation in NOTATIONS if notation.name == name)


# Commands for a shell.


class Place(NamedTuple):
    """Where a command speaks: it calls the address or, if it ``listens``, waits there until somebody calls."""

    address: Address
    listens: bool = False
    tls: bool = False
    datagrams: bool = False  # UDP


class ShellCommand(NamedTuple):
    """A program; ``write`` raises ``DraftError`` where the program cannot say these bytes there."""

    name: str
    write: Callable[[bytes, Place], str]


def write_printf(data: bytes) -> str:
    """The command that writes exactly these bytes to its standard output."""
    text = "".join(map(_PRINTF.__getitem__, data))
    return f"printf '{_without_dash(text)}'"


def _without_dash(text: str) -> str:
    """The same without a dash in front, which would begin an option."""
    return rf"\055{text[1:]}" if text.startswith("-") else text


def _ncat(data: bytes, place: Place) -> str:
    if place.tls and place.address.is_local:
        raise _refused(_TLS_OVER_TCP)
    options = f"{' --ssl' if place.tls else ''}{_netcat_options(place)}"
    return f"{write_printf(data)} | ncat{options} {_netcat_target(place.address)}"


def _nc(data: bytes, place: Place) -> str:
    if place.tls:
        raise _refused("nc does not speak TLS. Copy it for ncat or for socat.")
    return f"{write_printf(data)} | nc{_netcat_options(place)} {_netcat_target(place.address)}"


def _netcat_options(place: Place) -> str:
    local = " -U" if place.address.is_local else ""
    return f"{' -u' if place.datagrams else ''}{' -l' if place.listens else ''}{local}"


def _netcat_target(address: Address) -> str:
    if not address.is_local:
        return f"{shlex.quote(address.ascii_host)} {address.port}"
    if not has_file(address.host):
        raise _refused("ncat and nc know no local sockets without a file. Copy it for socat.")
    return shlex.quote(address.host.removeprefix(SCHEME))


def _socat(data: bytes, place: Place) -> str:
    return f"{write_printf(data)} | socat -t{_PATIENCE} - {shlex.quote(_socat_target(place))}"


def _socat_target(place: Place) -> str:
    if place.address.is_local:
        return _local_socat_target(place)
    host, port = place.address.ascii_host, place.address.port
    literal = f"[{host}]" if ":" in host else host
    over = "UDP" if place.datagrams else "TCP"
    if not place.listens:
        return f"{'OPENSSL' if place.tls else over}:{literal}:{port}"
    if place.tls:
        raise _refused("socat needs a certificate to listen with TLS. Copy it for ncat, which makes one.")
    return f"{over}{6 if ':' in host else 4}-LISTEN:{port},bind={literal},reuseaddr"


def _local_socat_target(place: Place) -> str:
    if place.tls:
        raise _refused(_TLS_OVER_TCP)
    name = place.address.host.removeprefix(SCHEME)
    kind = "UNIX" if has_file(place.address.host) else "ABSTRACT"
    quoted = _OWN_TO_SOCAT.sub(r"\\\g<0>", name.removeprefix("@"))
    return f"{kind}-{'LISTEN' if place.listens else 'CONNECT'}:{quoted}"


def _refused(sentence: str) -> DraftError:
    return DraftError(sentence, 0, 0)


# HTTP.


class _Request(NamedTuple):
    method: bytes
    target: bytes
    version: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


def _curl(data: bytes, place: Place) -> str:
    if place.listens or place.datagrams:
        raise _refused("curl only calls, over TCP; this is no request to a web server.")
    request = _read_request(data)
    arguments = [f"curl -i --http{request.version.decode()}", *_method(request)]
    arguments += [f"--request-target {_word(request.target)}"]
    named = {name.lower() for name, _value in request.headers}
    arguments += [f"-H {_word(name + b': ' + value if value else name + b';')}" for name, value in request.headers]
    absent = [*_BY_CURL_ITSELF, *(_WITH_BODY if request.body else ())]
    arguments += [f"-H '{name.decode()}:'" for name in absent if name.lower() not in named]
    if request.body:
        arguments.append("--data-binary @-")
    scheme, address = "https" if place.tls else "http", place.address
    if address.is_local:
        option = "--unix-socket" if has_file(address.host) else "--abstract-unix-socket"
        arguments.append(f"{option} {shlex.quote(address.host.removeprefix(SCHEME).removeprefix('@'))}")
        arguments.append(f"{scheme}://localhost/")
    else:
        host = address.ascii_host
        literal = f"[{host.replace('%', '%25')}]" if ":" in host else host
        arguments.append(shlex.quote(f"{scheme}://{literal}:{address.port}/"))
    command = " \\\n  ".join(arguments)
    return f"{write_printf(request.body)} | {command}" if request.body else command


def _method(request: _Request) -> list[str]:
    """Of HEAD an option of its own, with which curl knows that no body comes."""
    if request.method != b"HEAD":
        return [f"-X {_word(request.method)}"]
    if request.body:
        raise _refused("curl sends no body with HEAD.")
    return ["--head"]


def _word(data: bytes) -> str:
    """The bytes, of which none is NUL and the last no line feed, as one word of the shell."""
    if all(0x20 <= byte < 0x7F for byte in data):
        return shlex.quote(data.decode("ascii"))
    return f'"$({write_printf(data)})"'


def _read_request(data: bytes) -> _Request:
    """One whole request as RFC 9112 has it. Raises ``DraftError`` if it is anything else."""
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    found = _REQUEST_LINE.fullmatch(first)
    headers = [_HEADER.fullmatch(line) for line in lines]
    if found is None or len(head) == len(data) or None in headers:
        raise _refused("These bytes are no whole HTTP/1 request, and curl sends nothing else.")
    fields = [(each[1], each[2].rstrip(b" \t")) for each in headers if each is not None]
    return _Request(found[1], found[2], found[3], fields, _read_body(fields, rest))


def _read_body(fields: list[tuple[bytes, bytes]], rest: bytes) -> bytes:
    values = {name.lower(): value for name, value in fields}
    if b"transfer-encoding" in values:
        if values[b"transfer-encoding"].lower() != b"chunked" or b"content-length" in values:
            raise _refused("curl cannot say how this body is encoded.")
        return _joined_chunks(rest)
    length = values.get(b"content-length", b"0")
    if length != str(len(rest)).encode():
        raise _refused(
            f"The request says that its body has {length.decode('latin-1')[:20]} bytes; it has {len(rest):,}."
        )
    return rest


def _joined_chunks(rest: bytes) -> bytes:
    place, body = 0, bytearray()
    while not _LAST_CHUNK.fullmatch(rest, place):
        found = _CHUNK_SIZE.match(rest, place)
        size = int(found[1], 16) if found is not None else 0
        end = found.end() + size if found is not None else 0
        if found is None or not size or rest[end : end + 2] != b"\r\n":
            raise _refused("The chunks of this request's body are not whole.")
        body += rest[found.end() : end]
        place = end + 2
    if not body:
        raise _refused("curl sends no chunks for a body without bytes.")
    return bytes(body)


SHELL_COMMANDS = (
    ShellCommand("ncat", _ncat),
    ShellCommand("socat", _socat),
    ShellCommand("nc", _nc),
    ShellCommand("curl", _curl),
)


def write_command(name: str, data: bytes, place: Place) -> str:
    """The command with which that program says the bytes there. Raises ``DraftError``."""
    return next(command.write(data, place) for command in SHELL_COMMANDS if command.name == name)
