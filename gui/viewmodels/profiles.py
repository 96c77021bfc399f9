"""The profiles as they are offered, and how a conversation is set as one. No tkinter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from gui.viewmodels.drafting import ENCODINGS, USUAL, MessageFormat
from gui.viewmodels.framings import words_of

if TYPE_CHECKING:
    from core.compose.profiles import Profile

NONE = ""  # in the list of profiles, as are the next two; no profile can be called that
SAVE, EDIT = "\0save", "\0edit"
ACTIONS = ((SAVE, "Save as profile…"), (EDIT, "Edit profiles…"))


class ProfileChoice(NamedTuple):
    """Keys with their words, the key that is chosen, and its own words where it no longer sets what holds."""

    options: tuple[tuple[str, str], ...]
    chosen: str = NONE
    own: str = ""


class Setting(NamedTuple):
    """How a conversation is written, cut into messages and read."""

    message_format: MessageFormat = USUAL
    lens: str = "raw"
    read_as: str = USUAL.encoding
    tls: bool = False

    @property
    def words(self) -> str:
        """``As text, UTF-8, LF at the end; messages: Lines``."""
        read_as = f"; read as {dict(ENCODINGS)[self.read_as]}" if self.read_as != USUAL.encoding else ""
        tls = "; with TLS" if self.tls else ""
        return f"{self.message_format.words}; messages: {words_of(self.lens)}{read_as}{tls}"


def setting_of(profile: Profile) -> Setting:
    """What a profile sets."""
    return Setting(MessageFormat.of(profile, profile.frame), profile.lens, profile.read_as.value, profile.tls)


def profile_of(name: str, setting: Setting) -> Profile:
    """A setting under a name. Raises ``SavedError`` for a name that it cannot have."""
    from core.compose import Encoding
    from core.compose.profiles import Profile

    draft = setting.message_format.draft("")
    read_as = Encoding(setting.read_as)
    return Profile(
        name, draft.format, draft.encoding, draft.ending, draft.framing, setting.lens, read_as, tls=setting.tls
    )


def profile_choice(profiles: Iterable[Profile], chosen: str, setting: Setting) -> ProfileChoice:
    """What there is to choose from; a profile that was chosen and then changed by hand says so."""
    sets = {profile.name: setting_of(profile) for profile in profiles}
    is_as_set = chosen not in sets or sets[chosen]._replace(tls=setting.tls) == setting  # TLS is of what begins next
    own = "" if is_as_set else f"{chosen}, changed"
    return ProfileChoice(((NONE, "none"), *((name, name) for name in sets), *ACTIONS), chosen, own)
