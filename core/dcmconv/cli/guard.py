"""From exceptions to exit codes: the one place that decides how the program ends."""

from __future__ import annotations

import errno
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from dcmconv.cli.terminal import say, stdout_refusal
from dcmconv.errors import DcmconvError, UsageError

__all__ = [
    "EXIT_DAMAGED",
    "EXIT_FAILED",
    "EXIT_INTERNAL",
    "EXIT_INTERRUPTED",
    "EXIT_NOTHING",
    "EXIT_STOPPED",
    "EXIT_TERMINATED",
    "TERMINATING",
    "Terminated",
    "exit_code_of",
    "termination_as_exception",
]

EXIT_FAILED = 1
EXIT_NOTHING = 3
EXIT_STOPPED = 5
EXIT_DAMAGED = 6
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP, raised where Ctrl-C would be, so that all clean up in the same way.

    The argument is the signal's number.
    """

    @property
    def exit_code(self) -> int:
        """What shells say of a program that a signal has ended: 128 and its number."""
        return 128 + int(self.args[0]) if self.args else EXIT_TERMINATED


TERMINATING = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""What ends a program that is still wanted to clean up: a scheduler, a terminal that is closed."""


@contextmanager
def termination_as_exception() -> Iterator[list[Terminated]]:
    """Let SIGTERM and SIGHUP unwind the program, unless ``nohup`` has it ignore them.

    Yields what was raised: typer takes the exception for Ctrl-C, where it comes
    before a command has begun.
    """
    received: list[Terminated] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def unwind(number: int, frame: FrameType | None) -> None:
        received.append(Terminated(number))
        raise received[-1]

    heard = [each for each in TERMINATING if signal.getsignal(each) is not signal.SIG_IGN]
    before = {number: signal.signal(number, unwind) for number in heard}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code_of(command: Callable[[], int | None]) -> int:
    """Run a command's body; explain what it raises on stderr and return the exit code.

    What dcmconv cannot explain is a bug: it is shown as a traceback, and the code is 70.
    """
    try:
        return command() or 0
    except DcmconvError as error:
        say(f"Error: {error}", emphasis="Error:")
        return error.exit_code
    except Terminated as end:
        say("Terminated. The same command goes on where this one stopped.")
        return end.exit_code
    except KeyboardInterrupt:
        say("Interrupted. The same command goes on where this one stopped.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        raise  # the reader of our output went away: typer ends the program quietly
    except Exception as error:  # noqa: BLE001 - the last stop before the shell
        # Help is printed by typer and rich, whose errors come as the system's own.
        refusal = (stdout_refusal(error) or _limit(error)) if isinstance(error, OSError) else None
        if refusal is not None:
            say(f"Error: {refusal}", emphasis="Error:")
            return refusal.exit_code
        say(traceback.format_exc().rstrip())
        say(
            "This is a bug in dcmconv or in a plugin, not in your files.\n"
            "  Please report the lines above with the output of: dcmconv doctor"
        )
        return EXIT_INTERNAL


def _has_folder() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _limit(error: OSError) -> UsageError | None:
    """Return what an error means that any call may meet, for a limit of the system."""
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return UsageError(
            f"The system lets no more files be opened: {error.strerror}.",
            hint="Allow more of them, ulimit -n 4096, or use fewer processes: --workers 2",
        )
    if error.errno == errno.ENOENT and not _has_folder():
        return UsageError(
            "The current folder is gone.", hint="Change to another one: cd, and run again."
        )
    if error.errno == errno.ENAMETOOLONG:
        return UsageError(
            f"A name is longer than the system takes: {str(error.filename)[:60]}...",
            hint="Name a shorter path.",
        )
    return None
