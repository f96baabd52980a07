"""Progress of a run: what a display receives, and the counts that become the summary.

Notes are counted by kind: notes that differ only in numbers are one kind.
"""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from dcmconv.model.outcome import Converted, Failed, NotConverted, Outcome, Skipped, Summary
from dcmconv.model.records import public_record, record

if TYPE_CHECKING:
    from pathlib import Path

    from dcmconv.run.journal.chain_change import ChainChange

__all__ = ["Listener", "NoteCounts", "NoteKind", "Pace", "Progress", "Tally"]


EXAMPLES_OF_NOTES = 3
"""Inputs that are kept for each kind; the rest are only counted."""

MOST_KINDS = 1000
"""Kinds that are counted separately; the limit bounds the memory, whatever the notes say."""

OTHERS = "other notes"

_NUMBER = r"(?<!\w)[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?(?!\w)"
_VARYING = re.compile(
    r"(?P<kept>\([0-9A-Fa-fx]{4},[0-9A-Fa-fx]{4}\)|(?<!\w)1\.2\.840\.10008(?:\.\d+)+)"
    rf"|(?<!\w)'[^']*'(?!\w)|{_NUMBER}(?:(?:, | and ){_NUMBER})*"
)
"""A tag or a UID of the standard distinguishes kinds; other numbers and quoted values do not."""

_VALUE = "\0"


@record
class NoteKind:
    """One kind of note: how many inputs have it, and the first of them."""

    frame: str
    """The note with a zero character for each value."""
    values: list[str]
    """The values, or # and '...' where they differ between inputs."""
    inputs: int = 0
    examples: dict[str, str] = field(default_factory=dict)
    """Input → its note."""

    @property
    def text(self) -> str:
        """The note; # and '...' are values that differ between inputs."""
        parts = self.frame.split(_VALUE)
        return parts[0] + "".join(
            value + part for value, part in zip(self.values, parts[1:], strict=True)
        )

    def add(self, key: str, note: str, values: list[str]) -> None:
        """Count one input."""
        self.inputs += 1
        self.values = list(map(_common, self.values, values))
        if len(self.examples) < EXAMPLES_OF_NOTES:
            self.examples[key] = note


@record
class NoteCounts:
    """Counts inputs with notes, and the inputs of each kind."""

    inputs: int = 0
    _kinds: dict[str, NoteKind] = field(default_factory=dict)

    def add(self, key: str, notes: Iterable[str]) -> None:
        """Count the notes of one input; several of the same kind count once."""
        found: dict[str, tuple[str, list[str]]] = {}
        for note in notes:
            frame, values = _taken_apart(note)
            if frame not in self._kinds and len(self._kinds) >= MOST_KINDS:
                frame, values = OTHERS, []
            known = self._kinds.setdefault(frame, NoteKind(frame, values))
            if frame in found:
                known.values = list(map(_common, known.values, values))
            found.setdefault(frame, (note, values))
        self.inputs += bool(found)
        for frame, (note, values) in found.items():
            self._kinds[frame].add(key, note, values)

    def most_common(self) -> list[NoteKind]:
        """Return the kinds, the most frequent first."""
        return sorted(self._kinds.values(), key=lambda kind: (-kind.inputs, kind.text))


def _taken_apart(note: str) -> tuple[str, list[str]]:
    """Return a note without its values, and the values."""
    values: list[str] = []

    def take(match: re.Match[str]) -> str:
        if match["kept"]:
            return match[0]
        values.append(match[0])
        return _VALUE

    # A zero character in the note itself would stand for a value that does not exist.
    return _VARYING.sub(take, note.replace(_VALUE, "")), values


def _common(first: str, second: str) -> str:
    if first == second:
        return first
    return "'...'" if second.startswith("'") else "#"


EXAMPLES = 3
"""Failures that are kept for each reason; the rest are only counted."""

FEWEST = 100
"""A percentage of the inputs means little before this many are done."""


