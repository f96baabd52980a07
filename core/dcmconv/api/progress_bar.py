"""The display of ``progress=True``: a bar on a terminal or in a notebook, lines elsewhere.

The only place outside the command line that shows anything, because the caller asked for it.
"""

from __future__ import annotations

import importlib
import sys
import time
from html import escape
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from dcmconv.run.progress import Progress

__all__ = ["ProgressDisplay", "progress_display"]

SECONDS_BETWEEN_UPDATES = 0.1
"""A notebook's page draws every update; more of them would slow it down."""

SECONDS_BETWEEN_LINES = 30.0


def progress_display() -> ProgressDisplay:
    """Return the display for where the program runs."""
    if _is_notebook():
        return _NotebookBar()
    return _TerminalBar()


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    # IPython on a terminal has a shell too, but no kernel.
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class ProgressDisplay:
    """Shows at most one progress in an interval, and the last one when the context ends."""

    seconds = SECONDS_BETWEEN_UPDATES

    def __init__(self) -> None:
        self._last: Progress | None = None
        self._shown_at = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Show it, if the last one was shown long enough ago."""
        self._last = progress
        now = time.monotonic()
        if now - self._shown_at >= self.seconds:
            self._shown_at = now
            self._show(progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._last is not None:
            self._show(self._last)

    def _show(self, progress: Progress) -> None:
        raise NotImplementedError


class _Html:
    """A progress as HTML, with its text for where HTML is not shown."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __repr__(self) -> str:
        return str(self._progress)

    def _repr_html_(self) -> str:
        now = self._progress
        # Without a value, a browser draws a bar that only moves.
        share = f' value="{now.finished}" max="{now.total}"' if now.total else ""
        return f"<progress{share}></progress> {escape(str(now))}"


class _NotebookBar(ProgressDisplay):
    """One cell output that is replaced."""

    def __init__(self) -> None:
        super().__init__()
        self._display: Any = importlib.import_module("IPython.display").display
        self._handle: Any = None

    def _show(self, progress: Progress) -> None:
        if self._handle is None:
            self._handle = self._display(_Html(progress), display_id=True)
        else:
            self._handle.update(_Html(progress))


class _TerminalBar(ProgressDisplay):
    """A bar on stderr; a line now and then if stderr is a file."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        super().__init__()
        self._console = Console(stderr=True)
        text = TextColumn("{task.description}", markup=False)
        self._bar = Progress(
            BarColumn(bar_width=20),
            text,
            console=self._console,
            # A thread that refreshes it would keep workers from being forked.
            auto_refresh=False,
            # What the caller prints goes above the bar, but not if it goes to a file.
            redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
        )
        self._task: Any = self._bar.add_task("", total=None)
        if not self._console.is_terminal:
            self.seconds = SECONDS_BETWEEN_LINES

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._bar.stop()

    def _show(self, progress: Progress) -> None:
        if not self._console.is_terminal:
            self._console.print(str(progress), markup=False, highlight=False, soft_wrap=True)
            return
        self._bar.update(
            self._task,
            total=progress.total,
            completed=progress.finished,
            description=str(progress),
            refresh=True,
        )
