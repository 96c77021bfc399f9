"""The program ``tincan``, packed or installed: the window, or a terminal program if the first argument is its name."""

from __future__ import annotations

import sys
from pathlib import Path

TERMINAL_PROGRAMS = ("serve", "connect", "tap", "test", "replay", "load", "find", "export")
_HANDLER_HOST = "handler-host"  # a process that the program begins; nobody types it
_IN_A_TERMINAL = """\
in a terminal, without a window:
  tincan serve [HOST:]PORT     listen, show what clients say, and answer
  tincan connect HOST:PORT     connect, send the lines of standard input, show the answers
  tincan tap LISTEN TARGET     stand between two programs, show what both say
  tincan test FILE HOST:PORT   play lists of steps against a server, and say whether it answers as wished
  tincan replay FILE HOST:PORT have one side of a recorded conversation again
  tincan load FILE HOST:PORT   play a list of steps by many clients at a rate, and measure the answers
  tincan find FILE TEXT        show where a journal has a text, bytes or a pattern
  tincan export FILE           write what was recorded as text, CSV, JSON Lines or raw bytes
Each explains its options with --help.
"""


def main() -> int:
    """Run what the command line asks for; the exit code."""
    if sys.argv[1:2] == [_HANDLER_HOST] and len(sys.argv) == 3:
        from core.replies.handler.host import main as host

        return host(Path(sys.argv[2]))
    if sys.argv[1:2] and sys.argv[1] in TERMINAL_PROGRAMS:
        from core.__main__ import main as terminal

        return terminal()
    from gui.__main__ import main as window

    return window(epilog=_IN_A_TERMINAL)


if __name__ == "__main__":
    sys.exit(main())
