"""How the program ends: every exit code is decided here, and its error printed.

Ctrl-C, SIGTERM and SIGHUP: the first one ends a run in order, the second one ends it now.
"""

from __future__ import annotations

import errno
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from dcmconv.cli.terminal import print_json, say, stdout_error
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
    "RunSignals",
    "Terminated",
    "exit_code_of_error",
    "exit_code_of_run",
    "exit_code_of_signal",
    "signals_as_exceptions",
    "stop_on_signals",
]

NOT_INSTALLED = "not-installed"
"""The reason of an input whose codec is not installed."""

IS_BUG = "This is a bug in dcmconv or in a plugin, not a problem with your files."
REPORT_IT = "Please report the lines above with the output of: dcmconv doctor"

# 2 is a usage error and 4 a missing plugin or codec: see the classes in ``dcmconv.errors``.
EXIT_FAILED = 1
EXIT_NOTHING = 3
EXIT_STOPPED = 5
EXIT_DAMAGED = 6
# EX_SOFTWARE of sysexits.h.
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
        # If all that failed is a codec that is not installed, the installation must change.
        is_all = not summary.converted and summary.reasons.get(NOT_INSTALLED) == summary.failed
        return UnsupportedError.exit_code if is_all else EXIT_FAILED
    return 0 if summary.converted else EXIT_NOTHING


def exit_code_of_signal(received: KeyboardInterrupt) -> int:
    """Return what shells report for a program that a signal ended: 128 plus its number."""
    # Only Terminated has the number of its signal; the exception of Ctrl-C has no arguments.
    return 128 + int(received.args[0]) if received.args else EXIT_INTERRUPTED


def exit_code_of_error(error: BaseException, *, as_json: bool = False) -> int:
    """Explain an error on stderr and return the exit code.

    An error that dcmconv cannot explain is a bug: it is shown as a traceback, and the code is 70.
    With ``as_json``, the error is one JSON object on stdout as well, for programs.

    Raises
    ------
    BaseException
        The error itself, if it is not about this program: a closed pipe, or ``SystemExit``.
    """
    if isinstance(error, DcmconvError):
        return _explained(error, as_json=as_json)
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
        return _explained(known, as_json=as_json)
    say("".join(traceback.format_exception(error)).rstrip())
    say(f"{IS_BUG}\n  {REPORT_IT}")
    if as_json:
        message = f"{type(error).__name__}: {error}"
        _print_error(DcmconvError(message, f"{IS_BUG} {REPORT_IT}", "bug"), EXIT_INTERNAL)
    return EXIT_INTERNAL


def _explained(error: DcmconvError, *, as_json: bool) -> int:
    say(f"Error: {error}", emphasis="Error:")
    if as_json:
        _print_error(error, error.exit_code)
    return error.exit_code


def _print_error(error: DcmconvError, code: int) -> None:
    """Write an error to stdout as one JSON object."""
    described = {name: getattr(error, name) for name in ("reason", "message", "hint")}
    # stdout may be what the error is about.
    with suppress(DcmconvError, OSError):
        print_json({"kind": "error", **described, "exit_code": code})


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


TERMINATING = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Sent by a scheduler, or when the terminal is closed; the program still cleans up."""

Handler = Callable[[int, FrameType | None], None]


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP, raised where Ctrl-C would be, so that all three clean up the same way.

    The argument is the number of the signal.
    """


@contextmanager
def signals_as_exceptions() -> Iterator[list[KeyboardInterrupt]]:
    """Turn Ctrl-C, SIGTERM and SIGHUP into exceptions, unless ``nohup`` had them ignored.

    Yields the exceptions that were raised: before a command has begun, typer turns them into
    exit code 130, as it does for Ctrl-C.  Only one is raised: another signal, which a shell or a
    scheduler may send within milliseconds, would interrupt the message about the first.
    """
    received: list[KeyboardInterrupt] = []

    def unwind(number: int, frame: FrameType | None) -> None:
        if received:
            return
        received.append(_exception_of(number))
        raise received[-1]

    with _handling((signal.SIGINT, *TERMINATING), unwind):
        yield received


def _exception_of(number: int) -> KeyboardInterrupt:
    return KeyboardInterrupt() if number == signal.SIGINT else Terminated(number)


# Without a repr: signal.signal() makes that of its handler, which would show the whole run.
@dataclass(eq=False, repr=False)
class RunSignals:
    """Handles the signals of one run."""

    stop: Callable[[str], None]
    note: Callable[[str], None]
    received: KeyboardInterrupt | None = None
    has_raised: bool = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Ask the run to stop; the second time, raise; after that, let the run clean up."""
        if self.has_raised:
            return
        error = _exception_of(number)
        if self.received is not None:
            self.has_raised = True
            raise error
        self.received = error
        self.stop("interrupted" if number == signal.SIGINT else "terminated")
        # A signal that arrives while a line is being written finds the stream locked.
        with suppress(RuntimeError):
            self.note("Finishing current work; press Ctrl-C again to stop now.")


@contextmanager
def stop_on_signals(
    stop: Callable[[str], None], note: Callable[[str], None]
) -> Iterator[RunSignals]:
    """Handle the signals during the block: ``stop`` ends the run, ``note`` prints a line."""
    signals = RunSignals(stop, note)
    with _handling((signal.SIGINT, *TERMINATING), signals.handle):
        yield signals


@contextmanager
def _handling(numbers: Sequence[int], handler: Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    # What is ignored stays ignored: that is how nohup works.
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
