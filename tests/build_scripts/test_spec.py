"""The one spec makes for each system what that system needs; PyInstaller's words are recorded instead of obeyed."""

from __future__ import annotations

import plistlib
import tkinter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PyInstaller.utils.hooks import collect_submodules  # type: ignore[import-untyped]

from build_scripts import elf, materials, project, recipe, target
from build_scripts.project import ROOT
from build_scripts.target import System, Target

SPEC = ROOT / "build_scripts" / "app.spec"
SEARCHED = ("searched.so", "/lib/searched.so", "BINARY")  # stands for what was done to the others
WINDOWS_SETTINGS = "{http://schemas.microsoft.com/SMI/2016/WindowsSettings}"


@dataclass
class Analysed:
    """What an analysis found, as the spec sees it."""

    binaries: list[tuple[str, str, str]]
    datas: list[tuple[str, str, str]]
    pure: list[tuple[str, str, str]] = field(default_factory=list)
    scripts: list[tuple[str, str, str]] = field(default_factory=list)


class Modules(str):
    """An archive of modules, by its name, and what is needed to read it."""

    dependencies: Sequence[tuple[str, str, str]] = (("struct.so", "/lib/struct.so", "EXTENSION"),)


@dataclass
class PyInstallerWords:
    """The words that a spec may use; keeps what it made, in order."""

    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    analysed: Analysed = field(
        default_factory=lambda: Analysed(
            [(name, f"/lib/{name}", "BINARY") for name in ("libz.so.1", "libX11.so.6", "libtk8.6.so")],
            [
                ("_tcl_data/encoding/big5.enc", "/a", "DATA"),
                ("_tcl_data/encoding/cp936.enc", "/b", "DATA"),
                ("_tcl_data\\tzdata\\Rome", "/c", "DATA"),
            ],
        )
    )

    def words(self) -> dict[str, Any]:
        """The names that PyInstaller puts before a spec."""
        kinds = {kind: self._maker(kind) for kind in ("EXE", "COLLECT", "BUNDLE")}
        return {
            "SPECPATH": str(SPEC.parent),
            "Analysis": lambda *_, **__: self.analysed,
            "PYZ": lambda _modules, name: Modules(Path(name).name),
            **kinds,
        }

    def _maker(self, kind: str) -> Any:  # noqa: ANN401 - a function of PyInstaller's
        def make(*parts: object, **options: Any) -> str:  # noqa: ANN401
            self.made.append((kind, {**options, "parts": parts}))
            return f"{kind} {options['name']}"

        return make

    def names(self, kind: str) -> list[str]:
        """What was made of a kind."""
        return [options["name"] for made, options in self.made if made == kind]

    def options(self, kind: str) -> dict[str, Any]:
        """With what the first of a kind was made."""
        return next(options for made, options in self.made if made == kind)


@cache  # it starts two programs each time
def submodules(package: str) -> list[str]:
    found: list[str] = collect_submodules(package)
    return found


def run_spec(monkeypatch: pytest.MonkeyPatch, folder: Path, system: System, tcl: float = 8.6) -> PyInstallerWords:
    """Run the spec as if on another system."""
    monkeypatch.setattr(target, "this_target", lambda: Target(system, "x86_64"))
    monkeypatch.setattr(tkinter, "TclVersion", tcl)
    monkeypatch.setattr(project, "BUILD", folder / "build")
    monkeypatch.setattr(materials, "keep", lambda _entries: None)
    monkeypatch.setattr(elf, "copied_without_search_path", lambda rows, _folder: [*rows, SEARCHED])
    monkeypatch.setattr("PyInstaller.utils.hooks.collect_submodules", submodules)
    words = PyInstallerWords()
    exec(compile(SPEC.read_text(encoding="utf-8"), SPEC, "exec"), words.words())
    return words


def test_linux_gets_a_stripped_file_and_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = run_spec(monkeypatch, tmp_path, System.LINUX)

    assert words.names("EXE") == ["tincan", "tincan"]
    assert words.options("COLLECT")["parts"][0] == "EXE tincan"
    assert words.names("BUNDLE") == []
    assert [words.options(kind)["strip"] for kind in ("EXE", "COLLECT")] == [True, True]


def test_modules_are_small_in_the_file_and_plain_in_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = run_spec(monkeypatch, tmp_path, System.LINUX).made

    assert [options["parts"][0] for kind, options in made if kind == "EXE"] == ["modules-9.pyz", "modules-0.pyz"]


def test_a_tcl_that_carries_its_scripts_behind_its_code_is_not_stripped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = run_spec(monkeypatch, tmp_path, System.LINUX, tcl=9.0)

    assert not any(options["strip"] for _, options in words.made)


