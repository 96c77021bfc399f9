"""The window that writes a conversation into a file: what, as what, where to, and how far it is."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
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
from gui.widgets.small_window import SmallWindow

_WIDTH, _HEADINGS = 520, 100  # pixels at 96 dots an inch, of all and of the headings in it


class ExportDialog(SmallWindow):
    """Beside the window, not in its way: the conversation goes on and can be read meanwhile.

    ``on_export`` gets what to write, ``on_cancel`` ends it, ``on_open_folder`` shows where the file is.
    ``path`` is what the field suggests, and ``ask_path`` opens the system's own dialog for files.
    """

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
        self._body = ttk.Frame(self, style="Window.TFrame", padding=(theme.px(24), theme.px(16)))
        self._body.pack(fill="both", expand=True)
        self.scopes: Options[Scope] = Options(self._body, theme, lambda _scope: self._forget_result())
        self._as = ttk.Frame(self._body, style="Window.TFrame")
        self.formats: Options[str] = Options(self._as, theme, self._format_chosen, columns=2)
        wrap = theme.px(_WIDTH - _HEADINGS)
        self._sentence = ttk.Label(  # of the chosen one
            self._as, style="Window.Muted.TLabel", justify="left", wraplength=wrap
        )
        self._file = FileRow(
            self._body, theme, ask=ask_path, title="Export to", on_edit=self._path_edited, options=self._kinds_of_file
        )
        self.path, self.choose_button = self._file.field, self._file.button
        self._why = ttk.Label(self._body, style="Window.Error.TLabel", justify="left", wraplength=wrap)
        self._foot = ttk.Frame(self._body, style="Window.TFrame")
        self._progress = ThinProgress(self._foot, theme)
        self._words = ttk.Label(self._foot, style="Window.TLabel", justify="left", wraplength=theme.px(_WIDTH))
        self.folder_button = ttk.Button(self._foot, text="Open folder", command=on_open_folder)
        self.close_button = ttk.Button(self._foot, text="Close", command=self.close)
        self.export_button = ttk.Button(self._foot, text="Export", style="Accent.TButton", command=self._act)
        self._fill(path)
        self._lay_out()
        self._bind_keys()
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
        return str(self._why.cget("text")) if self._why.winfo_manager() else ""

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
        px, body, foot = self.theme.px, self._body, self._foot
        sections: tuple[tuple[str, tk.Widget], ...] = (("What", self.scopes), ("As", self._as), ("To", self._file))
        for row, (words, part) in enumerate(sections):
            gap = (0 if row == 0 else px(14), 0)
            heading = ttk.Label(body, text=words, style="Window.Strong.TLabel")
            heading.grid(row=row, column=0, sticky="nw", padx=(0, px(20)), pady=(gap[0] + px(3), 0))
            part.grid(row=row, column=1, sticky="nsew", pady=gap)
        self.formats.pack(fill="x")
        self._sentence.pack(anchor="w", pady=(px(6), 0))
        body.columnconfigure(1, weight=1, minsize=px(_WIDTH - _HEADINGS))
        foot.grid(row=4, column=0, columnspan=2, sticky="ew", pady=(px(18), 0))
        foot.columnconfigure(0, weight=1)
        self._progress.grid(row=0, column=0, columnspan=4, sticky="ew", pady=(0, px(8)))
        self._words.grid(row=1, column=0, columnspan=4, sticky="w", pady=(0, px(10)))
        for column, button in enumerate((self.folder_button, self.close_button, self.export_button), 1):
            button.grid(row=2, column=column, padx=(px(8), 0))
        for part in (self._progress, self._words, self.folder_button):
            part.grid_remove()

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
            self._why.grid_remove()
            return
        self._why.configure(text=self._safety.text(why))
        self._why.grid(row=3, column=1, sticky="w", pady=(self.theme.px(4), 0))

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
