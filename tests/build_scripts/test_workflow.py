"""The release workflow runs nothing that somebody else can change, and may do no more than it must."""

from __future__ import annotations

import re

from build_scripts.project import ROOT

WORKFLOW = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
JOBS = re.split(r"^  (?=\w+:$)", WORKFLOW.partition("\njobs:\n")[2], flags=re.MULTILINE)[1:]


def test_every_action_is_pinned_by_its_commit_and_says_its_version() -> None:
    used = re.findall(r"uses: (.*)", WORKFLOW)

    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in used)


def test_an_action_has_one_version_throughout() -> None:
    used = set(re.findall(r"uses: (\S+)@(\S+)", WORKFLOW))

    assert len(used) == len({name for name, _ in used})


def test_the_tests_and_their_reach_are_both_checked() -> None:
    assert "run: python build_scripts/dev.py test\n      - run: python build_scripts/dev.py coverage\n" in JOBS[0]


def test_every_job_ends_in_time() -> None:
    assert [job.partition(":")[0] for job in JOBS] == ["test", "build", "release"]
    assert all(re.search(r"^    timeout-minutes: \d+$", job, re.MULTILINE) for job in JOBS)


def test_windows_programs_are_built_with_the_python_whose_clock_does_not_step() -> None:
    usual, on_windows = '- python: "3.11"\n', '- system: windows-2022\n            python: "3.13" #'

    assert f"include:\n          {usual}          {on_windows}" in JOBS[1]
    assert "python-version: ${{ matrix.python }}" in JOBS[1]


def test_only_the_job_that_drafts_a_release_may_write() -> None:
    assert "\npermissions:\n  contents: read\n" in WORKFLOW
    assert [": write" in job for job in JOBS] == [False, False, True]
    assert all("persist-credentials: false" in job for job in JOBS if "actions/checkout" in job)


def test_what_a_stranger_can_name_is_never_put_into_a_script() -> None:
    scripts = re.findall(r"run: (?:[|>]\n((?:          .*\n)+)|(.*)\n)", WORKFLOW)

    assert scripts
    assert not any("${{" in text for script in scripts for text in script)