def test_windows_gets_each_program_with_a_window_and_with_a_console(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = run_spec(monkeypatch, tmp_path, System.WINDOWS)

    consoles = [(options["name"], options["console"]) for kind, options in words.made if kind == "EXE"]
    assert consoles == [("tincan", False), ("tincan-console", True)] * 2
    assert words.options("COLLECT")["parts"][:2] == ("EXE tincan", "EXE tincan-console")
    assert not any(options["strip"] for _, options in words.made)


def test_windows_programs_say_who_they_are_and_draw_sharply(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for options in (options for kind, options in run_spec(monkeypatch, tmp_path, System.WINDOWS).made if kind == "EXE"):
        manifest = ElementTree.parse(options["manifest"])
        assert manifest.findtext(f".//{WINDOWS_SETTINGS}dpiAwareness") == "PerMonitorV2, PerMonitor"
        assert manifest.findtext(f".//{WINDOWS_SETTINGS}longPathAware") == "true"
        assert project.version() in Path(options["version"]).read_text(encoding="utf-8")
        assert Path(options["icon"]).name == "tincan.ico"


def test_macos_gets_an_application_and_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = run_spec(monkeypatch, tmp_path, System.MACOS)

    bundle = words.options("BUNDLE")
    assert words.names("EXE") == ["tincan"]
    assert words.options("EXE")["exclude_binaries"]
    assert bundle["name"] == "Tincan.app"
    assert bundle["parts"] == ("COLLECT tincan-folder",)
    assert plistlib.dumps(bundle["info_plist"])
    assert bundle["info_plist"]["NSLocalNetworkUsageDescription"] == recipe.LOCAL_NETWORK


def test_macos_opens_journals_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = run_spec(monkeypatch, tmp_path, System.MACOS).options("BUNDLE")

    facts = plistlib.loads(plistlib.dumps(bundle["info_plist"]))
    (opened,), (kind,) = facts["CFBundleDocumentTypes"], facts["UTExportedTypeDeclarations"]
    assert opened["LSItemContentTypes"] == [kind["UTTypeIdentifier"]]
    assert kind["UTTypeIdentifier"] == f"{bundle['bundle_identifier']}.journal"
    assert kind["UTTypeTagSpecification"] == {
        "public.filename-extension": ["tincan"], "public.mime-type": ["application/x-tincan-journal"],
    }  # fmt: skip


@pytest.mark.parametrize("system", list(System))
def test_nothing_is_squeezed_or_emulated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: System) -> None:
    made = run_spec(monkeypatch, tmp_path, system).made

    programs = [options for kind, options in made if kind == "EXE"]
    assert not any(options["upx"] or options["argv_emulation"] for options in programs)


@pytest.mark.parametrize(
    ("system", "kept"),
    [(System.LINUX, ["big5"]), (System.MACOS, ["big5", "cp936"]), (System.WINDOWS, ["big5", "cp936"])],
)
def test_what_no_window_reads_stays_out_and_the_encodings_of_the_system_stay_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: System, kept: list[str]
) -> None:
    words = run_spec(monkeypatch, tmp_path, system)

    assert [row[0] for row in words.analysed.datas] == [f"_tcl_data/encoding/{name}.enc" for name in kept]


@pytest.mark.parametrize(
    ("system", "packed"),
    [
        (System.LINUX, ["libtk8.6.so"]),
        (System.MACOS, ["libz.so.1", "libX11.so.6", "libtk8.6.so"]),
        (System.WINDOWS, ["libz.so.1", "libX11.so.6", "libtk8.6.so"]),
    ],
)
def test_on_linux_what_every_desktop_has_is_the_systems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: System, packed: list[str]
) -> None:
    rows = run_spec(monkeypatch, tmp_path, system).analysed.binaries

    assert [row[0] for row in rows if row != SEARCHED] == packed


@pytest.mark.parametrize("system", list(System))
def test_on_linux_no_compiled_file_keeps_where_it_looked_for_libraries(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: System
) -> None:
    words = run_spec(monkeypatch, tmp_path, system)

    archives = [options["parts"][0].dependencies for kind, options in words.made if kind == "EXE"]
    packed = [words.analysed.binaries, *archives]
    assert [SEARCHED in rows for rows in packed] == [system is System.LINUX] * len(packed)


def test_nothing_that_may_come_to_talk_or_record_is_left_out() -> None:
    left_out = {*recipe.UNUSED_MODULES, *recipe.HEAVY_MODULES}

    assert left_out.isdisjoint({"ssl", "socket", "selectors", "sqlite3", "subprocess", "hashlib", "codecs", "csv"})
