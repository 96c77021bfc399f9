"""What the window remembers from one run to the next. No tkinter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TypeVar

from core.settings import DEFAULTS, Limits
from gui.viewmodels.drafting import USUAL, MessageFormat, SentMessage
from gui.viewmodels.offered_limits import build_limits

ROWS = (("bubbles", "Bubbles"), ("compact", "One line each"))
TIMES = (("clock", "Time of day"), ("since", "Since the message before"))
TLS_VERSIONS = (("1.2", "TLS 1.2"), ("1.3", "TLS 1.3"))
TLS_CLIENTS = (("none", "Not asked for"), ("ask", "Asked for"), ("require", "Required"))
MOST_ADDRESSES = 10
MOST_MESSAGES = 200
LONGEST_MESSAGE = 10_000  # characters; longer ones are not worth remembering
MOST_CHARACTERS = 100_000  # of all messages; each takes up to 12 bytes in the file
MOST_VARIABLES = 50
LONGEST_VARIABLE = 1_000  # characters
MOST_PINS = 500
MOST_JOURNALS = 10_000
MOST_MEGABYTES = 10_000_000
SOCKET_MODES = (("600", "You alone"), ("660", "You and your group"), ("666", "Everybody on this machine"))
WHEN_FULL = (("another", "Go on in another file"), ("stop", "Stop, and say so"))

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Preferences:
    """Everything that is kept between two runs. Newest first in every list."""

    geometry: str = ""  # WIDTHxHEIGHT+X+Y in pixels
    list_width: float = 0.0  # of the list of sessions, in digits of its text; 0 is the usual width
    side_width: float = 0.0  # the same of what stands beside the conversation
    geometry_scale: float = 1.0  # how large the text was then, as ``Theme.scale``
    hosts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    messages: tuple[SentMessage, ...] = ()
    theme: str = "system"
    text_size: int = 0  # points more than usual
    reply: str = "letter"
    reply_arguments: Mapping[str, str] = field(default_factory=dict)  # used last, by kind: a command, a Python file
    format: str = USUAL.format  # of messages that are written, as are the next three
    encoding: str = USUAL.encoding
    ending: str = USUAL.ending
    frame: str = USUAL.framing
    read_as: str = USUAL.encoding  # how the bytes of conversations are read as text
    rows: str = ROWS[0][0]  # how messages are shown
    times: str = TIMES[0][0]  # and when they were
    font: str = ""  # family of conversations; the system's own if empty
    mono_font: str = ""  # the same of hex
    tls: bool = False  # whether what is started or connected next speaks TLS
    tls_lowest: str = "1.2"  # the oldest version of TLS that is spoken
    tls_certificate: str = ""  # path of the own certificate; empty: one of Tincan's own authority, none in a client
    tls_key: str = ""  # path of its key, where that is in another file
    tls_ca: str = ""  # path of the certificates that may vouch for others; empty: those that the system trusts
    tls_alpn: str = ""  # protocols that are offered, the dearest first
    tls_clients: str = "none"  # whether a server asks for the certificates of its clients
    on_connect: Mapping[str, str] = field(default_factory=dict)  # what a client says or answers by, by HOST:PORT
    pins: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of trusted certificates, by HOST:PORT
    tell_silence: bool = True  # whether it is said that a silent peer may wait for the end of the message
    keep_journals: int = 20  # the one being written included
    journal_megabytes: int = 2_000  # all journals together, in millions of bytes
    running_megabytes: int = DEFAULTS.journal // 1_000_000  # the journal that is being written, in millions of bytes
    when_full: str = WHEN_FULL[0][0]  # what recording does then
    proxy: str = ""  # through which clients and taps dial, as ``core.proxy`` reads it, without its password
    socket_mode: str = "600"  # who may use the local sockets of servers
    limits_changed: Mapping[str, float | None] = field(default_factory=dict)  # those that differ from the usual
    variables: Mapping[str, str] = field(default_factory=dict)  # of messages, the latest set last
    lessons: Mapping[str, float | None] = field(default_factory=dict)  # how many steps were done, by names of lessons
    offered: tuple[str, ...] = ()  # names of the journals of killed runs that were offered

    def with_address(self, host: str, port: str) -> Preferences:
        """With a host and port that were just used in front of the others; the port is empty of a local socket."""
        ports = _in_front(port, self.ports, MOST_ADDRESSES) if port else self.ports
        return replace(self, hosts=_in_front(host, self.hosts, MOST_ADDRESSES), ports=ports)

    @property
    def message_format(self) -> MessageFormat:
        """How messages are written."""
        return MessageFormat(self.format, self.encoding, self.ending, self.frame)

    def with_message_format(self, message_format: MessageFormat) -> Preferences:
        """With messages written like that."""
        return replace(
            self,
            format=message_format.format,
            encoding=message_format.encoding,
            ending=message_format.ending,
            frame=message_format.framing,
        )

    def with_variables(self, variables: Mapping[str, str]) -> Preferences:
        """With variables that a message has set; an empty one is forgotten, and of very many the oldest."""
        kept = {name: value for name, value in self.variables.items() if name not in variables}
        kept |= {name: value for name, value in variables.items() if value}
        return replace(self, variables=dict(list(kept.items())[-MOST_VARIABLES:]))

    def with_message(self, message: SentMessage) -> Preferences:
        """With a message that was just sent in front of the others."""
        if not message.text or len(message.text) > LONGEST_MESSAGE or not is_text(message.text):
            return self
        messages = _in_front(message, self.messages, MOST_MESSAGES)
        sizes = accumulate(len(one.text) for one in messages)
        return replace(self, messages=messages[: sum(size <= MOST_CHARACTERS for size in sizes)])

    def with_on_connect(self, address: str, written: str) -> Preferences:
        """With what a client says on every connect to an address; with nothing there if it is empty."""
        kept = {known: other for known, other in self.on_connect.items() if known != address}
        if written:
            kept[address] = written
        return replace(self, on_connect=dict(list(kept.items())[-MOST_PINS:]))

    def with_pin(self, address: str, fingerprint: str) -> Preferences:
        """With a certificate that is trusted at an address from now on; with none there if it is empty."""
        kept = {known: pin for known, pin in self.pins.items() if known != address}
        if fingerprint:
            kept[address] = fingerprint
        return replace(self, pins=dict(list(kept.items())[-MOST_PINS:]))

    def with_offered(self, journal: str) -> Preferences:
        """With the name of a journal that need not be offered again."""
        return replace(self, offered=_in_front(journal, self.offered, MOST_ADDRESSES))

    def limits(self) -> Limits:
        """The limits for what is started from now on. A value that makes no sense counts as the usual one."""
        limits = build_limits(self.limits_changed)
        journal = self.running_megabytes * 1_000_000
        mode = int(self.socket_mode, 8)
        return replace(limits, socket_mode=mode, journal=journal, journal_goes_on=self.when_full == WHEN_FULL[0][0])


def is_text(value: str) -> bool:
    """Whether there is no half of a character in it: a lone surrogate, which JSON can hold and Tk cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _in_front(item: _Item, others: tuple[_Item, ...], most: int) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys((item, *others)))[:most]
