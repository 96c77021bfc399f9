"""The command line of the terminal programs: what it takes, and one line for what it does not."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core import __version__
from core.__main__ import main, parse
from core.address import Address
from core.cli.options import Options
from core.roles import Role
from core.wire import framing


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ("serve 5555", Options(Role.SERVER, Address("127.0.0.1", 5555))),
        ("serve 5555 --http", Options(Role.SERVER, Address("127.0.0.1", 5555), http=True)),
        ("serve 0.0.0.0:0 --once", Options(Role.SERVER, Address("0.0.0.0", 0), once=True)),
        (
            "serve [::1]:80 --reply none --frame line --journal a.sqlite",
            Options(Role.SERVER, Address("::1", 80), "line", "none", journal=Path("a.sqlite")),
        ),
        ("connect localhost:5555", Options(Role.CLIENT, Address("localhost", 5555))),
        (
            "connect 5555 --frame length:2BE,whole,offset=1",
            Options(Role.CLIENT, Address("127.0.0.1", 5555), "length:2be,offset=1,whole"),
        ),
        (
            "connect 5555 --frame line --journal a.sqlite",
            Options(Role.CLIENT, Address("127.0.0.1", 5555), "line", journal=Path("a.sqlite")),
        ),
    ],
)
def test_what_is_asked_for_is_understood(arguments: str, options: Options) -> None:
    assert parse(arguments.split()) == options


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "the following arguments are required: command"),
        (["listen", "5555"], "invalid choice: 'listen'"),
        (["serve"], "the following arguments are required: [HOST:]PORT"),
        (["connect"], "the following arguments are required: HOST:PORT"),
        (
            ["serve", "5555", "--frame", "csv"],
            "there is no framing called “csv”; there are raw, line, netstring, content-length, delimiter",
        ),
        (["connect", "5555", "--frame", "length:5be"], "argument --frame: a length is one of 1, 2be"),
        (["serve", "5555", "--reply", "shout"], "invalid choice: 'shout'"),
        (["connect", "5555", "--once"], "unrecognized arguments: --once"),
        (["connect", "5555", "6666", "7777"], "unrecognized arguments: 7777"),
        pytest.param(["serve", "65536"], "“65536” is too high: ports go up to 65535", marks=pytest.mark.case("C-28")),
        pytest.param(["serve", "80x"], "the port is missing", marks=pytest.mark.case("C-28")),
        pytest.param(["serve", ":-1"], "“-1” is not a port", marks=pytest.mark.case("C-28")),
        pytest.param(["serve", ""], "type an address", marks=pytest.mark.case("C-28")),
        pytest.param(["connect", "h:0"], "only a server can use", marks=pytest.mark.case("C-28")),
        pytest.param(["connect", "a b:1"], "“a b” is not a host", marks=pytest.mark.case("C-29")),
        pytest.param(["connect", "[::1"], "the closing ] of the IPv6", marks=pytest.mark.case("C-29")),
        pytest.param(["connect", "\x1b[2J\n:1"], r"“\u001b[2J” is not", marks=pytest.mark.case("C-29", "C-82")),
    ],
    ids=ascii,
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        parse(arguments)

    out, err = capsys.readouterr()
    assert leaving.value.code == 2
    assert out == ""
    assert says in err
    assert err.endswith("\n")
    assert err.rstrip("\n").isprintable()


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        parse(["--version"])

    assert leaving.value.code == 0
    assert capsys.readouterr().out == f"Tincan {__version__}\n"


@pytest.mark.parametrize("command", ["serve", "connect", "tap", "export", "find", "test", "replay", "load"])
def test_every_option_is_in_the_page_about_the_terminal(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse([command, "--help"])
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", capsys.readouterr().out)) - {"--help"}
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", (ROOT / "docs" / "terminal.md").read_text("utf-8")))
    assert len(options) > 4
    assert options <= told


def test_every_framing_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["serve", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    shown = words.partition("what is one message:")[2].partition(" --encoding")[0]
    names = re.findall(r"^    ([a-z-]+)", framing.__doc__ or "", re.MULTILINE)
    assert len(set(names)) == 10
    assert [name for name in names if name not in shown] == []


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["connect", "--help"]], ids=" ".join)
def test_help_is_given(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        parse(arguments)

    assert leaving.value.code == 0
    assert "usage: python -m core" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "errors"),
    [
        (
            ["connect", "127.0.0.1:port"],
            2,
            ["python -m core connect: argument HOST:PORT: “port” is not a port: use a number from 1 to 65535"],
        ),
        (["serve", "192.0.2.1:0"], 1, None),
    ],
)
def test_the_exit_code_tells_bad_input_from_a_failure(
    arguments: list[str], code: int, errors: list[str] | None
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )

    lines = done.stderr.splitlines()
    assert done.returncode == code
    assert done.stdout == ""
    assert len(lines) == 1
    assert errors is None or lines == errors


def test_importing_core_loads_nothing_until_it_is_used() -> None:
    source = """
import sys
import core
print(sorted(name for name in sys.modules if name.startswith("core")))
assert core.Server.__module__ == "core.net.server"
assert {getattr(core, name).__name__ for name in core.__all__ if name != "__version__"} == {
    "Address", "Client", "Limits", "Proxy", "Server", "Tap", "Tls", "UdpClient", "UdpServer", "UdpTap",
    "Workbench", "parse_faults",
}
assert "tkinter" not in sys.modules
core.Nonsense
"""
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )

    assert done.stdout == "['core']\n"
    assert done.stderr.splitlines()[-1] == "AttributeError: module 'core' has no attribute 'Nonsense'"


@pytest.mark.parametrize(
    "statement",
    [
        "import core.workbench; core.workbench.Workbench().close()",
        "from core.__main__ import parse; parse(['connect', 'h:1']); parse(['serve', '1'])",
        "import core; core.Server('127.0.0.1:0'); core.Client('127.0.0.1:1'); core.Tls",
    ],
)
def test_nothing_of_tls_is_imported_before_it_is_spoken(statement: str) -> None:
    code = f"{statement}\nimport sys\nprint(*(name for name in ('ssl', '_ssl', 'cryptography') if name in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout.split() == []


def test_a_command_imports_nothing_of_the_others() -> None:
    code = (
        "import sys\nfrom core.__main__ import parse\nparse(['find', 'talk.tincan', 'hello'])\n"
        "print(*(name for name in sys.modules if name.startswith(('core.cli.', 'core.workbench'))))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert set(ran.stdout.split()) == {"core.cli.arguments", "core.cli.common", "core.cli.find", "core.cli.reading"}


def test_what_tls_needs_is_imported_when_it_is_spoken() -> None:
    code = (
        "import core, sys, tempfile\n"
        "with tempfile.TemporaryDirectory() as folder, core.Server('127.0.0.1:0', tls=core.Tls(authority=folder)):\n"
        "    print('ssl' in sys.modules, 'cryptography' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout.split() == ["True", "True"]


def test_a_program_looks_for_garbage_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["tincan", "find", "--help"])
    before = gc.get_threshold()
    gc.set_threshold(700)
    try:
        with pytest.raises(SystemExit):
            main()
        assert gc.get_threshold()[0] == 10_000
    finally:
        gc.set_threshold(*before)
