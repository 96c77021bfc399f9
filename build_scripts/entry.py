"""Where a frozen Tincan begins: the window, or a terminal program if the first argument is its name."""

from __future__ import annotations

import sys

TERMINAL_PROGRAMS = ("serve", "connect", "find", "export")


def main() -> int:
    """Run what the command line asks for; the exit code."""
    if sys.argv[1:2] and sys.argv[1] in TERMINAL_PROGRAMS:
        from core.__main__ import main as terminal

        return terminal()
    from gui.__main__ import main as window

    return window()


if __name__ == "__main__":
    sys.exit(main())
