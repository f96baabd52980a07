"""Where the program starts.

Nothing is imported at the top: every worker process may import this module again.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``dcmconv`` and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the program's name; by default those of this process.
    """
    is_program = arguments is None
    if is_program:
        # Until a command starts: what is imported stays, and looking for garbage in it takes long.
        gc.disable()
    try:
        _replace_closed_streams()
        # Threads of numpy's BLAS library would only use CPU time while they wait for work.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        words = list(sys.argv[1:] if is_program else arguments or ())
        # Python sets a stream to None if its descriptor was closed at the start.
        if sys.stdout is None:
            from dcmconv.cli.exit_codes import exit_code_of_error
            from dcmconv.cli.terminal import stdout_closed

            return exit_code_of_error(stdout_closed())
        if words in (["--version"], ["-V"]):
            return _print_version()
        from dcmconv.cli.app import run_program

        return run_program(words)
    except KeyboardInterrupt:
        # While the program was still being imported, or after its last line.
        _ignore_interrupts(is_program=is_program)
        sys.stderr.write("Interrupted.\n")
        return 130
    finally:
        if is_program and not gc.isenabled():
            # A help text, or wrong words: then the end of the process has nothing to scan either.
            gc.freeze()
            gc.enable()
        _ignore_interrupts(is_program=is_program)


def _ignore_interrupts(*, is_program: bool) -> None:
    """Ignore Ctrl-C while this process ends; Python would answer it with a traceback."""
    if is_program:
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _print_version() -> int:
    """Print the version; much faster than through typer."""
    from dcmconv import __version__
    from dcmconv.cli.exit_codes import exit_code_of_error
    from dcmconv.cli.terminal import print_result

    try:
        print_result(f"dcmconv {__version__}")
    except Exception as error:  # noqa: BLE001 - explained, or raised again
        return exit_code_of_error(error)
    return 0


def _replace_closed_streams() -> None:
    """Open the null device in place of a closed stdin or stderr.

    Otherwise the next file that is opened gets its number, and libraries would print into it.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - until the process ends
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
