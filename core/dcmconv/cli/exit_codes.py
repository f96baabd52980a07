"""How the program ends: every exit code is decided here, and its error printed."""

from __future__ import annotations

import errno
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from dcmconv.cli.signals import Terminated
from dcmconv.cli.terminal import say, stdout_error
from dcmconv.errors import DcmconvError, UnsupportedError, UsageError

if TYPE_CHECKING:
    from dcmconv.model.outcome import Summary

__all__ = [
    "EXIT_DAMAGED",
    "EXIT_FAILED",
    "EXIT_INTERNAL",
    "EXIT_INTERRUPTED",
    "EXIT_NOTHING",
    "EXIT_STOPPED",
    "EXIT_TERMINATED",
    "exit_code_of_error",
    "exit_code_of_run",
    "exit_code_of_signal",
]

NOT_INSTALLED = "not-installed"
"""The reason of an input whose codec is not installed."""

# 2 is a usage error and 4 a missing plugin or codec: see the classes in ``dcmconv.errors``.
EXIT_FAILED = 1
EXIT_NOTHING = 3
EXIT_STOPPED = 5
EXIT_DAMAGED = 6
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


def exit_code_of_run(
    summary: Summary, *, verified: bool = False, signal_received: KeyboardInterrupt | None = None
) -> int:
    """Return the exit code of a run; with ``verified``, damaged pictures count."""
    if summary.stopped:
        return exit_code_of_signal(signal_received) if signal_received else EXIT_STOPPED
    if verified and (summary.missing or summary.altered):
        return EXIT_DAMAGED
    if summary.failed:
        is_all = not summary.converted and summary.reasons.get(NOT_INSTALLED) == summary.failed
        return UnsupportedError.exit_code if is_all else EXIT_FAILED
    return 0 if summary.converted else EXIT_NOTHING


def exit_code_of_signal(received: KeyboardInterrupt) -> int:
    """Return what shells report for a program that a signal ended: 128 plus its number."""
    return 128 + int(received.args[0]) if received.args else EXIT_INTERRUPTED


def exit_code_of_error(error: BaseException) -> int:
    """Explain an error on stderr and return the exit code.

    An error that dcmconv cannot explain is a bug: it is shown as a traceback, and the code is 70.

    Raises
    ------
    BaseException
        The error itself, if it is not about this program: a closed pipe, or ``SystemExit``.
    """
    if isinstance(error, DcmconvError):
        return _explained(error)
    if isinstance(error, KeyboardInterrupt):
        word = "Terminated" if isinstance(error, Terminated) else "Interrupted"
        say(f"{word}. Run the same command again to resume.")
        return exit_code_of_signal(error)
    # The program that read our output has ended: typer ends this one quietly.
    if isinstance(error, BrokenPipeError) or not isinstance(error, Exception):
        raise error
    # typer and rich print the help, and do not catch system errors.
    known = (stdout_error(error) or _system_limit(error)) if isinstance(error, OSError) else None
    if known is not None:
        return _explained(known)
    say("".join(traceback.format_exception(error)).rstrip())
    say(
        "This is a bug in dcmconv or in a plugin, not a problem with your files.\n"
        "  Please report the lines above with the output of: dcmconv doctor"
    )
    return EXIT_INTERNAL


def _explained(error: DcmconvError) -> int:
    say(f"Error: {error}", emphasis="Error:")
    return error.exit_code


def _system_limit(error: OSError) -> UsageError | None:
    """Return the explanation of an error that any system call may raise; None for the others."""
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return UsageError(
            f"Too many open files: {error.strerror}.",
            hint="Raise the limit with ulimit -n 4096, or use fewer processes: --workers 2",
        )
    if error.errno == errno.ENOENT and not _current_folder_exists():
        return UsageError(
            "The current folder no longer exists.", hint="Change to another folder and try again."
        )
    if error.errno == errno.ENAMETOOLONG:
        return UsageError(
            f"File name too long for this system: {str(error.filename)[:60]}...",
            hint="Use a shorter path.",
        )
    return None


def _current_folder_exists() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True
