"""Messages that a person keeps: the list, its file, what it begins with, and how it goes to and from other files.

Every other list that is kept in such a file (``core.compose.profiles``) is read and written by the same rules.

The file is JSON that people may write themselves; ``name`` and ``text`` are needed, the rest has a usual value::

    {"version": 1,
     "messages": [{"name": "hello", "format": "escapes", "encoding": "utf-8", "ending": "crlf", "text": "EHLO me"}]}
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from core.compose.draft import Draft, Format
from core.compose.encoding import Encoding, LineEnding
from core.errors import Fault, TincanError, quoted
from core.files import read_json, read_kept, set_aside, why_no_file, write_kept
from core.words import sentence, with_full_stop

VERSION = 1
LARGEST_FILE = 4 * 1024 * 1024  # bytes; a MiB in hex, spaces included, is three
MOST_MESSAGES = 1_000
LONGEST_NAME = 200  # characters

Item = TypeVar("Item")
_Found = TypeVar("_Found")
_Choice = TypeVar("_Choice", bound=Enum)


class SavedError(TincanError, ValueError):
    """A list that a person keeps could not be read or written; nothing was changed. The message is a sentence."""

    fault = Fault.PERSON


@dataclass(frozen=True, slots=True)
class SavedMessage:
    """A message with a name, as it was typed. Raises ``SavedError`` for a name that is too long."""

    name: str
    text: str
    format: Format = Format.TEXT
    encoding: Encoding = Encoding.UTF_8
    ending: LineEnding = LineEnding.NOTHING

    def __post_init__(self) -> None:
        if len(self.name) > LONGEST_NAME:
            raise SavedError(f"The name has more than {LONGEST_NAME} characters.")

    @classmethod
    def of(cls, name: str, draft: Draft) -> SavedMessage:
        """The draft under a name; its framing belongs to the conversation and is not kept."""
        return cls(name, draft.text, draft.format, draft.encoding, draft.ending)

    def draft(self, framing: str = "raw") -> Draft:
        """To be composed under a framing."""
        return Draft(self.text, self.format, self.encoding, self.ending, framing)


class KeptFile(Generic[Item]):
    """A list that is kept between two runs. ``notice`` holds a sentence after a file could not be read.

    ``things`` is what the list is of, ``parse`` and ``write`` are its items from a text and as one, and ``starters``
    what it holds at first.
    """

    def __init__(
        self,
        path: Path,
        things: str,
        *,
        parse: Callable[[str], tuple[Item, ...]],
        write: Callable[[Sequence[Item]], str],
        starters: Callable[[], tuple[Item, ...]],
    ) -> None:
        self.path = path
        self.notice = ""
        self._things = things
        self._parse, self._write, self._starters = parse, write, starters
        self._saved: tuple[Item, ...] | None = None
        self._stamp: tuple[int, ...] = ()  # of the file as this one last read or wrote it

    def load(self) -> tuple[Item, ...]:
        """What was kept. Examples the first time, and after a bad file, which is set aside with a notice."""
        self._stamp = self._stamp_now()
        try:
            self._saved = self._parse(read_kept(self.path, LARGEST_FILE))
        except FileNotFoundError:
            return self._starters()
        except (OSError, ValueError) as error:
            self._set_aside(error)
            return self._starters()
        return self._saved

    def save(self, items: Sequence[Item]) -> None:
        """Keep this list. Raises ``SavedError``, and then the file is as it was."""
        if tuple(items) == self._saved:
            return
        text = self._write(items)
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_kept(self.path, text)
        except OSError as error:
            raise SavedError(sentence(f"The {self._things} cannot be kept in {self.path}: {_reason(error)}")) from error
        self._saved = tuple(items)
        self._stamp = self._stamp_now()

    def news(self) -> tuple[Item, ...]:
        """What somebody else, as another window, has put into the file since this one last read or wrote it."""
        if self._stamp_now() == self._stamp:
            return ()
        try:
            found = self._parse(read_kept(self.path, LARGEST_FILE))
        except (OSError, ValueError):
            return ()
        known = frozenset(self._saved or ())
        return tuple(item for item in found if item not in known)

    def lacking(self, items: Sequence[Item], news: Iterable[Item]) -> tuple[Item, ...]:
        """Those of the news that can stand behind the items: what is not there yet."""
        return tuple(item for item in news if item not in items)

    def _stamp_now(self) -> tuple[int, ...]:
        try:
            found = self.path.stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _set_aside(self, error: Exception) -> None:
        sentence = f"The saved {self._things} could not be read ({_reason(error)})."
        try:
            self.notice = f"{sentence} They were set aside as {set_aside(self.path).name}."
        except OSError:
            self.notice = f"{sentence} They are in {self.path}; saving replaces them."


class SavedMessagesFile(KeptFile[SavedMessage]):
    """The file of the saved messages."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "messages", parse=parse_messages, write=write_messages, starters=starters)


