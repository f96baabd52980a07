"""What a run shows while it works: a bar on a terminal, an occasional plain line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dcmconv.cli.report import counted, opening_line, outcome_data, outcome_line
from dcmconv.cli.terminal import harmless, is_interactive, print_json, say
from dcmconv.model.records import record

if TYPE_CHECKING:
    from dcmconv.chain.plan import Plan
    from dcmconv.cli.run_flags import RunArguments
    from dcmconv.model.outcome import Outcome
    from dcmconv.run.journal.run_record import ChainChange
    from dcmconv.run.progress import Tally

__all__ = ["Bar", "PlainLines", "Progress", "progress_for"]

SECONDS_BETWEEN_LINES = 30.0


@record
class Progress:
    """Listens to a run, and prints its notes; this class shows no progress (``--quiet``)."""

    arguments: RunArguments
    plan: Plan
    chain_has_changed: bool = False

    def __enter__(self) -> Self:
        """Start to show progress."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Restore the terminal."""

    def started(self, total_known: int | None, workers: int) -> None:
        """Print what is about to be converted."""
        self._tell(opening_line(self.arguments, self.plan, workers))

    def chain_changed(self, change: ChainChange) -> None:
        """Print what changed and how much is converted again."""
        self.chain_has_changed = True
        lines = "".join(f"\n  {line}" for line in change.lines)
        self._tell(
            f"The chain changed since the last run; {counted(change.inputs, 'input')} with "
            f"{counted(change.pictures, 'picture')} will be converted again:{lines}"
        )

    def table_changed(self, path: Path, before: Sequence[str], now: Sequence[str]) -> None:
        """Print which columns the table gets and loses."""
        added = [f"+ {each}" for each in now if each not in before]
        lost = [f"- {each}" for each in before if each not in now]
        changes = ", ".join([*added, *lost]) or "another order"
        self._tell(f"The columns of {path} change: {changes}")

    def suspected(self, key: str) -> None:
        """Print that an input may have crashed a previous run; printed even with ``--quiet``."""
        self.note(
            f"A previous run crashed while reading {key}; it is now read in a worker process."
        )

    def statistics_pass_started(self) -> None:
        """Print why every input is read twice."""
        self._tell("Every input is read twice: first to gather statistics that inputs share.")

    def found(self, count: int) -> None:
        """Note the number of inputs found so far."""

    def all_found(self, count: int) -> None:
        """Note the number of all inputs."""

    def finished(self, outcome: Outcome, tally: Tally) -> None:
        """Show the progress, and print the outcome with ``--verbose``."""
        self.moved(tally.done, tally.failed)
        if self.arguments.verbose and self.arguments.as_json:
            print_json(outcome_data(outcome))
        elif self.arguments.verbose:
            self.note(outcome_line(outcome))
        if self.arguments.verbose and outcome.printed:
            lines = outcome.printed.rstrip().replace("\n", "\n  ")
            self.note(f"Printed by plugins while they worked on {outcome.input}:\n  {lines}")

    def moved(self, done: int, failed: int) -> None:
        """Show how many inputs are done, and how many of them failed."""

    def note(self, text: str) -> None:
        """Print lines without breaking what is shown."""
        say(text)

    def _tell(self, text: str) -> None:
        if not self.arguments.quiet:
            self.note(text)


@record
class PlainLines(Progress):
    """Prints a line every half minute: for files, pipes and continuous integration."""

    seconds: float = SECONDS_BETWEEN_LINES
    # From the start of the run, so that a short one prints no line.
    _last: float = field(default_factory=time.monotonic)
    _known: str = ""

    def found(self, count: int) -> None:
        """Remember how many there are."""
        self._known = f" of {count:,} found"

    def moved(self, done: int, failed: int) -> None:
        """Print a line if the last one is old enough."""
        now = time.monotonic()
        if now - self._last >= self.seconds:
            self._last = now
            say(f"{done:,}{self._known} inputs done, {failed:,} failed.")


@record
class Bar(Progress):
    """Draws a progress bar on stderr, with rich."""

    def __post_init__(self) -> None:
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
            TextColumn("{task.fields[failures]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task: Any = self._bar.add_task("", total=None, failures="")

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
        """Remove the bar."""
        self._bar.stop()

    def found(self, count: int) -> None:
        """Set the end of the bar; it moves while inputs are still being found."""
        self._bar.update(self._task, total=count)

    def moved(self, done: int, failed: int) -> None:
        """Move the bar."""
        failures = f"{failed:,} failed" if failed else ""
        self._bar.update(self._task, completed=done, failures=failures)

    def note(self, text: str) -> None:
        """Print lines above the bar."""
        lines = "\n".join(harmless(line) for line in text.split("\n"))
        # Brackets in a file name are not markup, and the terminal breaks long lines.
        self._console.print(lines, markup=False, highlight=False, soft_wrap=True)


def progress_for(arguments: RunArguments, plan: Plan) -> Progress:
    """Return the display that suits the flags, and where stderr goes."""
    if arguments.quiet:
        return Progress(arguments, plan)
    return Bar(arguments, plan) if is_interactive() else PlainLines(arguments, plan)
