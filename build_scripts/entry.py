"""Where a frozen Tincan begins."""

from __future__ import annotations

import sys

from gui.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