def import_messages(path: Path) -> tuple[SavedMessage, ...]:
    """The messages of a file that was exported or written by hand. Raises ``SavedError``."""
    return import_list(path, "messages", parse_messages)


def export_messages(path: Path, messages: Sequence[SavedMessage]) -> None:
    """Write the messages to a file of their own. Raises ``SavedError``."""
    export_list(path, "messages", write_messages(messages))


def import_list(path: Path, things: str, parse: Callable[[str], _Found]) -> _Found:
    """What ``parse`` makes of a file that was exported or written by hand. Raises ``SavedError``."""
    try:
        if path.exists() and not path.is_file():
            raise SavedError(f"{path.name} is no file.")
        return parse(read_kept(path, LARGEST_FILE))
    except SavedError as error:
        raise SavedError(with_full_stop(f"{path.name} holds no {things} that could be imported: {error}")) from None
    except (OSError, ValueError) as error:
        raise SavedError(with_full_stop(f"{path.name} could not be imported: {_reason(error)}")) from error


def export_list(path: Path, things: str, text: str) -> None:
    """Write a list to a file of its own; one that is there is replaced in one step. Raises ``SavedError``.

    A link stays, and what it leads to is replaced: it is the person's own choice.
    """
    if why := why_no_file(path):
        raise SavedError(with_full_stop(f"{path.name} cannot be a file: {why}"))
    place = Path(os.path.realpath(path))
    if os.path.lexists(place) and not place.is_file():  # a device, a pipe, links in a circle
        raise SavedError(f"{path.name} is there and is no file. Choose another name.")
    try:
        write_kept(place, text)
    except OSError as error:
        raise SavedError(sentence(f"The {things} could not be exported to {path}: {_reason(error)}")) from error


def with_imported(messages: Sequence[SavedMessage], imported: Iterable[SavedMessage]) -> tuple[SavedMessage, ...]:
    """The list with what it lacks of the imported ones behind it."""
    return tuple(dict.fromkeys((*messages, *imported)))


def moved(messages: Sequence[SavedMessage], place: int, to: int) -> tuple[SavedMessage, ...]:
    """The list with the message at ``place`` taken out and put in again so that it stands at ``to``."""
    others = [*messages]
    message = others.pop(place)
    others.insert(to, message)
    return tuple(others)


def write_messages(messages: Sequence[SavedMessage]) -> str:
    """The messages as JSON in ASCII. Raises ``SavedError`` for more than could be read again."""
    rows = [
        {
            "name": message.name,
            "format": message.format.value,
            "encoding": message.encoding.value,
            "ending": message.ending.name.lower(),
            "text": message.text,
        }
        for message in messages
    ]
    return write_rows("messages", rows, MOST_MESSAGES)


def parse_messages(text: str) -> tuple[SavedMessage, ...]:
    """The messages of a file. Raises ``SavedError`` that names the message which is wrong."""
    return tuple(_parsed(row, number) for number, row in enumerate(parse_rows("messages", text, MOST_MESSAGES), 1))


def write_rows(things: str, rows: Sequence[object], most: int) -> str:
    """The rows of a list as JSON in ASCII. Raises ``SavedError`` for more than could be read again."""
    if len(rows) > most:
        raise SavedError(f"No more than {most:,} {things} can be saved, and these are {len(rows):,}.")
    text = json.dumps({"version": VERSION, things: rows}, ensure_ascii=True, indent=1)
    if len(text) > LARGEST_FILE:
        raise SavedError(f"These {things} would take {len(text):,} bytes, and no more than {LARGEST_FILE:,} are kept.")
    return text


def parse_rows(things: str, text: str, most: int) -> list[object]:
    """The rows of a list, of which only the number is checked. Raises ``SavedError``."""
    try:
        found = read_json(text)
    except ValueError as error:
        raise SavedError(str(error)) from None
    rows = found.get(things) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(rows, list):
        raise SavedError(f"it is no object with a list called “{things}”")
    if "version" not in found:
        raise SavedError("its “version” is missing")
    version = found["version"]
    if type(version) is not int or version > VERSION:
        raise SavedError(f"it was written by another version ({str(version)[:20]})")
    if len(rows) > most:
        raise SavedError(f"it holds {len(rows):,} {things}, and there can be {most:,}")
    return rows


