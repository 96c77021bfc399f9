"""Some bytes of one message as a file of their own."""

from __future__ import annotations

import threading
from pathlib import Path

from core.events import SessionId
from core.journal.export.draft import Draft, ExportError, in_words, place_for
from core.journal.reading.reader import JournalReader
from core.journal.reading.recorded import Calls, Recorded


def save_stretch(
    journal: Path,
    session: SessionId,
    calls: Calls,
    stretch: tuple[int, int],
    target: Path,
    cancelled: threading.Event,
) -> None:
    """Write the bytes of ``stretch``, counted as ``calls`` count them; the target is replaced when all are there.

    Takes as long as the disk does, and no more memory than one entry needs. Raises ``ExportError`` and
    ``JournalError``; then the target is as it was.
    """
    reader = JournalReader(journal, cancelled.is_set)
    try:
        with in_words(target):
            place = place_for(target)
            draft = Draft(place.parent)
            try:
                for piece in Recorded(reader, session, calls).pieces(*stretch):
                    if cancelled.is_set():
                        raise ExportError("Nothing was saved.", cancelled=True)
                    draft.write(piece)
                draft.finish()
                draft.keep(place)
            finally:
                draft.discard()
    finally:
        reader.close()