@public_record(frozen=True, kw_only=True)
class Progress:
    """How far a run is; ``str()`` gives one line of it.

    Parameters
    ----------
    found : int
        How many inputs have been found so far.
    total : int, optional
        How many inputs there are; None while more may be found.
    finished : int
        How many inputs have an outcome: converted, unchanged, skipped or failed.
    unchanged : int
        How many of them an earlier run had finished.
    skipped, failures : int
        How many of them were skipped, and how many failed.
    pictures : int
        How many pictures this run has written.
    seconds : float
        Since the run began.
    recent_rate : float
        Finished inputs per second over the last half minute, unchanged ones included; 0 if it is
        too early to tell.

    Examples
    --------
    >>> str(Progress(found=900, finished=120, failures=2, seconds=10.0))
    '120 of at least 900 inputs, 2 failed, 12.0/s'
    >>> str(Progress(found=900, total=900, finished=120, seconds=10.0))
    '120 of 900 inputs, 12.0/s, 65 s left'
    """

    found: int
    total: int | None = None
    finished: int
    unchanged: int = 0
    skipped: int = 0
    failures: int = 0
    pictures: int = 0
    seconds: float = 0.0
    recent_rate: float = 0.0

    @property
    def rate(self) -> float:
        """Finished inputs per second, without unchanged ones; 0 at the start."""
        done = self.finished - self.unchanged
        return done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the recent rate; None if that cannot be known yet."""
        rate = self.recent_rate or self.rate
        if self.total is None or rate <= 0:
            return None
        return max(0, self.total - self.finished) / rate

    def __str__(self) -> str:
        of = f"{self.total:,}" if self.total is not None else f"at least {self.found:,}"
        parts = [f"{self.finished:,} of {of} input{'' if of == '1' else 's'}"]
        if self.unchanged:
            parts.append(f"{self.unchanged:,} unchanged")
        if self.failures:
            parts.append(f"{self.failures:,} failed")
        if self.rate:
            parts.append(f"{self.rate:,.1f}/s")
        if self.seconds_left:
            parts.append(f"{self.seconds_left:,.0f} s left")
        return ", ".join(parts)


SECONDS_OF_PACE = 30.0
"""The rate is that of this time: a resumed run is fast first, where nothing has to be done."""


@record
class Pace:
    """Finished inputs a second, over the last half minute."""

    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def rate(self, finished: int) -> float:
        """Note how many inputs are finished now, and return the rate; 0 in the first second."""
        now, samples = time.monotonic(), self._samples
        if not samples or now - samples[-1][0] >= 0.5:
            samples.append((now, finished))
        while len(samples) > 2 and now - samples[0][0] > SECONDS_OF_PACE:
            samples.popleft()
        seconds, before = now - samples[0][0], samples[0][1]
        return (finished - before) / seconds if seconds >= 1.0 else 0.0


class Listener(Protocol):
    """Receives the events of a run; called in the main process, so it must be quick."""

    def started(self, total_known: int | None, workers: int) -> None:
        """Handle the start of the run.

        ``total_known`` is the number of inputs, or None if they are still being found; ``workers``
        is the number of worker processes, 0 if the work is done in this process.
        """

    def chain_changed(self, change: ChainChange) -> None:
        """Handle that the chain changed since the last run in the folder."""

    def table_changed(self, path: Path, before: Sequence[str], now: Sequence[str]) -> None:
        """Handle that a tag table is replaced by one with other columns."""

    def suspected(self, key: str) -> None:
        """Handle that a previous run crashed while reading this input in its own process."""

    def statistics_pass_started(self) -> None:
        """Handle that every input is read once first, for statistics of its series or the run."""

    def found(self, count: int) -> None:
        """Handle the number of inputs found so far."""

    def all_found(self, count: int) -> None:
        """Handle the number of all inputs, once it is known."""

    def finished(self, outcome: Outcome, tally: Tally) -> None:
        """Handle the outcome of one input, in the order of the walk; the tally includes it."""


@record
class Tally:
    """Counts the outcomes of a run, and keeps a few failures as examples."""

    began: float = field(default_factory=time.monotonic)
    stopped: str = ""
    """Why the run ended early."""
    examples: dict[str, list[Failed]] = field(default_factory=dict)
    """The first failures of each reason."""
    first_skipped: Skipped | None = None
    """For a run that converts nothing: why."""
    new_pictures: int = 0
    """Pictures that this run wrote, without those of earlier runs."""
    notes: NoteCounts = field(default_factory=NoteCounts)
    _counts: Counter[str] = field(default_factory=Counter)
    _reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By status and reason."""

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self._counts[outcome.status] += 1
        if outcome.notes:
            self.notes.add(outcome.input, outcome.notes)
        if isinstance(outcome, Converted):
            self._counts["unchanged"] += outcome.unchanged
            self._counts["salvaged"] += outcome.salvaged
            self._counts["pictures"] += len(outcome.outputs)
            self.new_pictures += 0 if outcome.unchanged else len(outcome.outputs)
        elif isinstance(outcome, NotConverted):
            self._reasons[outcome.status, outcome.reason] += 1
            if isinstance(outcome, Skipped) and self.first_skipped is None:
                self.first_skipped = outcome
        if isinstance(outcome, Failed):
            self._counts["failed_before"] += outcome.unchanged
            examples = self.examples.setdefault(outcome.reason, [])
            if len(examples) < EXAMPLES:
                examples.append(outcome)

    @property
    def done(self) -> int:
        """Number of inputs that have an outcome."""
        return sum(self._counts[status] for status in ("converted", "skipped", "failed"))

    @property
    def failed(self) -> int:
        """Number of inputs that failed."""
        return self._counts["failed"]

    def reasons_of(self, status: str) -> dict[str, int]:
        """Return the reasons of a status with their counts; the first that occurred comes first."""
        return {reason: n for (of, reason), n in self._reasons.items() if of == status}

    def found_damage(self, *, missing: int, altered: int) -> None:
        """Count pictures of earlier runs that are missing or changed."""
        self._counts["missing"] += missing
        self._counts["altered"] += altered

    def left_behind(self, pictures: int) -> None:
        """Count pictures of earlier runs that their input no longer has; they stay on disk."""
        self._counts["left_behind"] += pictures

    def exceeded(self, limit: str) -> str:
        """Return why the run should end, by ``max_failures``; empty if it should not.

        The limit is a number or a percentage; an empty one never ends a run.  Failures of an
        earlier run that were not tried again do not count.
        """
        if not limit:
            return ""
        failed = self.failed - self._counts["failed_before"]
        number = float(limit.removesuffix("%"))
        if not limit.endswith("%"):
            inputs = "input" if number == 1 else "inputs"
            return f"more than {number:g} {inputs} failed" if failed > number else ""
        # Multiplied instead of divided, so that the limit itself is exact.
        if self.done < FEWEST or failed * 100 <= number * self.done:
            return ""
        return f"{failed} of {self.done} inputs failed, more than {number:g} %"

    def progress(self, *, found: int, total: int | None, recent_rate: float = 0.0) -> Progress:
        """Return how far the run is, given how many inputs were found, and how fast it is now."""
        return Progress(
            found=max(found, self.done),
            total=total,
            finished=self.done,
            unchanged=self._counts["unchanged"] + self._counts["failed_before"],
            skipped=self._counts["skipped"],
            failures=self.failed,
            pictures=self.new_pictures,
            recent_rate=recent_rate,
            seconds=time.monotonic() - self.began,
        )

    @property
    def summary(self) -> Summary:
        """The numbers so far."""
        reasons: Counter[str] = Counter()
        for (_, reason), count in self._reasons.items():
            reasons[reason] += count
        return Summary(
            converted=self._counts["converted"],
            unchanged=self._counts["unchanged"],
            skipped=self._counts["skipped"],
            failed=self._counts["failed"],
            pictures=self._counts["pictures"],
            seconds=round(time.monotonic() - self.began, 3),
            reasons=dict(reasons.most_common()),
            stopped=self.stopped,
            failed_before=self._counts["failed_before"],
            salvaged=self._counts["salvaged"],
            missing=self._counts["missing"],
            altered=self._counts["altered"],
            left_behind=self._counts["left_behind"],
            with_notes=self.notes.inputs,
            notes={kind.text: kind.inputs for kind in self.notes.most_common()},
        )