def choice_in(row: dict[str, object], what: str, key: str, usual: _Choice, choices: Mapping[str, _Choice]) -> _Choice:
    """What a row says under a key, ``usual`` if it says nothing. Raises ``SavedError`` about ``what``."""
    value = row.get(key)
    if key not in row:
        return usual
    if isinstance(value, str) and value in choices:
        return choices[value]
    known = ", ".join(choices)
    raise SavedError(f"{what} has the {key} {quoted(str(value))}, and there are only {known}")


FORMATS = {one.value: one for one in Format}
ENCODINGS = {one.value: one for one in Encoding}
ENDINGS = {one.name.lower(): one for one in LineEnding}


def _parsed(row: object, number: int) -> SavedMessage:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str) or not isinstance(row.get("text"), str):
        raise SavedError(f"message {number} has no “name” or no “text”")
    if len(row["name"]) > LONGEST_NAME:
        raise SavedError(f"the name of message {number} has more than {LONGEST_NAME} characters")
    return SavedMessage(
        row["name"],
        row["text"],
        choice_in(row, f"message {number}", "format", Format.TEXT, FORMATS),
        choice_in(row, f"message {number}", "encoding", Encoding.UTF_8, ENCODINGS),
        choice_in(row, f"message {number}", "ending", LineEnding.NOTHING, ENDINGS),
    )


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


# Messages to begin with: each is one that a real service answers, and each shows another way to write one.


class Starter(NamedTuple):
    """A message before it is in anybody's list."""

    name: str
    text: str
    format: Format
    ending: LineEnding
    shows: str  # a sentence: what there is to learn from it


STARTERS = (
    Starter(
        "HTTP: get the front page",
        "GET / HTTP/1.1\\r\\n\\\nHost: localhost\\r\\n\\\nConnection: close\\r\\n\\\n\\r\\n",
        Format.ESCAPES,
        LineEnding.NOTHING,
        r"Each line ends with \r\n, and an empty one says that the request is complete. A backslash at the end of a "
        "line here joins it to the next, so that long messages can be read.",
    ),
    Starter(
        "Redis: PING",
        r"*1\r\n$4\r\nPING\r\n",
        Format.ESCAPES,
        LineEnding.NOTHING,
        "Redis counts: one part, of 4 bytes. It answers +PONG, or says what is wrong.",
    ),
    Starter(
        "SMTP: greeting",
        "EHLO localhost",
        Format.TEXT,
        LineEnding.CRLF,
        "Plain text; CR LF is put behind it, which most protocols of the Internet want. "
        "A mail server answers with what it can do.",
    ),
    Starter(
        "SCPI: who are you?",
        "*IDN?",
        Format.TEXT,
        LineEnding.LF,
        "Measuring instruments end their lines with LF alone, often at port 5025. "
        "The answer is maker, model, serial number and version.",
    ),
    Starter(
        "Modbus/TCP: read 10 holding registers",
        r"\{counter:2be}\x00\x00\{length:2be}\x01\x03\x00\x00\x00\x0a",
        Format.ESCAPES,
        LineEnding.NOTHING,
        r"Bytes that are no text, as \x03 asks for registers. The macros count on with each message, and work out "
        "how many bytes follow.",
    ),
    Starter(
        "Modbus/TCP: the same in hex",
        "0001 0000 0006 01 03 0000 000a",
        Format.HEX,
        LineEnding.NOTHING,
        "Two digits a byte, spaces wherever they help: transaction, protocol, length, unit, function, "
        "first register, how many.",
    ),
)
_LESSONS = {(starter.text, starter.format, starter.ending): starter.shows for starter in STARTERS}


def starters() -> tuple[SavedMessage, ...]:
    """What the list holds before anybody has saved a message: one of a kind, to learn from."""
    return tuple(_started(starter) for starter in STARTERS)


def lesson_of(message: SavedMessage) -> str:
    """What there is to learn from it, if it is one of the examples as they were; a name may be another."""
    return _LESSONS.get((message.text, message.format, message.ending), "")


def _started(starter: Starter) -> SavedMessage:
    return SavedMessage(starter.name, starter.text, starter.format, Encoding.UTF_8, starter.ending)
