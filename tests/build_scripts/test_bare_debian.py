"""The proofs on a bare Debian: which are made, when they are skipped, and that nothing of them is left mounted."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from build_scripts import bare_debian, machine
from build_scripts.bare_debian import SKIPPED, BareDebian
from build_scripts.project import ROOT
from tests.support.namespaces import apart


def test_without_root_it_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bare_debian, "is_root_on_linux", lambda: False)

    assert bare_debian.main([]) == SKIPPED
    assert capsys.readouterr().out == "Skipped: this needs root on Debian or Ubuntu, and the right to mount.\n"


def test_where_debootstrap_cannot_be_had_it_is_skipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bare_debian, "is_root_on_linux", lambda: True)
    monkeypatch.setattr(shutil, "which", lambda _program: "/usr/bin/apt-get")
    monkeypatch.setattr(machine, "install", lambda _needs: "apt-get could not install that.")

    assert bare_debian.main(["--suite", "sid", "run"]) == SKIPPED
    assert capsys.readouterr().out == "Skipped: apt-get could not install that.\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["rnu"], "there is no proof 'rnu'; there are run, test, package"),
        (["--suite", "buzz"], "invalid choice: 'buzz'"),
        (["package", "--package", "gone.deb"], "there is no package gone.deb; dev.py build makes one"),
    ],
)
def test_what_it_does_not_know_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as ending:
        bare_debian.main(arguments)

    assert ending.value.code == 2
    assert complaint in capsys.readouterr().err


def test_it_starts_with_a_python_that_has_no_tools() -> None:
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.path.append('.'); import build_scripts.bare_debian"]

    subprocess.run(command, cwd=ROOT, check=True)


def test_only_what_leads_out_of_this_machine_is_carried_over() -> None:
    here = {
        "HOME": "/home/me",
        "https_proxy": "http://proxy:1",
        "NO_PROXY": "here",
        "PIP_CERT": "/a",
        "PYTHONPATH": "/b",
    }

    assert bare_debian.network_variables(here) == {
        "https_proxy": "http://proxy:1",
        "NO_PROXY": "here",
        "PIP_CERT": "/a",
    }


@pytest.mark.skipif(shutil.which("apt-config") is None, reason="there is no apt")
def test_settings_of_the_network_lie_where_they_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, outside = tmp_path / "home", tmp_path / "outside"
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text("[global]\n", encoding="utf-8")
    certificates = tmp_path / "certificates.crt"
    certificates.write_text("ours", encoding="utf-8")
    outside.write_text("untouched", encoding="utf-8")
    root = tmp_path / "root"
    (root / "etc" / "apt" / "apt.conf.d").mkdir(parents=True)
    (root / "etc" / "hosts").symlink_to(outside)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PIP_CERT", str(certificates))

    bare_debian.carry_network_settings(root)

    assert (root / "root" / ".config" / "pip" / "pip.conf").read_text(encoding="utf-8") == "[global]\n"
    assert (root / certificates.relative_to("/")).read_text(encoding="utf-8") == "ours"
    assert (root / "etc" / "hosts").read_bytes() == Path("/etc/hosts").read_bytes()
    assert outside.read_text(encoding="utf-8") == "untouched"
    settings = (root / "etc" / "apt" / "apt.conf.d" / "99network-of-the-host").read_text(encoding="utf-8")
    assert all(line.startswith("Acquire::") for line in settings.splitlines())


@pytest.mark.root
def test_what_is_mounted_and_started_inside_ends_with_the_command(tmp_path: Path) -> None:
    """The root folder is this machine's own, mounted elsewhere."""
    elsewhere = [*apart("--mount"), "sh", "-c", 'mount --bind / "$0" && exec "$@"', str(tmp_path)]
    before = Path("/proc/self/mounts").read_text(encoding="utf-8")
    inside = BareDebian(tmp_path).command(["sh", "-c", "sleep 600 & echo $$; cat /proc/self/mounts; env; exit 7"], ":7")

    done = subprocess.run([*elsewhere, *inside], stdout=subprocess.PIPE, text=True, check=False, timeout=60)
    told = done.stdout.splitlines()

    assert done.returncode == 7
    assert told[0] == "1"  # a process space of its own, which ends with it: what sleeps would hold the pipe open
    assert {"proc /proc", "sysfs /sys"} <= {" ".join(line.split()[:2]) for line in told}
    assert "DISPLAY=:7" in told
    assert not [line for line in told if line.startswith("PYTEST_")]
    assert Path("/proc/self/mounts").read_text(encoding="utf-8") == before
