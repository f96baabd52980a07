"""``python -m dcmconv``: the program under a name that no other program has."""

from __future__ import annotations

import sys

from dcmconv._entry import main

if __name__ == "__main__":
    sys.exit(main())
