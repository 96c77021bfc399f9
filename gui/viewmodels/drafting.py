"""How a message is written and what comes of it, as the message field and the sending controller say it to each other.

Values and words; no tkinter, and of ``core.compose`` only its tables before it is needed: a first window writes
nothing yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, Protocol

from core.compose.encoding import Encoding, LineEnding

if TYPE_CHECKING:
    from core.compose import Composed, Draft, Misfit, SavedMessage
    from core.compose.profiles import Profile
    from core.events import ConnectionId, SessionId

FORMATS = (("text", "text"), ("escapes", "escapes"), ("hex", "hex"))
ENCODINGS = tuple((encoding.value, encoding.words) for encoding in Encoding)
ENCODING_MENU = tuple(  # with who has used each; words without a key begin a submenu
    row
    for group, encodings in groupby(Encoding, key=lambda encoding: encoding.group)
    for row in (("", group), *((encoding.value, encoding.choice) for encoding in encodings))
)[1:]  # the first group stands in the menu itself
ENDINGS = tuple((ending.name.lower(), ending.words) for ending in LineEnding)
FRAMES = (
    ("raw", "none"),
    ("length:1", "1-byte length"),
    ("length:2be", "2-byte length"),
    ("length:2le", "2-byte length, low byte first"),
    ("length:4be", "4-byte length"),
    ("length:4le", "4-byte length, low byte first"),
    ("length:varint", "varint length"),
    ("delimiter:0a", "LF behind it"),
    ("delimiter:0d0a", "CR LF behind it"),
    ("delimiter:00", "NUL behind it"),
    ("between:02,03", "STX … ETX"),
    ("between:0b,1c0d", "MLLP: 0b … 1c 0d"),
    ("flag:7e", "7e around it"),
    ("netstring", "netstring"),
    ("content-length", "Content-Length"),
    ("raw+crc16-modbus", "Modbus RTU CRC"),
    ("between:24,0d0a+xor,HEX,after=2a", "NMEA: $ … *hh"),
)
_LONGEST_LINE = 64 * 1024  # bytes; what is longer is no line
MOST_SHOWN = 16 * 1024  # bytes of a message that a preview keeps


@dataclass(frozen=True, slots=True)
class MessageFormat:
    """How what is typed is meant: keys of the tables above; ``framing`` is any framing's written form."""

    format: str = "text"
    encoding: str = "utf-8"
    ending: str = "nothing"
    framing: str = "raw"

    @classmethod
    def of(cls, written: Draft | Profile | SavedMessage, framing: str) -> MessageFormat:
        """How that is written, in a frame: the way back of ``draft``."""
        return cls(written.format.value, written.encoding.value, written.ending.name.lower(), framing)

    @property
    def is_usual(self) -> bool:
        """Whether it goes out as it is typed, in whatever encoding, and nothing else."""
        return replace(self, encoding=USUAL.encoding) == USUAL

    @property
    def adds_something(self) -> bool:
        """Whether there are bytes around what is typed, so that one message and many are not the same."""
        return self.ending != "nothing" or self.framing != "raw"

    @property
    def words(self) -> str:
        """``As text, UTF-8, CR LF at the end``."""
        parts = [f"As {dict(FORMATS)[self.format]}"]
        if self.format != "hex":
            parts.append(dict(ENCODINGS)[self.encoding])
        if self.ending != "nothing":
            parts.append(f"{dict(ENDINGS)[self.ending]} at the end")
        if self.framing != "raw":
            parts.append(frame_words(self.framing))
        return ", ".join(parts)

    def draft(self, text: str) -> Draft:
        """The text, meant like this."""
        from core.compose import Draft, Format

        return Draft(
            text, Format(self.format), Encoding(self.encoding), LineEnding[self.ending.upper()], framing=self.framing
        )


USUAL = MessageFormat()


class ConversationId(NamedTuple):
    """Where a draft belongs: a session, or one connection of it that is shown alone; without a session, nobody's."""

    session: SessionId | None = None
    connection: ConnectionId | None = None


NOBODYS = ConversationId()


