"""Profiles: how a kind of peer is talked to, under a name; the first ones, their file, and import and export.

A profile says how messages to a peer are written and how what the peer sends is cut and read, and it knows the
addresses at which it was last used. The file follows the rules of the saved messages (``core.compose.saved``);
``name`` is needed, the rest has a usual value::

    {"version": 1,
     "profiles": [{"name": "SCPI", "format": "text", "encoding": "utf-8", "ending": "lf", "frame": "raw",
                   "lens": "line", "read_as": "utf-8", "places": ["client 10.0.0.7:5025", "server 5025"]}]}

``frame`` and ``lens`` are written forms of framings (``core.wire.framing``), a checksum included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.address import Address
from core.compose.draft import Format
from core.compose.encoding import Encoding, LineEnding
from core.compose.saved import (
    ENCODINGS,
    ENDINGS,
    FORMATS,
    KeptFile,
    SavedError,
    choice_in,
    export_list,
    import_list,
    parse_rows,
    write_rows,
)
from core.roles import Role
from core.wire.framing import FramingError, parse_framing
from core.words import sentence

MOST_PROFILES = 200
MOST_PLACES = 200  # of one profile; the oldest is forgotten
LONGEST_NAME = 60  # characters
_LONGEST_PLACE = 300  # characters


@dataclass(frozen=True, slots=True)
class Profile:
    """How a kind of peer is talked to. Raises ``SavedError`` for a name or a framing that it cannot have.

    ``frame`` is put around what is sent, ``lens`` cuts the conversation into messages, ``read_as`` is the encoding in
    which it is read. ``places`` are where it was last used, newest first (see ``place_of``).
    """

    name: str
    format: Format = Format.TEXT
    encoding: Encoding = Encoding.UTF_8
    ending: LineEnding = LineEnding.NOTHING
    frame: str = "raw"
    lens: str = "raw"
    read_as: Encoding = Encoding.UTF_8
    places: tuple[str, ...] = ()
    tls: bool = False  # whether such a peer is talked to with TLS; whom to believe and by what key is no part of it

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable():
            raise SavedError("A profile needs a name of letters, digits or signs.")
        if len(self.name) > LONGEST_NAME:
            raise SavedError(f"The name has more than {LONGEST_NAME} characters.")
        for framing in (self.frame, self.lens):
            try:
                parse_framing(framing)
            except FramingError as error:
                raise SavedError(sentence(f"“{self.name}” has a frame that is none: {error}")) from None

    def sets_as(self, other: Profile) -> bool:
        """Whether both set the same, whatever they are called."""
        return replace(self, name=other.name, places=other.places) == other


_NMEA = "between:24,0d0a+xor,HEX,after=2a"

STARTERS = (
    Profile("SCPI", ending=LineEnding.LF, lens="line"),
    Profile("Modbus/TCP", Format.HEX, frame="length:2be,offset=4", lens="length:2be,offset=4"),
    Profile("HL7 MLLP", ending=LineEnding.CR, frame="between:0b,1c0d", lens="between:0b,1c0d"),
    Profile("Redis", ending=LineEnding.CRLF, lens="delimiter:0d0a"),
    Profile("NMEA", frame=_NMEA, lens=_NMEA),
    Profile("HTTP", Format.ESCAPES, lens="content-length"),
)
"""What the list holds before anybody has changed it."""


def place_of(role: Role, address: Address) -> str:
    """Where a session is, as profiles remember it: a server by its own port, a client by whom it calls.

    Empty for a server on any free port, which is another one each time.
    """
    if role.listens and not address.is_local:
        return f"{role.name} {address.port}" if address.port else ""
    return f"{role.name} {address}"


class ProfilesFile(KeptFile[Profile]):
    """The file of the profiles."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "profiles", parse=parse_profiles, write=write_profiles, starters=lambda: STARTERS)

    def lacking(self, items: Sequence[Profile], news: Iterable[Profile]) -> tuple[Profile, ...]:
        """Those of a name that is not there yet."""
        return tuple(profile for profile in news if find(items, profile.name) is None)


def find(profiles: Iterable[Profile], name: str) -> Profile | None:
    """The profile of that name."""
    return next((profile for profile in profiles if profile.name == name), None)


def used_at(profiles: Iterable[Profile], place: str) -> Profile | None:
    """The profile that is remembered for a place."""
    return next((profile for profile in profiles if place in profile.places), None)


def remembered(profiles: Iterable[Profile], name: str, place: str) -> tuple[Profile, ...]:
    """The list after the profile of that name was used at a place; with an empty name, none is any more."""
    return tuple(
        replace(
            profile,
            places=(*([place] if profile.name == name else ()), *(one for one in profile.places if one != place))[
                :MOST_PLACES
            ],
        )
        for profile in profiles
    )


