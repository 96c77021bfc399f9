"""The profiles: chosen for a conversation, remembered for its address, saved, edited, imported and exported.

Lives on the window's thread. The file is read when a session is begun or the profiles are first offered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import reason
from core.words import sentence
from gui.controllers.saved_files import SavedKeeping, ask_for_source, ask_for_target, counted, find_out
from gui.viewmodels.profiles import EDIT, NONE, SAVE, ProfileChoice, Setting, profile_choice, profile_of, setting_of

if TYPE_CHECKING:
    from core.address import Address
    from core.compose.profiles import Profile, ProfilesFile
    from core.events import SessionId
    from core.roles import Role
    from gui.controllers.main import MainController
    from gui.views.dialogs.profiles_dialog import ProfilesDialog
    from gui.window import Window

_NOTHING = "A profile is for a conversation: start a server or connect first."


class ProfilesController:
    """Keeps the list of profiles and which of them each session has.

    ``post`` has a call made on the window's thread, from any other.
    """

    def __init__(
        self,
        window: Window,
        main_controller: MainController,
        path: Path,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self.profiles: tuple[Profile, ...] = ()
        self.dialog: ProfilesDialog | None = None
        self._window, self._main_controller, self._post = window, main_controller, post
        self._chosen: dict[SessionId | None, str] = {}
        self._before: tuple[Profile, ...] = ()  # the list without its last change in the dialog
        self._is_loaded = False
        self._then: list[Callable[[], None]] = []  # what waits for the list
        self._keeping: SavedKeeping[Profile] = SavedKeeping(
            window.root,
            path,
            "profiles",
            _open_file,
            post=post,
            on_news=self._take_in,
            on_unread=self._unread,
            complain=main_controller.say,
        )
        window.composer.on_profile = self.choose

    # For the conversation on view.

    def begun(self, session: SessionId, role: Role, address: Address) -> None:
        """Use the profile that is remembered for the place at which a session was just begun."""
        self._when_loaded(partial(self._use_remembered, session, role, address))

    def show(self) -> None:
        """Offer the profiles, and show which one the conversation on view has."""
        self._window.composer.show_profiles(self.choice)

    @property
    def choice(self) -> ProfileChoice:
        """What there is to choose from, and what is chosen."""
        return profile_choice(self.profiles, self._name, self._setting)

    def load(self) -> None:
        """Read the list, if nobody has asked for it yet."""
        self._when_loaded(self.show)

    def choose(self, key: str) -> None:
        """Use a profile for the conversation on view and later ones at its address; or do what else is offered."""
        if key == SAVE:
            self.open_save()
        elif key == EDIT:
            self.open()
        else:
            self._when_loaded(partial(self._choose, key))
        self.show()

    def _choose(self, name: str) -> None:
        from core.compose.profiles import find

        session = self._main_controller.selected
        if session is None:
            self._window.composer.complain(_NOTHING)
            return
        self._remember(session, name)
        profile = find(self.profiles, name)
        if profile is not None:
            self._use(session, profile)
            if profile.tls:
                self._main_controller.tls.put(is_on=True)

    def _remember(self, session: SessionId, name: str) -> None:
        from core.compose.profiles import place_of, remembered

        self._chosen[session] = name
        state = self._main_controller.state
        place = place_of(state.role, state.target) if state is not None else ""
        if place:
            self._keep(remembered(self.profiles, name, place))

    def _use_remembered(self, session: SessionId, role: Role, address: Address) -> None:
        from core.compose.profiles import place_of, used_at

        profile = used_at(self.profiles, place_of(role, address))
        if profile is not None and session == self._main_controller.selected:
            self._chosen[session] = profile.name
            self._use(session, profile)

    def _use(self, session: SessionId, profile: Profile) -> None:
        setting = setting_of(profile)
        self._main_controller.viewing.use(session, setting.lens, setting.read_as)
        self._window.composer.choose(setting.message_format, only_here=True)
        self._main_controller.refresh()
        self._main_controller.conversation.framing.put_away()  # a profile has all the details

    @property
    def _name(self) -> str:
        """The profile of the session on view."""
        return self._chosen.get(self._main_controller.selected, NONE)

    @property
    def _setting(self) -> Setting:
        viewing = self._main_controller.viewing
        state = self._main_controller.state
        tls = state is not None and state.tls
        return Setting(self._main_controller.sending.new_format, viewing.lens.framing, viewing.encoding, tls)

    # The list.

    def open_save(self) -> None:
        """Ask for the name under which the setting of the conversation on view is to be saved."""
        self._when_loaded(self._open_save)

    def _open_save(self) -> None:
        from gui.views.dialogs.profiles_dialog import SaveProfileDialog

        dialog = SaveProfileDialog(
            self._window.root, self._window.theme, self._setting.words, name=self._name, on_save=self.save
        )
        dialog.open(dialog.field)

    def save(self, name: str, *, may_replace: bool) -> str:
        """Save the setting of the conversation on view as its profile; the answer is why that cannot be, or empty."""
        from core.compose import SavedError
        from core.compose.profiles import MOST_PROFILES, find, with_profile

        known = find(self.profiles, name)
        if known is not None and name != self._name and not may_replace:
            return f"There is a profile called “{name}”. Save again to replace it."
        if known is None and len(self.profiles) >= MOST_PROFILES:
            return f"No more than {MOST_PROFILES} profiles can be saved: remove one first."
        try:
            profile = profile_of(name, self._setting)
        except SavedError as error:
            return str(error)
        self._keep(with_profile(self.profiles, profile))
        session = self._main_controller.selected
        if session is not None:
            self._remember(session, name)
        self.show()
        return ""

    def open(self) -> None:
        """Open the window in which profiles are renamed, removed, imported and exported."""
        from gui.views.dialogs.profiles_dialog import ProfilesDialog

        if self.dialog is not None and not self.dialog.is_gone:
            self.dialog.lift()
            self.dialog.focus_set()
            return
        self.dialog = ProfilesDialog(self._window.root, self._window.theme, self)
        self.dialog.open(self.dialog.tree)
        self._when_loaded(self._show_list)

    def rename(self, name: str, new: str) -> str:
        """Give a profile another name; the answer is why it cannot have that, or empty."""
        from core.compose import SavedError
        from core.compose.profiles import renamed

        try:
            self._change(renamed(self.profiles, name, new), f"“{name}” is called “{new}” now." if name != new else "")
        except SavedError as error:
            return str(error)
        self._chosen = {session: new if one == name else one for session, one in self._chosen.items()}
        self.show()
        return ""

    def remove(self, name: str) -> None:
        """Take a profile out of the list; conversations stay set as they are."""
        self._change(tuple(one for one in self.profiles if one.name != name), f"“{name}” was removed.")

    def undo(self) -> None:
        """Take back the last change of the list."""
        self._change(self._before, "Taken back.")

    def bring_in(self) -> None:
        """Import profiles from a file that a person chooses."""
        path = ask_for_source(self._dialog, "profiles")
        if path is not None:
            self.bring_in_from(path)

    def bring_in_from(self, path: Path) -> None:
        """Import those profiles of a file that the list does not have."""
        from core.compose.profiles import import_profiles

        find_out(lambda: import_profiles(path), partial(self._brought_in, path.name), self._failed, self._post)

    def give_out(self) -> None:
        """Export the list into a file that a person chooses."""
        path = ask_for_target(self._dialog, "profiles")
        if path is not None:
            self.give_out_to(path)

    def give_out_to(self, path: Path) -> None:
        """Export the list into a file, without the addresses."""
        from core.compose.profiles import export_profiles

        words = f"{counted(len(self.profiles), 'profile')} exported to {path.name}."
        find_out(partial(export_profiles, path, self.profiles), lambda _: self._say(words), self._failed, self._post)

    def close(self, patience: float = 1.0) -> None:
        """Write the last change to the file; waits so many seconds at most."""
        self._keeping.close(patience)

    # Private.

    @property
    def _dialog(self) -> ProfilesDialog:
        assert self.dialog is not None
        return self.dialog

    def _brought_in(self, name: str, found: tuple[Profile, ...]) -> None:
        from core.compose.profiles import MOST_PROFILES, with_imported

        profiles = with_imported(self.profiles, found)
        new = len(profiles) - len(self.profiles)
        if len(profiles) > MOST_PROFILES:
            total = f"there would be {len(profiles):,} profiles, and there can be {MOST_PROFILES:,}"
            self._say(f"{name} was not imported: {total}.", is_wrong=True)
        elif not new:
            self._say(f"{name} holds nothing that is not here already.")
        else:
            self._change(profiles, f"{counted(new, 'profile')} imported from {name}.")

    def _failed(self, error: BaseException) -> None:
        self._say(reason(error), is_wrong=True)

    def _change(self, profiles: tuple[Profile, ...], words: str) -> None:
        """Keep another list, show it and say what was done."""
        if words:
            before = self.profiles
            self._keep(profiles)
            self._before = before
            self._show_list()
            self._say(words)

    def _keep(self, profiles: tuple[Profile, ...]) -> None:
        if profiles != self.profiles:
            self.profiles, self._before = profiles, ()
            self._keeping.keep(profiles)

    def _show_list(self) -> None:
        self.show()
        if self.dialog is not None and not self.dialog.is_gone:
            rows = [(profile.name, setting_of(profile).words) for profile in self.profiles]
            self.dialog.show(rows, can_undo=bool(self._before) and self._before != self.profiles)

    def _say(self, words: str, *, is_wrong: bool = False) -> None:
        """Say it in the window of the profiles, or, once that is closed, across the main one."""
        if self.dialog is not None and not self.dialog.is_gone:
            self.dialog.say(words, is_wrong=is_wrong)
        elif is_wrong:
            self._main_controller.say(words)

    def _when_loaded(self, act: Callable[[], None]) -> None:
        if self._is_loaded:
            act()
            return
        self._then.append(act)
        if len(self._then) == 1:
            self._keeping.load()

    def _take_in(self, news: tuple[Profile, ...]) -> None:
        """Take in the profiles of the file: all of them the first time, later those of another window."""
        self.profiles += news
        if not self._is_loaded:
            self._is_loaded = True
            waiting, self._then = self._then, []
            for act in waiting:
                act()
        if news:
            self._show_list()

    def _unread(self, error: BaseException) -> None:
        """Say that the list could not be read; it is read again when it is next asked for."""
        self._then.clear()
        self._main_controller.say(sentence(f"The saved profiles could not be read: {reason(error)}"))


def _open_file(path: Path) -> ProfilesFile:
    from core.compose.profiles import ProfilesFile

    return ProfilesFile(path)
