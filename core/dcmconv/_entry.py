"""Where the program starts.

Nothing is imported at the top: every worker process may import this module again.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``dcmconv`` and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; that of this process if left out.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        from dcmconv import __version__

        sys.stdout.write(f"dcmconv {__version__}\n")
        return 0
    from dcmconv.cli.app import run_program

    return run_program(words)
