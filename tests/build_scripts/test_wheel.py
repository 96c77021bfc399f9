"""What pip installs is one package, ``tincan``, which gets along with anybody's ``core`` and ``gui``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from build_scripts import environment, wheel
from build_scripts.project import ROOT
from build_scripts.terminal_talk import talk_in_terminals
from core import __version__
from tests.build_scripts.test_reproducible import copy_of_the_source
from tests.support.journals import write_journal

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
HOSTILE = "raise RuntimeError('this is somebody else\\'s')\n"

# A script whose own ``core`` is imported first, and then the library.
SCRIPT = """
import sys, types
sys.modules["core"] = theirs = types.ModuleType("core")
from tincan import Address, Client, Limits, Server, Workbench
with Server("127.0.0.1:0", reply="letter") as server, Client(server.addresses[0]) as client:
    print(client.receive().decode(), Server.__module__)
assert sys.modules["core"] is theirs
assert not [name for name in sys.modules if name.startswith(("core.", "gui"))]
"""

# The window's search for a regular expression, which starts Tincan again.
SEARCH = """
import sys
from pathlib import Path
from tincan.core.journal.display_row import Filter
from tincan.core.journal.search.pattern import Mode, Query
from tincan.core.journal.search.search import SearchProcess
search = SearchProcess(Path(sys.argv[1]), 1, Query("l.ne 0+2", Mode.REGEX), Filter(), range(1, 9), 20.0)
print(sum(len(hits.ordinals) for _, hits in search))
search.close()
"""

# The window, until all is loaded that is loaded by name behind its first picture, or something went wrong.
WINDOW = """
import sys
from pathlib import Path
from tincan.gui.app import App, Options
LATE = {"tincan.core.net.tap", "tincan.gui.journals.locks", "tincan.core.compose.composing"}
folder = Path(sys.argv[1])
app = App(Options(folder=folder))
def look():
    if sys.modules.keys() >= LATE or (folder / "errors.log").exists():
        app.leave()
    else:
        app.root.after(10, look)
