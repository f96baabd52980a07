"""Executors: where the work is done.  The engine takes care of retries and the journal.

An executor gets a ``Job`` once, then tasks one by one; it answers each with ``Done`` or ``Lost``.
Tasks and answers are small records; pixels never cross a process boundary.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from dcmconv.model.options import Component

__all__ = ["Done", "Executor", "Job", "Lost", "Task", "WorkerPool", "WorkerState"]


@dataclass(frozen=True)
class Job:
    """What every worker does; ``target`` is a reference, ``"module:function"``.

    ``function(setup)`` is called once in each worker and returns the callable that does a task.
    """

    target: str
    setup: Any
    preload: tuple[str, ...] = ()
    """Modules that every worker needs; an executor may import them once for all workers."""
    memory: int | None = None
    """MiB that one worker may use, if the run limits it; executors that cannot limit ignore it."""


@dataclass(frozen=True)
class Task:
    """One piece of work; ``payload`` is picklable and small, ``seconds`` its time limit."""

    number: int
    payload: Any
    seconds: float | None = None


@dataclass(frozen=True)
class Done:
    """A completed task."""

    number: int
    answer: Any


@dataclass(frozen=True)
class Lost:
    """A task that was not completed: its worker died or was killed, or the work raised an error.

    ``reason`` is ``crash``, ``timeout``, ``memory``, or ``error`` if the work raised an error;
    ``message`` says what was observed.
    """

    number: int
    reason: str
    message: str


class WorkerState(NamedTuple):
    """What one worker is doing: the number of its task, and for how many seconds."""

    task_number: int
    seconds: float


class Executor(Component, ABC):
    """Runs tasks, on this machine or elsewhere.

    A run that names no executor uses the one that is offered as the default for few or for many
    inputs; see ``dcmconv.hooks.Offer``.
    """

    ignores: ClassVar[frozenset[str]] = frozenset()
    """Settings of a run that have no effect with this executor, such as ``timeout``.

    A chain that gives one of them together with the executor is rejected.
    """

    @abstractmethod
    def open(self, job: Job, *, workers: int) -> WorkerPool:
        """Start the workers."""


class WorkerPool(ABC):
    """The running workers."""

    capacity: int
    """How many tasks the pool wants in flight."""

    in_this_process: bool = False
    """Whether tasks run in the program's own process, so that a crash ends the program."""

    @abstractmethod
    def submit(self, task: Task) -> None:
        """Accept one task; never blocks."""

    @abstractmethod
    def wait(self, seconds: float | None = None) -> Sequence[Done | Lost]:
        """Return the answers that are ready; wait up to ``seconds`` for the first.

        Every submitted task is answered exactly once, whatever happens to its worker.
        """

    def states(self) -> Sequence[WorkerState]:
        """Return what each busy worker is doing, for a display; may be called from a thread.

        By default nothing: a pool need not know.
        """
        return ()

    @abstractmethod
    def close(self, *, now: bool = False) -> None:
        """Stop the workers; ``now`` kills them without waiting for their tasks."""
