"""Sends tasks to the worker pool, and returns the answers in the order of the walk."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import TYPE_CHECKING, cast

from dcmconv.model.executor import Done, Lost, Task, WorkerPool
from dcmconv.model.inputs import Reference, Rejected
from dcmconv.model.records import record
from dcmconv.run.messages import (
    ConversionReport,
    ConversionTask,
    SplitRequest,
    StatisticsReport,
    StatisticsTask,
)
from dcmconv.run.split_frames import join_reports, split_task

if TYPE_CHECKING:
    from dcmconv.run.journal.line import Entry

__all__ = ["LEAD", "SECONDS_OF_GRACE", "Dispatcher", "PendingInput", "Stop"]

LEAD = 4096
"""How many finished inputs may wait for one slow input before them."""

READY_AT_ONCE = 256
"""How many inputs without work are taken from the walk before answers are checked again."""

SECONDS_BETWEEN_CHECKS = 0.5
"""How long a request to stop may go unnoticed while no answer comes."""

SECONDS_OF_GRACE = 10.0
"""How long running tasks may take after a request to stop; SLURM and Kubernetes kill after 30."""


@record
class Stop:
    """Whether the run has been asked to end, and how long running tasks may still take.

    ``ask`` may be called from a signal handler or another thread.
    """

    reason: str = ""
    _until: float = float("inf")

    def ask(self, reason: str) -> None:
        """Start no new input; only the first call counts."""
        if not self.reason:
            # The time first: the loop may see the reason at once, from another thread.
            self._until = time.monotonic() + SECONDS_OF_GRACE
            self.reason = reason

    @property
    def asked(self) -> bool:
        """Whether the run should end."""
        return bool(self.reason)

    @property
    def is_over(self) -> bool:
        """Whether the time for running tasks is over."""
        return self.asked and time.monotonic() >= self._until


@record
class PendingInput:
    """One input between the walk and its journal line: with a task, or already with an answer."""

    reference: Reference | Rejected
    task: ConversionTask | StatisticsTask | None = None
    seconds: float | None = None
    """Time limit of the task."""
    answer: ConversionReport | StatisticsReport | Lost | None = None
    before: Entry | None = None
    """What the journal of earlier runs says about it."""
    crashes: int = 0
    slices: list[PendingInput] = field(default_factory=list)
    """The parts of an input whose frames were split over several workers."""
    whole: PendingInput | None = field(default=None, repr=False)
    """The input that this is a slice of."""

    @property
    def label(self) -> str:
        """The start of the names of its unfinished files."""
        return self.task.label if isinstance(self.task, ConversionTask) else ""


@record
class Dispatcher:
    """Keeps as many tasks in flight as the pool has room for.

    A task whose worker crashed is sent once more, to another worker.  A second crash, a timeout,
    lost memory and every other answer are final.  An input that asks for it is split by frames.
    After a request to stop, no new input is taken; running tasks get the time that ``stop`` allows.
    """

    pool: WorkerPool
    stop: Stop = field(default_factory=Stop)
    workers: int = 1
    """How many workers share the frames of a big input."""
    _waiting: deque[PendingInput] = field(default_factory=deque)
    _in_flight: dict[int, PendingInput] = field(default_factory=dict)
    _number: int = 0

    def in_order(self, inputs: Iterable[PendingInput]) -> Iterator[PendingInput]:
        """Yield every input with its answer, in the order of the walk."""
        upcoming = iter(inputs)
        more = True
        while more or self._waiting:
            more = more and not self.stop.reason and self._take(upcoming)
            # Only from the front: names must not depend on which worker is the fastest.
            while self._waiting and self._waiting[0].answer is not None:
                yield self._waiting.popleft()
            # Inputs without an answer get no outcome; the next run converts them.
            if self.stop.reason and self.stop.is_over:
                return
            # Waiting comes last: as long as a task can be sent, one is.
            if self._in_flight and (self._is_full or not more):
                for answer in self.pool.wait(SECONDS_BETWEEN_CHECKS):
                    self._receive(answer)

    def at_work(self) -> list[tuple[str, float]]:
        """Return the input that each busy worker has, and for how many seconds; for a display."""
        pending = dict(self._in_flight)
        return [
            (pending[state.task_number].reference.key, state.seconds)
            for state in self.pool.states()
            if state.task_number in pending
        ]

    def _take(self, upcoming: Iterator[PendingInput]) -> bool:
        """Send tasks until the pool is full; return whether there may be more inputs."""
        ready = 0
        while not self._is_full and ready < READY_AT_ONCE and not self.stop.reason:
            pending = next(upcoming, None)
            if pending is None:
                return False
            self._waiting.append(pending)
            if pending.answer is None:
                self._send(pending)
            else:
                ready += 1
        return True

    @property
    def _is_full(self) -> bool:
        return len(self._in_flight) >= self.pool.capacity or len(self._waiting) >= LEAD

    def _send(self, pending: PendingInput) -> None:
        self._number += 1
        self._in_flight[self._number] = pending
        self.pool.submit(Task(self._number, pending.task, pending.seconds))

    def _receive(self, answer: Done | Lost) -> None:
        pending = self._in_flight.pop(answer.number)
        if isinstance(answer, Done):
            if isinstance(answer.answer, SplitRequest):
                self._split(pending, answer.answer)
                return
            pending.answer = answer.answer
        # Only a crash may have another cause: what an earlier task did to the worker.
        elif answer.reason == "crash" and pending.crashes == 0:
            pending.crashes += 1
            self._send(pending)
            return
        else:
            pending.answer = answer
        if pending.whole is not None:
            self._join(pending.whole)

    def _split(self, pending: PendingInput, request: SplitRequest) -> None:
        task = cast("ConversionTask", pending.task)
        for part in split_task(task, request, workers=self.workers):
            pending.slices.append(
                PendingInput(pending.reference, part, pending.seconds, whole=pending)
            )
        for one in pending.slices:
            self._send(one)

    def _join(self, whole: PendingInput) -> None:
        """Give an input its answer when the last of its slices has one."""
        if all(one.answer is not None for one in whole.slices):
            answers = [cast("ConversionReport | Lost", one.answer) for one in whole.slices]
            whole.answer = join_reports(answers)
