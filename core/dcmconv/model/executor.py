"""Executors: where the work is done.  The engine keeps the window, retries and the journal.

An executor gets a ``Job`` once and tasks one by one; it answers with ``Done`` or ``Lost``.  Tasks
and answers are small records; pixels never cross a process border.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dcmconv.model.options import Component

__all__ = ["Done", "Executor", "Job", "Lost", "Task", "WorkerPool"]


@dataclass(frozen=True)
class Job:
    """What every worker does, by reference: ``target`` is ``"module:function"``.

    ``function(setup)`` is called once in each worker and returns the callable that does one task.
    """

    target: str
    setup: Any
    preload: tuple[str, ...] = ()
    """Modules that every worker needs; an executor may import them once for all workers."""
    memory: int | None = None
    """MiB that one worker may use, if the run limits it; executors that cannot limit ignore it."""


@dataclass(frozen=True)
class Task:
    """One piece of work: ``payload`` is picklable and small, ``seconds`` its time limit."""

    number: int
    payload: Any
    seconds: float | None = None


@dataclass(frozen=True)
class Done:
    """A task that came back."""

    number: int
    answer: Any


@dataclass(frozen=True)
class Lost:
    """A task without an answer: its worker died, was killed, or raised something.

    ``reason`` is ``crash``, ``timeout``, ``memory``, or ``error`` where the work raised something;
    ``message`` says what was seen.
    """

    number: int
    reason: str
    message: str


class Executor(Component, ABC):
    """Runs tasks, near or far."""

    @abstractmethod
    def open(self, job: Job, *, workers: int) -> WorkerPool:
        """Start the workers."""


class WorkerPool(ABC):
    """Workers that are running."""

    capacity: int
    """How many tasks the pool likes to have in flight."""

    in_this_process: bool = False
    """Whether tasks are done in the program itself, so that a crash is its end."""

    @abstractmethod
    def submit(self, task: Task) -> None:
        """Take one task; never blocks."""

    @abstractmethod
    def wait(self, seconds: float | None = None) -> Sequence[Done | Lost]:
        """Return what has ended; wait up to ``seconds`` for the first.

        Every submitted task is answered exactly once, whatever becomes of its worker.
        """

    @abstractmethod
    def close(self, *, now: bool = False) -> None:
        """End the workers; ``now`` kills them in the middle of their work."""
