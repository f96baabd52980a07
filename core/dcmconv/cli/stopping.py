"""Ctrl-C, SIGTERM and SIGHUP during a run: once ends it in order, twice ends it now."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

from dcmconv.cli.guard import EXIT_INTERRUPTED, TERMINATING, Terminated

__all__ = ["Signals", "stop_on_signals"]


@dataclass
class Signals:
    """What has been asked for so far."""

    stop: Callable[[str], None]
    tell: Callable[[str], None]
    received: KeyboardInterrupt | None = None

    @property
    def exit_code(self) -> int:
        """How the program ends after the signal."""
        received = self.received
        return received.exit_code if isinstance(received, Terminated) else EXIT_INTERRUPTED

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Ask the run to end; the second time, end it."""
        error = KeyboardInterrupt() if number == signal.SIGINT else Terminated(number)
        if self.received is not None:
            raise error
        self.received = error
        self.stop("interrupted" if number == signal.SIGINT else "terminated")
        # Where the signal came in the middle of a line, the line goes first and this is not said.
        with suppress(RuntimeError):
            self.tell("Finishing what is in hand; once more, and it stops now.")


@contextmanager
def stop_on_signals(stop: Callable[[str], None], tell: Callable[[str], None]) -> Iterator[Signals]:
    """Handle the signals during the block; what is ignored stays so (``nohup``)."""
    signals = Signals(stop, tell)
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    watched = [
        number
        for number in (signal.SIGINT, *TERMINATING)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, signals.handle) for number in watched}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
