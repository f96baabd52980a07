"""Where the program starts.

Nothing is imported at the top: every worker process may import this module again.
"""

from __future__ import annotations

import os
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
    _open_what_is_closed()
    # numpy's own threads have nothing to do here, and spin while they wait for it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if sys.stdout is None:
        from dcmconv.cli.terminal import no_stdout, say

        refusal = no_stdout()
        say(f"Error: {refusal}", emphasis="Error:")
        return refusal.exit_code
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        from dcmconv import __version__
        from dcmconv.cli.guard import exit_code_of
        from dcmconv.cli.terminal import print_result

        return exit_code_of(lambda: print_result(f"dcmconv {__version__}"))
    from dcmconv.cli.app import run_program

    return run_program(words)


def _open_what_is_closed() -> None:
    """Give a closed stdin or stderr somewhere to go.

    Else the first file that is opened takes its number, and a library's message lands in it.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - for the process's life
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
