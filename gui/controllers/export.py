"""Exports the conversation on view into a file, as its dialog asks for it. Lives on the window's thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import monotonic
from core.files import home_folder, is_there
from core.journal.display_row import EVERYTHING
from gui.preferences import typed_path
from gui.viewmodels.exports import Exported as Result
from gui.viewmodels.exports import ExportFormat, ExportRequest, ExportView, Rows, Scope

if TYPE_CHECKING:
    from core.journal.export.writer import ExportJob, Outcome, Progress
    from gui.journals.conversations import OpenConversation
    from gui.journals.viewing import Viewing
    from gui.views.dialogs.export_dialog import ExportDialog
    from gui.window import Window


class ExportController:
    """Runs one export at a time. ``post`` has a call made on the window's thread, from any other."""

    def __init__(
        self,
        window: Window,
        viewing: Viewing,
        *,
        post: Callable[[Callable[[], None]], None],
        open_folder: Callable[[Path], object],
        complain: Callable[[str], None],
    ) -> None:
        self._window = window
        self._viewing = viewing
        self._post = post
        self._open_folder = open_folder
        self._complain = complain
        self._dialog: ExportDialog | None = None
        self._job: ExportJob | None = None
        self._conversation: OpenConversation | None = None
        self._selection: tuple[int, int] | None = None
        self._view = ExportView()
        self._began = 0.0
        self._folder = home_folder()

    def open(self, form: str = "") -> None:
        """Open the dialog for the conversation on view, with a format chosen if one is named."""
        conversation = self._viewing.conversation
        if conversation is None:
            self._complain("There is no conversation on view to export.")
            return
        if self._dialog is not None and self._dialog.winfo_exists():
            self._dialog.lift()
            self._dialog.choose_format(form)
            self._dialog.scopes.focus_chosen()
            return
        from core.journal.export.formats import all_formats
        from gui.views.dialogs.export_dialog import ExportDialog

        self._conversation = conversation
        self._selection = self._window.conversation.transcript.selection.places
        moment = time.strftime("%Y-%m-%d_%H-%M-%S")
        self._dialog = ExportDialog(
            self._window.root,
            self._window.theme,
            formats=[ExportFormat(each.name, each.title, each.sentence, each.ending) for each in all_formats()],
            path=str(self._folder / f"tincan_{moment}.txt"),
            on_export=self._export,
            on_cancel=self.cancel,
            on_open_folder=self._show_folder,
        )
        self._dialog.choose_format(form)
        self._offer(conversation)

    def _show_folder(self) -> None:
        if not self._open_folder(self._folder):
            self._complain(f"No program here shows folders. The file is in {self._folder}")

    def cancel(self) -> None:
        """Cancel the export that is running."""
        if self._job is not None:
            self._job.cancel()

    def _offer(self, conversation: OpenConversation) -> None:
        assert self._dialog is not None
        lens, chosen = conversation.lens, self._selection
        is_all = lens.only.admits_all and not lens.since
        selected = chosen[1] - chosen[0] if chosen is not None else None
        rows = (
            Rows(Scope.ALL, conversation.total if is_all else conversation.entries),
            Rows(Scope.SELECTION, selected),
            Rows(Scope.FILTERED, None if is_all else conversation.total),
        )
        self._dialog.offer(rows, Scope.SELECTION if selected else Scope.FILTERED if not is_all else Scope.ALL)

    def _export(self, request: ExportRequest) -> None:
        from core.journal.export.formats import find_format
        from core.journal.export.source import opens_reading
        from core.journal.export.writer import ExportJob

        conversation, target = self._conversation, typed_path(request.path)
        if conversation is None:
            return
        if is_there(target) and not request.may_replace:
            self._show(ExportView(is_in_the_way=True, complaint=f"{target.name} is there already."))
            return
        lens, first, count = conversation.lens, 0, None
        if request.scope is Scope.ALL:
            lens = replace(lens, only=EVERYTHING, since=0)
        elif request.scope is Scope.SELECTION and self._selection is not None:
            first, count = self._selection[0], self._selection[1] - self._selection[0]
        self._folder, self._began = target.absolute().parent, monotonic()
        self._show(ExportView(is_running=True, total=count or 0))
        self._job = ExportJob(
            opens_reading(conversation.journal.path, conversation.session, lens, conversation.entries),
            target,
            find_format(request.format),
            encoding=self._window.conversation.transcript.decoding.encoding,
            first=first,
            count=count,
            on_progress=lambda progress: self._post(partial(self._went_on, progress)),
            on_end=lambda outcome: self._post(partial(self._ended, outcome)),
        )

    def _went_on(self, progress: Progress) -> None:
        took = max(0.001, monotonic() - self._began)
        self._show(ExportView(True, progress.rows, progress.total, progress.size, progress.size / took))

    def _ended(self, outcome: Outcome) -> None:
        from core.journal.export.writer import NotExported

        self._job = None
        if isinstance(outcome, NotExported):
            why = "" if outcome.cancelled else outcome.why
            self._show(ExportView(complaint=why, is_cancelled=outcome.cancelled))
            return
        paths = outcome.paths
        where = paths[0].name if len(paths) == 1 else f"{len(paths):,} files"
        self._show(ExportView(result=Result(outcome.rows, outcome.size, where)))

    def _show(self, view: ExportView) -> None:
        self._view = view
        if self._dialog is not None and self._dialog.winfo_exists():
            self._dialog.show(view)
