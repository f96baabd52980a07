"""Ctrl-C, SIGTERM and SIGHUP: the first one ends a run in order, the second one ends it now."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

__all__ = ["RunSignals", "Terminated", "signals_as_exceptions", "stop_on_signals"]

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


@dataclass
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