def with_profile(profiles: Sequence[Profile], profile: Profile) -> tuple[Profile, ...]:
    """The list with a profile in the place of the one of its name, whose addresses it has too, or at the end."""
    known = find(profiles, profile.name)
    if known is None:
        return (*profiles, profile)
    places = tuple(dict.fromkeys((*profile.places, *known.places)))[:MOST_PLACES]
    return tuple(replace(profile, places=places) if one is known else one for one in profiles)


def renamed(profiles: Sequence[Profile], name: str, new: str) -> tuple[Profile, ...]:
    """The list with another name for a profile. Raises ``SavedError`` for a name that it cannot have."""
    if new != name and find(profiles, new) is not None:
        raise SavedError(f"There is a profile called “{new}” already.")
    return tuple(replace(one, name=new) if one.name == name else one for one in profiles)


def with_imported(profiles: Sequence[Profile], imported: Iterable[Profile]) -> tuple[Profile, ...]:
    """The list with what it lacks of the imported ones behind it: nothing that is there is lost or changed.

    One that sets something else than the profile of its name is called ``NAME 2``, or the next number that is free.
    """
    found = [*profiles]
    for profile in imported:
        if any(profile.sets_as(one) and one.name.startswith(profile.name) for one in found):
            continue
        name, number = profile.name, 2
        while find(found, name) is not None:
            name, number = f"{profile.name[: LONGEST_NAME - 5]} {number}", number + 1
        found.append(replace(profile, name=name))
    return tuple(found)


def import_profiles(path: Path) -> tuple[Profile, ...]:
    """The profiles of a file that was exported or written by hand, without addresses. Raises ``SavedError``."""
    return tuple(replace(profile, places=()) for profile in import_list(path, "profiles", parse_profiles))


def export_profiles(path: Path, profiles: Sequence[Profile]) -> None:
    """Write the profiles to a file of their own, without the addresses of one's peers. Raises ``SavedError``."""
    export_list(path, "profiles", write_profiles([replace(profile, places=()) for profile in profiles]))


def write_profiles(profiles: Sequence[Profile]) -> str:
    """The profiles as JSON in ASCII. Raises ``SavedError`` for more than could be read again."""
    rows = [
        {
            "name": profile.name,
            "format": profile.format.value,
            "encoding": profile.encoding.value,
            "ending": profile.ending.name.lower(),
            "frame": profile.frame,
            "lens": profile.lens,
            "read_as": profile.read_as.value,
            **({"tls": True} if profile.tls else {}),
            **({"places": list(profile.places)} if profile.places else {}),
        }
        for profile in profiles
    ]
    return write_rows("profiles", rows, MOST_PROFILES)


def parse_profiles(text: str) -> tuple[Profile, ...]:
    """The profiles of a file. Raises ``SavedError`` that names the profile which is wrong."""
    rows = parse_rows("profiles", text, MOST_PROFILES)
    profiles = [_parsed(row, f"profile {number}") for number, row in enumerate(rows, 1)]
    names = [profile.name for profile in profiles]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SavedError(f"two of its profiles are called “{twice}”")
    return tuple(profiles)


def _parsed(row: object, what: str) -> Profile:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise SavedError(f"{what} has no “name”")
    framings = {key: row.get(key, "raw") for key in ("frame", "lens")}
    places = row.get("places", [])
    if not all(isinstance(framing, str) for framing in framings.values()):
        raise SavedError(f"{what} has a frame or a lens that is no text")
    tls = row.get("tls", False)
    if not isinstance(tls, bool):
        raise SavedError(f"{what} has a tls that is neither true nor false")
    if not isinstance(places, list) or not all(isinstance(place, str) for place in places):
        raise SavedError(f"{what} has places that are no list of texts")
    try:
        return Profile(
            row["name"],
            choice_in(row, what, "format", Format.TEXT, FORMATS),
            choice_in(row, what, "encoding", Encoding.UTF_8, ENCODINGS),
            choice_in(row, what, "ending", LineEnding.NOTHING, ENDINGS),
            **framings,
            read_as=choice_in(row, what, "read_as", Encoding.UTF_8, ENCODINGS),
            places=tuple(place for place in places[:MOST_PLACES] if len(place) <= _LONGEST_PLACE),
            tls=tls,
        )
    except SavedError as error:
        why = str(error).rstrip(".")
        raise SavedError(why if why.startswith(what) else f"{what}: {why[:1].lower()}{why[1:]}") from None
