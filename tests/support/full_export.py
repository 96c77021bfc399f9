"""Exports to a disk that is full: ``python -m tests.support.full_export WAY JOURNAL FOLDER FORMAT ...``.

By the ``limit`` on the size of this process's files, or on a small ``disk`` that is mounted at FOLDER.
Says on standard output, as JSON, what became of it in each format.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from core.journal.export.files import ExportError
from core.journal.export.formats import Format, find_format
from tests.support.exports import exported

LIMIT = 64 * 1024  # bytes; the journal is longer than any export that must fit


def full(way: str, journal: Path, folder: Path, form: type[Format]) -> dict[str, object]:
    """Export too much, then a little."""
    target = folder / "out"
    target.write_text("old")
    if way == "limit" and sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    try:
        exported(journal, target, form)
    except ExportError as error:
        seen: dict[str, object] = {"sentence": str(error)}
    else:
        seen = {"sentence": "it was written"}
    seen["names"] = sorted(path.name for path in folder.iterdir())
    seen["content"] = target.read_text()[:10]
    seen["exported"] = exported(journal, target, form, first=100, count=20).rows
    return seen


if __name__ == "__main__":
    way, journal, folder, *names = sys.argv[1:]
    print(json.dumps({name: full(way, Path(journal), Path(folder), find_format(name)) for name in names}))
