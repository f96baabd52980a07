"""What a run shows while it works: a bar on a terminal, an occasional plain line elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dcmconv.cli.exit_codes import signals_as_exceptions
from dcmconv.cli.report import opening_line, outcome_data, outcome_line, shown_folder
from dcmconv.cli.terminal import ask, harmless, is_interactive, print_json, say
from dcmconv.model.outcome import counted
from dcmconv.model.records import record

if TYPE_CHECKING:
    from dcmconv.chain.plan import Plan
    from dcmconv.cli.run_flags import RunArguments
    from dcmconv.model.outcome import Outcome
    from dcmconv.run.engine import Run
    from dcmconv.run.journal.chain_change import ChainChange, Replacement
    from dcmconv.run.progress import Progress, Tally

__all__ = [
    "Bar",
    "Display",
    "PlainLines",
    "bar_of",
    "figures_of",
    "fitted",
    "progress_for",
    "worker_lines",
]

SECONDS_BETWEEN_LINES = 30.0


@record
class Display:
    """Listens to a run, and prints its notes; this class shows no progress (``--quiet``)."""

    arguments: RunArguments
    plan: Plan
    chain_has_changed: bool = False
    watched: Run | None = None
    """The run whose figures are shown."""
    _has_told: bool = False
    """What changed has been printed with the question whether to replace pictures."""

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
        # --on-existing skip keeps the pictures of another chain, and converts nothing again.
        if self._has_told or self.plan.run.on_existing == "skip":
            return
        lines = "".join(f"\n  {line}" for line in change.lines)
        self._tell(
            f"The chain changed since the last run; {counted(change.inputs, 'input')} with "
            f"{counted(change.pictures, 'picture')} will be converted again:{lines}"
        )

    def may_replace(self, found: Replacement) -> bool:
        """Print which pictures would be replaced, and return the answer: of --yes, or a person."""
        lines = "".join(f"\n  {line}" for line in found.lines)
        out = shown_folder(self.arguments.out)
        if self.arguments.yes:
            self._has_told = True
            ending = ":" if lines else "."
            self._tell(f"{out}: {found}; replacing them{ending}{lines}")
            return True
        if not (self._has_terminal() and sys.stdin is not None and sys.stdin.isatty()):
            return False
        self._has_told = True
        return self.ask(f"{out}: {found}.{lines}\nReplace them? [y/N] ")

    def _has_terminal(self) -> bool:
        return is_interactive()

    def ask(self, question: str) -> bool:
        """Ask a person; Ctrl-C ends the program, as nothing has been written yet."""
        with signals_as_exceptions():
            return ask(question)

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
        """Do nothing: the figures of the run have this number."""

    def all_found(self, count: int) -> None:
        """Do nothing, for the same reason."""

    def finished(self, outcome: Outcome, tally: Tally) -> None:
        """Show the progress, and print the outcome with ``--verbose``."""
        self.moved()
        if self.arguments.verbose and self.arguments.as_json:
            print_json(outcome_data(outcome))
        elif self.arguments.verbose:
            self.note(outcome_line(outcome))
        if self.arguments.verbose and outcome.printed:
            lines = outcome.printed.rstrip().replace("\n", "\n  ")
            self.note(f"Printed by plugins while they worked on {outcome.input}:\n  {lines}")

    def moved(self) -> None:
        """Show the figures of the run."""

    def note(self, text: str) -> None:
        """Print lines without breaking what is shown."""
        say(text)

    def _tell(self, text: str) -> None:
        if not self.arguments.quiet:
            self.note(text)


@record
class PlainLines(Display):
    """Prints a line every half minute: for files, pipes and continuous integration."""

    seconds: float = SECONDS_BETWEEN_LINES
    # From the start of the run, so that a short one prints no line.
    _last: float = field(default_factory=time.monotonic)

    def moved(self) -> None:
        """Print a line if the last one is old enough."""
        now = time.monotonic()
        if now - self._last >= self.seconds and self.watched is not None:
            self._last = now
            lines = [", ".join(figures_of(self.watched.progress)) + "."]
            if self.arguments.verbose:
                lines += worker_lines(self.watched.at_work)
            say("\n".join(lines))


@record
class Bar(Display):
    """Draws the figures on stderr, with rich, and a bar once the total is known."""

    def __post_init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(
            console=self._console,
            get_renderable=self._drawn,
            transient=True,
            refresh_per_second=8,
        )

    def __enter__(self) -> Self:
        """Draw the bar."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        self._live.stop()

    def _has_terminal(self) -> bool:
        return True  # rich has stderr while it draws, and not every version of it says so

    def ask(self, question: str) -> bool:
        """Ask a person, while no bar is drawn."""
        self._live.stop()
        try:
            return super().ask(question)
        finally:
            self._live.start()

    def note(self, text: str) -> None:
        """Print lines above the bar."""
        lines = "\n".join(harmless(line) for line in text.split("\n"))
        # Brackets in a file name are not markup, and the terminal breaks long lines.
        self._console.print(lines, markup=False, highlight=False, soft_wrap=True)

    def _drawn(self) -> Any:
        """Return what is on the screen now; called from rich's thread."""
        from rich.text import Text

        if self.watched is None:
            return Text("")
        # One less: some terminals break a line that fills the last column.
        width = self._console.width - 1
        progress = self.watched.progress
        text = fitted(figures_of(progress), width)
        done, rest = bar_of(progress, width - len(text) - 2)
        line = Text.assemble((done, "bar.complete"), (rest, "bar.back"), "  " * bool(done + rest))
        line.append(text)
        if self.arguments.verbose:
            for worker in worker_lines(self.watched.at_work):
                line.append(f"\n{worker[:width]}")
        return line