look()
app.run()
print(sorted(LATE - sys.modules.keys()), (folder / "errors.log").exists(), "core" in sys.modules)
"""

# What a type checker knows of the library.
TYPED = "from tincan import Server; reveal_type(Server('127.0.0.1:0').addresses)"


def installed(folder: Path) -> Path:
    """What the wheel has, made from the mapping in pyproject.toml, without setuptools."""
    homes = SETTINGS["package-dir"]
    for package in SETTINGS["packages"]:
        root = max((home for home in homes if f"{package}.".startswith(f"{home}.")), key=len)
        source = ROOT / homes[root] / package.removeprefix(root).removeprefix(".").replace(".", "/")
        place = folder / package.replace(".", "/")
        place.mkdir(parents=True)
        for module in source.glob("*.py"):
            (place / module.name).write_bytes(wheel.renamed(module.read_bytes()))
    for data in ("icons", "lessons"):
        shutil.copytree(ROOT / "gui" / data, folder / "tincan" / "gui" / data)
    return folder


def test_every_file_that_is_no_module_is_named_as_data() -> None:
    named = {path for pattern in SETTINGS["package-data"]["tincan.gui"] for path in (ROOT / "gui").glob(pattern)}

    assert named == {path for path in (ROOT / "gui").rglob("*.*") if path.suffix not in (".py", ".pyc")}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with packages of our names that are not ours, and a journal."""
    folder = tmp_path / "hostile"
    for name in ("core", "gui", "build_scripts"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(HOSTILE, encoding="utf-8")
    write_journal(folder / "talk.tincan", 5)
    return folder


def run(command: list[str], folder: Path, **variables: str) -> str:
    """Run a program in a folder; what it printed."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    done = subprocess.run(
        command, cwd=folder, env={**known, **variables}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_package_is_installed() -> None:
    found = {path.parent.relative_to(ROOT) for top in ("core", "gui") for path in (ROOT / top).rglob("__init__.py")}

    assert sorted(SETTINGS["packages"]) == ["tincan", *sorted(".".join(("tincan", *path.parts)) for path in found)]


def test_an_import_is_renamed_and_nothing_else() -> None:
    source = (
        b'"""from core import x"""\r\nfrom core import a\nfrom corelation import b\n'
        b"def late() -> None:\n    from gui.views import (\n        core,\n    )\n"
    )

    assert wheel.renamed(source) == source.replace(b"\nfrom core ", b"\nfrom tincan.core ").replace(
        b" from gui.", b" from tincan.gui."
    )


@pytest.mark.parametrize("source", [b"import core\n", b"import sys, gui.app\n", b"from  core import a\n"])
def test_an_import_that_cannot_be_renamed_stops_the_build(source: bytes) -> None:
    with pytest.raises(ValueError, match="line 1"):
        wheel.renamed(source)


def test_installed_it_runs_among_packages_of_the_same_names(hostile: Path, tmp_path: Path) -> None:
    place = str(installed(tmp_path / "site"))

    assert run([sys.executable, "-m", "tincan", "--version"], hostile, PYTHONPATH=place) == f"Tincan {__version__}\n"
    found = run([sys.executable, "-m", "tincan", "find", "talk.tincan", "line", "--count"], hostile, PYTHONPATH=place)
    assert found == "5\n"
    assert run([sys.executable, "-c", SCRIPT], hostile, PYTHONPATH=place) == "type the message tincan.core.net.server\n"
    assert run([sys.executable, "-c", SEARCH, "talk.tincan"], hostile, PYTHONPATH=place) == "1\n"


@pytest.mark.usefixtures("display")
def test_installed_the_window_loads_its_own_parts_and_nobody_elses(hostile: Path, tmp_path: Path) -> None:
    place = str(installed(tmp_path / "site"))

    told = run([sys.executable, "-c", WINDOW, str(tmp_path / "config")], hostile, PYTHONPATH=place)

    assert told == "[] False False\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source distribution, and the wheel that is made from it, by the tools that a packager uses."""
    folder = tmp_path_factory.mktemp("made")
    venv.create(folder / "tools", with_pip=True, symlinks=os.name != "nt")
    python = str(environment.python(folder / "tools"))
    run([python, "-m", "pip", "install", "--quiet", "build"], folder)
    run([python, "-m", "build", "--outdir", str(folder)], copy_of_the_source(folder / "source"))
    (archive,), (packed,) = folder.glob("tincan_tcp-*.tar.gz"), folder.glob("tincan_tcp-*.whl")
    return archive, packed


@pytest.mark.build
@pytest.mark.timeout(600)  # seconds: packages are fetched
def test_pip_installs_it_and_takes_all_of_it_away(
    made: tuple[Path, Path], hostile: Path, tmp_path: Path, display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    venv.create(target, with_pip=True, symlinks=os.name != "nt")
    python = environment.python(target)
    before = files(target)

    run([str(python), "-m", "pip", "install", "--no-index", "--no-deps", str(made[1])], tmp_path)

    with zipfile.ZipFile(made[1]) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert tops == {"tincan", f"tincan_tcp-{__version__}.dist-info"}
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(hostile)
    for command in ([str(python.parent / "tincan")], [str(python), "-m", "tincan"]):
        talk_in_terminals(command)
        assert run([*command, "find", "talk.tincan", "line", "--count"], hostile) == "5\n"
        assert "line 000000000003" in run([*command, "export", "talk.tincan"], hostile)
    for program in ("tincan", "tincan-window"):
        run([str(python.parent / program), "--self-test", "report.txt", "--config", str(tmp_path)], hostile)
    assert run([str(python), "-c", SEARCH, "talk.tincan"], hostile) == "1\n"
    checked = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "-c", TYPED]
    assert 'Revealed type is "tuple[tincan.core.address.Address, ...]"' in run(checked, hostile)
    monkeypatch.undo()

    run([str(python), "-m", "pip", "uninstall", "--yes", "tincan-tcp"], tmp_path)
    assert files(target) == before


@pytest.mark.build
@pytest.mark.timeout(600)  # seconds: packages are fetched
def test_the_source_distribution_can_be_tested(made: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.unpack_archive(made[0], tmp_path)
    folder = tmp_path / made[0].name.removesuffix(".tar.gz")

    source = made[0].parent / "source"
    ours = {path.relative_to(source) for path in files(source)}
    assert {path for path in ours if not (folder / path).is_file()} == set()
    tests = ["tests/core/test_address.py", "tests/build_scripts/test_tincan.py", "tests/build_scripts/test_workflow.py"]
    run([sys.executable, "-m", "pytest", "-q", *tests], folder)


def files(folder: Path) -> set[Path]:
    """Every file in a folder but what Python compiles and what setuptools makes on its way."""
    passing = {"__pycache__", "build", "tincan_tcp.egg-info"}
    return {path for path in folder.rglob("*") if path.is_file() and passing.isdisjoint(path.parts)}
