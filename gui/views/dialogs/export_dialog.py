"""The window that writes a conversation into a file: what, as what, where to, and how far it is."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import filedialog, ttk

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.exports import (
    NOT_BEGUN,
    ExportFormat,
    ExportRequest,
    ExportView,
    Rows,
    Scope,
    progress_words,
    scope_words,
    with_ending,
)
from gui.widgets.bindings import bind_own
from gui.widgets.controls import Option, Options, ThinProgress
from gui.widgets.fields import FileRow
from gui.widgets.screens import is_narrow
from gui.widgets.small_window import Sections, SmallWindow

_WIDTH, _WORDS = 420, 520  # pixels at 96 dots an inch, of what is asked for and of a line below


class ExportDialog(SmallWindow):
    """Beside the window, not in its way: the conversation goes on and can be read meanwhile.

    ``on_export`` gets what to write, ``on_cancel`` ends it, ``on_open_folder`` shows where the file is.
    ``path`` is what the field suggests, and ``ask_path`` opens the system's own dialog for files.
    """

    _is_as_large_as_needed = True

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        formats: Sequence[ExportFormat],
        path: str,
        on_export: Callable[[ExportRequest], None],
        on_cancel: Callable[[], None],
        on_open_folder: Callable[[], None],
        ask_path: Callable[..., str] = filedialog.asksaveasfilename,
    ) -> None:
        super().__init__(parent, theme, "Export")
        self._formats = tuple(formats)
        self._on_export, self._on_cancel = on_export, on_cancel
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._view = NOT_BEGUN
        self._agreed = ""  # the path whose file may be replaced
        self._is_gone = False
        px = theme.px
        self._foot = ttk.Frame(self, style="Window.TFrame", padding=(px(24), px(18), px(24), px(16)))
        self._sections = Sections(self, theme, partial(self.room_above, self._foot), _WIDTH)
        body = self._sections.body
        self.scopes: Options[Scope] = Options(body, theme, lambda _scope: self._forget_result())
        columns = 1 if is_narrow(self, px) else 2
        self.formats: Options[str] = Options(body, theme, self._format_chosen, columns=columns)
        self._sentence = ttk.Label(body, style="Window.Muted.TLabel")  # of the chosen one
        self._file = FileRow(
            body, theme, ask=ask_path, title="Export to", on_edit=self._path_edited, options=self._kinds_of_file
        )
        self.path, self.choose_button = self._file.field, self._file.button
        self._progress = ThinProgress(self._foot, theme)
        self._words = ttk.Label(self._foot, style="Window.TLabel", justify="left")
        self._words.configure(wraplength=min(px(_WORDS), self._area.width - 2 * px(24)))
        self.folder_button = ttk.Button(self._foot, text="Open folder", command=on_open_folder)
        self.close_button = ttk.Button(self._foot, text="Close", command=self.close)
        self.export_button = ttk.Button(self._foot, text="Export", style="Accent.TButton", command=self._act)
        self._fill(path)
        self._lay_out()
        self._bind_keys()
        self.update_idletasks()
        self._sections.ask_for_room()
        self.deiconify()

    def offer(self, rows: Sequence[Rows], chosen: Scope | None = None) -> None:
        """Offer these rows and go to the ``chosen`` ones; without them, what the person chose stays chosen."""
        options = [Option(one.scope, scope_words(one), is_free=bool(one.number)) for one in rows]
        self.scopes.offer(options, chosen or self.scopes.key)
        if chosen is not None:
            self.scopes.focus_chosen()
        self._show_button()

    def choose_format(self, key: str) -> None:
        """Choose a format, if one is named and none is being written."""
        if key and not self._view.is_running:
            self.formats.choose(key)

    def show(self, view: ExportView) -> None:
        """Show how far it is; a dialog that was closed meanwhile shows nothing."""
        if self._is_gone or view == self._view:
            return
        self._view = view
        words = self._safety.text(progress_words(view))
        self._words.configure(text=words)
        (self._words.grid if words else self._words.grid_remove)()
        self._complain(view.complaint)
        self._progress.put(1.0 if view.result else view.fraction)
        (self._progress.grid if view.is_running else self._progress.grid_remove)()
        (self.folder_button.grid if view.result else self.folder_button.grid_remove)()
        self._show_button()
        if view.result is not None and str(self.tk.call("focus")) == str(self.export_button):
            self.folder_button.focus_set()

    @property
    def request(self) -> ExportRequest:
        """What is chosen and written now."""
        path = self._file.path
        return ExportRequest(self.scopes.key, self.formats.key, path, may_replace=bool(path) and path == self._agreed)

    @property
    def explanation(self) -> str:
        """What it says about the chosen format."""
        return str(self._sentence.cget("text"))

    @property
    def words(self) -> str:
        """What it says about how far it is, or what came of it."""
        return str(self._words.cget("text"))

    @property
    def complaint(self) -> str:
        """What is wrong; empty if nothing is."""
        return self._sections.complaint(self._file)

    def close(self) -> None:
        """Put the window away; what is still being written is cancelled, for nobody would see its end."""
        if self._view.is_running:
            self._on_cancel()
        self.destroy()

    def _fill(self, path: str) -> None:
        self.scopes.offer([Option(Scope.ALL, scope_words(Rows(Scope.ALL, None)), is_free=False)], Scope.ALL)
        formats = [Option(one.key, one.words) for one in self._formats]
        self.formats.offer(formats, formats[0].key)
        self._sentence.configure(text=self._formats[0].sentence)
        self._file.put(path)

    def _lay_out(self) -> None:
        px, foot = self.theme.px, self._foot
        sections = (
            ("What", self.scopes, 0), ("As", self.formats, 14), ("", self._sentence, 6), ("To", self._file, 14),
        )  # fmt: skip
        for words, part, gap in sections:
            self._sections.add(words, part, gap=gap)
        foot.columnconfigure(0, weight=1)
        self._progress.grid(row=0, column=0, columnspan=4, sticky="ew", pady=(0, px(8)))
        self._words.grid(row=1, column=0, columnspan=4, sticky="w", pady=(0, px(10)))
        for column, button in enumerate((self.folder_button, self.close_button, self.export_button), 1):
            button.grid(row=3, column=column, padx=(px(8), 0))
        if is_narrow(self, px):
            self.folder_button.grid(row=2, column=0, columnspan=4, sticky="e", pady=(0, px(8)))
        foot.pack(side="bottom", fill="x")
        foot.lift()
        self._sections.pack(side="top", fill="both", expand=True)
        for shown_later in (self._progress, self._words, self.folder_button):
            shown_later.grid_remove()

    def _bind_keys(self) -> None:
        self.bind("<Escape>", lambda _event: self._escape())
        self.bind("<Return>", self._enter)
        self.bind("<KP_Enter>", self._enter)
        bind_own(self, "<Destroy>", self._destroyed)
        self.protocol("WM_DELETE_WINDOW", self.close)

    def _escape(self) -> None:
        if self._view.is_running:
            self._on_cancel()
        else:
            self.close()

    def _enter(self, event: tk.Event[tk.Misc]) -> str:
        """Enter presses the button that has the focus, and Export from anywhere else."""
        if isinstance(event.widget, ttk.Button):
            event.widget.invoke()
        elif not self._view.is_running:
            self.export_button.invoke()
        return "break"

    def _act(self) -> None:
        if self._view.is_running:
            self._on_cancel()
            return
        if self._view.is_in_the_way:
            self._agreed = self._file.path
        request = self.request
        if not request.path:
            self._complain("Say where to: write a file's name, or choose one.")
            self.path.refuse()
            self.path.focus_set()
            return
        self._forget_result()
        self._on_export(request)

    def _kinds_of_file(self) -> dict[str, object]:
        chosen = next(one for one in self._formats if one.key == self.formats.key)
        kinds = [(chosen.words, f"*{chosen.ending}"), ("All files", "*")]
        return {"defaultextension": chosen.ending, "filetypes": kinds}

    def _format_chosen(self, key: str) -> None:
        chosen = next(one for one in self._formats if one.key == key)
        self._sentence.configure(text=chosen.sentence)
        self._file.put(with_ending(self.path.text, chosen.ending, self._formats))
        self._forget_result()

    def _path_edited(self) -> None:
        if self._file.is_chosen:
            self._agreed = self._file.path  # the system's dialog has asked whether to replace
        self._forget_result()

    def _forget_result(self) -> None:
        """What was said of the export before is not true of the next one."""
        if not self._view.is_running:
            self.show(NOT_BEGUN)
            self._complain("")

    def _complain(self, why: str) -> None:
        if not why:
            self.path.accept()
        self._sections.complain(self._file, why)

    def _show_button(self) -> None:
        view = self._view
        words = "Cancel" if view.is_running else "Replace" if view.is_in_the_way else "Export"
        style = "TButton" if view.is_running or view.result else "Accent.TButton"
        self.export_button.configure(text=words, style=style)
        self.close_button.configure(text="Cancel and close" if view.is_running else "Close")
        for options in (self.scopes, self.formats):
            options.lock(view.is_running)
        for part in (self.path, self.choose_button):
            part.state(["disabled" if view.is_running else "!disabled"])

    def _destroyed(self) -> None:
        self._is_gone = True