def figures_of(progress: Progress) -> list[str]:
    """Return the figures of a run as short texts; the first says of how many.

    >>> from dcmconv.run.progress import Progress
    >>> figures_of(Progress(found=9, total=9, finished=4, failures=1, recent_rate=2.0, pictures=3))
    ['4 of 9 inputs', '1 failed', '3 pictures', '2.0 inputs/s', '0:02 left']
    """
    if progress.total is not None:
        figures = [f"{progress.finished:,} of {counted(progress.total, 'input')}"]
    else:
        # Not "of": that would look like a total.
        found = f"{progress.found:,} found so far"
        figures = [f"{counted(progress.finished, 'input')} done, {found}"]
    if progress.unchanged:
        figures.append(f"{progress.unchanged:,} unchanged")
    if progress.skipped:
        figures.append(f"{progress.skipped:,} skipped")
    if progress.failures:
        figures.append(f"{progress.failures:,} failed")
    if progress.pictures:
        figures.append(counted(progress.pictures, "picture"))
    if progress.recent_rate:
        figures.append(f"{progress.recent_rate:,.1f} inputs/s")
    left = progress.seconds_left
    figures.append(f"{_clock(progress.seconds)} so far" if left is None else f"{_clock(left)} left")
    return figures


LEAST_NEEDED = ("picture", "inputs/s", "skipped", "unchanged", "so far")
"""Parts of the figures, in the order in which a narrow terminal loses them."""


def fitted(figures: list[str], width: int) -> str:
    """Return the figures in one line of a width; failures and the time left stay longest."""
    shown = list(figures)
    for word in LEAST_NEEDED:
        if len(", ".join(shown)) <= width:
            break
        shown = [shown[0], *(each for each in shown[1:] if word not in each)]
    if len(", ".join(shown)) > width:
        shown[0] = shown[0].removesuffix("s").removesuffix(" input").replace(" inputs done", "")
    return ", ".join(shown)[:width]


NARROWEST_BAR = 8


def bar_of(progress: Progress, width: int) -> tuple[str, str]:
    """Return the done and the open part of a bar; empty without a total or enough room.

    Without a total there is no bar: a bar of what has been found so far always looks full.

    >>> from dcmconv.run.progress import Progress
    >>> bar_of(Progress(found=200, finished=199, total=200), 10)
    ('━━━━━━━━━', '─')
    """
    if not progress.total or width < NARROWEST_BAR:
        return "", ""
    # Rounded down, so that only a finished run fills it.  The two lines differ without color, too.
    done = min(width, width * progress.finished // progress.total)
    return "━" * done, "─" * (width - done)


MOST_WORKERS = 8


def worker_lines(at_work: list[tuple[str, float]]) -> list[str]:
    """Return a line for each busy worker, those that have worked longest on their input first."""
    slowest = sorted(at_work, key=lambda state: -state[1])
    lines = [f"  {seconds:6.1f} s  {harmless(key)}" for key, seconds in slowest[:MOST_WORKERS]]
    more = len(slowest) - MOST_WORKERS
    return [*lines, f"  and {counted(more, 'more worker')}"] if more > 0 else lines


def _clock(seconds: float) -> str:
    """Return a time as 0:05, 12:30 or 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def progress_for(arguments: RunArguments, plan: Plan) -> Display:
    """Return the display that suits the flags, and where stderr goes."""
    if arguments.quiet:
        return Display(arguments, plan)
    return Bar(arguments, plan) if is_interactive() else PlainLines(arguments, plan)
