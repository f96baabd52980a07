"""The window in flight: tasks to the pool, answers back in the order of the walk."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from dcmconv.model.executor import Done, Lost, Task, WorkerPool
from dcmconv.run.messages import (
    ConversionReport,
    ConversionTask,
    SplitRequest,
    StatisticsReport,
    StatisticsTask,
)
from dcmconv.run.split_frames import join_reports, split_task
from dcmconv.run.stopping import Stop

__all__ = ["LEAD", "PendingInput", "Window"]

LEAD = 4096
"""How many inputs may be finished but not yet published, behind one that takes long."""

READY_AT_ONCE = 256
"""How many inputs without work are taken from the walk before answers are looked at again."""


SECONDS_OF_SLEEP = 0.5
"""How long a request to stop may go unseen while no answer comes."""


@dataclass
class PendingInput:
    """One input on its way: its assignment, or its report where there is nothing to do."""

    label: str
    key: str
    locator: str
    assignment: ConversionTask | StatisticsTask | None = None
    seconds: float | None = None
    answer: ConversionReport | StatisticsReport | Lost | None = None
    crashes: int = 0
    pieces: list[PendingInput] = field(default_factory=list)
    whole: PendingInput | None = field(default=None, repr=False)
    """The input that this is a piece of."""


@dataclass
class Window:
    """Keeps as many tasks in flight as the pool likes, and no more.

    A task whose worker crashed is tried once more, in another worker; a second crash, a passed time
    limit and anything else stands.  An input that says it has many frames comes back in pieces.
    Once ``stop`` is asked, no item is taken any more; those in hand are waited for as long as it
    lets them.
    """

    pool: WorkerPool
    stop: Stop = field(default_factory=Stop)
    workers: int = 1
    """Over how many a big input may be spread."""
    _waiting: deque[PendingInput] = field(default_factory=deque)
    _in_flight: dict[int, PendingInput] = field(default_factory=dict)
    _number: int = 0

    def in_order(self, items: Iterable[PendingInput]) -> Iterator[PendingInput]:
        """Yield every item with its answer, in the order in which they came."""
        upcoming = iter(items)
        more = True
        while more or self._waiting:
            more = more and not self.stop.asked and self._take(upcoming)
            while self._waiting and self._waiting[0].answer is not None:
                yield self._waiting.popleft()
            if self.stop.is_over:
                return
            if self._in_flight and (self._is_full or not more):
                for answer in self.pool.wait(SECONDS_OF_SLEEP):
                    self._settle(answer)

    def _take(self, upcoming: Iterator[PendingInput]) -> bool:
        """Fill the window; say whether there may be more."""
        ready = 0
        while not self._is_full and ready < READY_AT_ONCE and not self.stop.asked:
            item = next(upcoming, None)
            if item is None:
                return False
            self._waiting.append(item)
            if item.answer is None:
                self._send(item)
            else:
                ready += 1
        return True

    @property
    def _is_full(self) -> bool:
        return len(self._in_flight) >= self.pool.capacity or len(self._waiting) >= LEAD

    def _send(self, item: PendingInput) -> None:
        self._number += 1
        self._in_flight[self._number] = item
        self.pool.submit(Task(self._number, item.assignment, item.seconds))

    def _settle(self, answer: Done | Lost) -> None:
        item = self._in_flight.pop(answer.number)
        if isinstance(answer, Lost) and answer.reason == "crash" and item.crashes == 0:
            item.crashes += 1
            self._send(item)
        elif isinstance(answer, Done) and isinstance(answer.answer, SplitRequest):
            self._spread(item, answer.answer)
        else:
            item.answer = answer.answer if isinstance(answer, Done) else answer
            self._join(item.whole)

    def _spread(self, item: PendingInput, spread: SplitRequest) -> None:
        whole = cast("ConversionTask", item.assignment)
        for piece in split_task(whole, spread, workers=self.workers):
            part = PendingInput(
                piece.label, item.key, item.locator, piece, item.seconds, whole=item
            )
            item.pieces.append(part)
        for part in item.pieces:
            self._send(part)

    def _join(self, whole: PendingInput | None) -> None:
        """Give an input its answer when the last of its pieces has one."""
        if whole is not None and all(piece.answer is not None for piece in whole.pieces):
            whole.answer = join_reports(
                [cast("ConversionReport | Lost", piece.answer) for piece in whole.pieces]
            )
