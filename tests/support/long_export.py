"""Exports a session's longest line into nothing: ``python -m tests.support.long_export JOURNAL FORMAT ...``.

Says on standard output, as JSON, how much was written in each format, and how many bytes of memory it and those before
it took.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from core.journal.display_row import Filter
from core.journal.export.formats import Format, find_format
from core.journal.export.source import opens_reading
from core.journal.export.writer import export_to
from core.journal.reading.lens import Lens
from tests.support.journals import SESSION


def main(journal: Path, forms: Sequence[type[Format]]) -> None:
    """Export the messages under ``line`` in one format after the other, once the rows are counted."""
    lens = Lens("line", Filter(notes=False))
    seen = {}
    with opens_reading(journal, SESSION, lens)(threading.Event()) as source, Path(os.devnull).open("wb") as nothing:
        before = most_memory()
        for form in forms:
            done = export_to(nothing, source, form)
            seen[form.name] = {"rows": done.rows, "size": done.size, "grown": most_memory() - before}
    print(json.dumps(seen))


def most_memory() -> int:
    """The most that this process has had in memory at a time, in bytes.

    Linux also counts to ``ru_maxrss`` what the parent had when it started this process.
    """
    if sys.platform == "win32":
        return 0
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), [find_format(name) for name in sys.argv[2:]])
