"""How a run shows that it moves: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Protocol, Self

from dcmconv.cli.terminal import is_interactive, say

__all__ = ["Bar", "PlainLines", "Progress", "Silence", "progress_for"]

SECONDS_BETWEEN_LINES = 30.0


class Progress(Protocol):
    """What the report of a run needs."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        ...

    def found(self, count: int) -> None:
        """Say how many inputs are known by now."""

    def moved(self, done: int, failed: int) -> None:
        """Say how many inputs are done, and how many of them failed."""

    def note(self, text: str) -> None:
        """Print lines without tearing what is shown."""


class Silence:
    """Shows nothing; notes are printed all the same."""

    def __enter__(self) -> Self:
        """Begin nothing."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End nothing."""

    def found(self, count: int) -> None:
        """Ignore the count."""

    def moved(self, done: int, failed: int) -> None:
        """Ignore the count."""

    def note(self, text: str) -> None:
        """Print lines."""
        say(text)


class PlainLines(Silence):
    """A line every half minute: for files, pipes and continuous integration."""

    def __init__(self, seconds: float = SECONDS_BETWEEN_LINES) -> None:
        self._seconds = seconds
        self._last = time.monotonic()
        self._known = ""

    def found(self, count: int) -> None:
        """Remember how many there are."""
        self._known = f" of {count:,} found"

    def moved(self, done: int, failed: int) -> None:
        """Print a line if the last one is old enough."""
        now = time.monotonic()
        if now - self._last >= self._seconds:
            self._last = now
            say(f"{done:,}{self._known} inputs done, {failed:,} failed.")


class Bar:
    """A progress bar on stderr, drawn by rich."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._console = Console(stderr=True)
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[trouble]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task: Any = self._bar.add_task("", total=None, trouble="")

    def __enter__(self) -> Self:
        """Draw the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def found(self, count: int) -> None:
        """Set the end of the bar; it moves on while the walk goes on."""
        self._bar.update(self._task, total=count)

    def moved(self, done: int, failed: int) -> None:
        """Move the bar."""
        trouble = f"{failed:,} failed" if failed else ""
        self._bar.update(self._task, completed=done, trouble=trouble)

    def note(self, text: str) -> None:
        """Print lines above the bar."""
        from dcmconv.cli.terminal import harmless

        lines = "\n".join(harmless(line) for line in text.split("\n"))
        self._console.print(lines, markup=False, highlight=False, soft_wrap=True)


def progress_for(*, quiet: bool) -> Progress:
    """Return what suits the place that stderr goes to."""
    if quiet:
        return Silence()
    return Bar() if is_interactive() else PlainLines()