@dataclass(frozen=True, slots=True)
class Writing:
    """How the draft of a conversation is meant, and the connections that were chosen for it; None is everyone."""

    message_format: MessageFormat = USUAL
    recipients: frozenset[ConnectionId] | None = None


class SentMessage(NamedTuple):
    """A message that was sent before, as it was typed."""

    text: str
    format: str = "text"
    encoding: str = "utf-8"


class Recall:
    """Where a person is among earlier messages: at one of them as long as it stands unchanged, or at a new one."""

    def __init__(self) -> None:
        self.messages: Sequence[SentMessage] = ()  # newest first
        self._place = -1  # -1 is the new message

    def begin_anew(self) -> None:
        """What is written now is none of them."""
        self._place = -1

    def go(self, step: int, text: str, new: SentMessage) -> SentMessage | None:
        """The message so many further back, ``new`` behind the newest; None if there is none or ``text`` is another."""
        known = self.messages[self._place].text if 0 <= self._place < len(self.messages) else ""
        place = self._place + step
        if text != known or not -1 <= place < len(self.messages):
            return None
        self._place = place
        return self.messages[place] if place >= 0 else new


class PreviewPart(NamedTuple):
    """Some of the bytes that go out: what was typed (no label), the ``end`` behind it, or its ``frame``."""

    label: str
    data: bytes  # its first ones
    size: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The bytes that will go out, ``size`` of them."""

    size: int
    parts: tuple[PreviewPart, ...]
    tells_time: bool = False  # so that a moment later they are others
    left_out: str = ""  # what of pasted hex is no byte, in words


class ComposeError(NamedTuple):
    """Why nothing will go out, and which characters of what was typed are at fault."""

    sentence: str
    start: int
    stop: int


class SendResult(NamedTuple):
    """What became of a message: whether it leaves the field, what there is to say about it, and what is wrong in it.

    One that is accepted is in the outbox of its connections. It is sent, and the conversation shows it, when the kernel
    has taken its last byte. One that is unheard had nobody to go to, and that may be over soon.
    """

    is_accepted: bool
    sentence: str = ""
    wrong: ComposeError | None = None
    is_unheard: bool = False


class MacroRow(NamedTuple):
    """A macro to choose: what it puts into the field, what it is for, and what it would become there."""

    name: str
    syntax: str
    words: str
    becomes: str


class ComposerController(Protocol):
    """Keeps the recipients and the message format; works out the bytes of messages and sends them.

    ``message_format`` is that of the message field, ``new_format`` that of the messages after it. ``tell`` is
    called at once or a moment later.
    """

    @property
    def message_format(self) -> MessageFormat: ...
    @property
    def new_format(self) -> MessageFormat: ...
    def use_message_format(self, message_format: MessageFormat) -> None: ...
    def choose_message_format(self, message_format: MessageFormat, *, only_here: bool = False) -> None: ...
    def choose_recipients(self, recipients: frozenset[ConnectionId] | None) -> None: ...
    def work_out(
        self, text: str, message_format: MessageFormat, tell: Callable[[Preview | ComposeError], None]
    ) -> None: ...
    def convert(
        self, text: str, before: MessageFormat, after: MessageFormat, tell: Callable[[str | ComposeError], None]
    ) -> None: ...
    def send(
        self,
        texts: Sequence[str],
        message_format: MessageFormat,
        tell: Callable[[SendResult], None],
        *,
        may_replace: bool = False,
    ) -> None: ...
    def macros(self, text: str, message_format: MessageFormat, place: int) -> Sequence[MacroRow]: ...


def frame_words(framing: str) -> str:
    """A framing in words, as the list of frames has it or as it calls itself."""
    known = dict(FRAMES).get(framing)
    if known is not None:
        return known
    from core.wire.framing import parse_framing

    return parse_framing(framing).words


def known(message_format: MessageFormat) -> MessageFormat:
    """The message format, with the usual in place of what this version does not know."""
    from core.wire.framing import FramingError, parse_framing

    framing = message_format.framing
    try:
        parse_framing(framing)
    except FramingError:
        framing = USUAL.framing
    return MessageFormat(
        message_format.format if message_format.format in dict(FORMATS) else USUAL.format,
        message_format.encoding if message_format.encoding in dict(ENCODINGS) else USUAL.encoding,
        message_format.ending if message_format.ending in dict(ENDINGS) else USUAL.ending,
        framing,
    )


def preview_of(composed: Composed, draft: Draft) -> Preview:
    """What is to be seen of a message before it goes out."""
    body, wire = composed.body, composed.wire
    typed = len(body) - _ending_size(draft)
    place, front, added = *_frame_front(draft, wire), len(wire) - len(body)
    behind = len(wire) - (added - front)
    pieces = (
        ("", body, 0, min(place, typed)),
        ("end", body, typed, place),
        ("frame", wire, place, place + front),
        ("", body, place, typed),
        ("end", body, max(place, typed), len(body)),
        ("frame", wire, behind, len(wire)),
    )
    parts = tuple(
        PreviewPart(label, whole[first : min(last, first + MOST_SHOWN)], last - first)
        for label, whole, first, last in pieces
        if last > first
    )
    return Preview(len(wire), parts, any(span.name == "time" for span in composed.macros), composed.left_out)


def ends_nothing(data: bytes, message_format: MessageFormat) -> bool:
    """Whether these bytes are text that goes on, for a peer that reads lines: there is no ending and no frame."""
    from core.compose import Encoding, decode_as

    if message_format.adds_something or len(data) > _LONGEST_LINE:
        return False
    text = decode_as(data, Encoding(message_format.encoding))
    return (
        bool(text)
        and text.replace("\t", " ").replace("\n", " ").replace("\r", " ").isprintable()
        and (text[-1] not in "\r\n")
    )


def compose_error_of(misfit: Misfit) -> ComposeError:
    """The same for what is no message."""
    return ComposeError(misfit.sentence, misfit.start, misfit.stop)


def convert(text: str, before: MessageFormat, after: MessageFormat) -> str | ComposeError:
    """The text in another format, so that its bytes stay the same; itself where it is no message yet.

    What the other format cannot say, and macros, which are worked out for each message anew, stay as they are:
    the answer says why.
    """
    from core.compose import EVERY_VARIABLE, Composed, Context, Format, Misfit, compose, rewrite

    if before.format == after.format:
        return text
    draft = MessageFormat(before.format, before.encoding).draft(text)
    composed = compose(draft, Context(variables=EVERY_VARIABLE))
    if not isinstance(composed, Composed):
        return text
    if not (composed.body or composed.macros):
        return ""
    if (before.ending, before.encoding) == (after.ending, after.encoding):
        draft = before.draft(text)
    rewritten = rewrite(draft, Format(after.format), Encoding(after.encoding))
    return compose_error_of(rewritten) if isinstance(rewritten, Misfit) else rewritten.text


def pasted(data: bytes, message_format: MessageFormat) -> tuple[str, str]:
    """Bytes as a person would write them in a message of that format, and the format: escapes where text cannot be."""
    from core.compose import Encoding, Format, describe, is_typeable

    wanted, encoding = Format(message_format.format), Encoding(message_format.encoding)
    text = describe(data, wanted, encoding)
    if text is not None and (wanted is not Format.TEXT or is_typeable(text)):
        return text, wanted.value
    return describe(data, Format.ESCAPES, encoding) or "", Format.ESCAPES.value


def _ending_size(draft: Draft) -> int:
    return len(draft.ending.value) * (draft.encoding.unit if draft.format.value != "hex" else 1)


def _frame_front(draft: Draft, wire: bytes) -> tuple[int, int]:
    """How many bytes of the body stand in front of what its frame adds first, and how many bytes that are."""
    from core.wire.framing import RAW, parse_framing

    framing = parse_framing(draft.framing)
    if framing == RAW:
        return 0, 0
    splitter = framing.splitter()
    start, stop, _back = splitter.envelope(wire[: splitter.reach], b"")
    return start, stop - start
