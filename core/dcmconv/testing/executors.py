"""What an executor must do: answer every task once, whatever happens to its worker."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import pytest

from dcmconv.model.executor import Done, Executor, Job, Lost, Task, WorkerPool
from dcmconv.testing.components import ComponentConformance

__all__ = ["ExecutorConformance", "start"]

PATIENCE = 60.0
"""Seconds to wait for an answer before a test fails."""


def start(setup: int) -> Callable[[Any], Any]:
    """Return what a worker does: add ``setup`` to a number, or die or hang on request."""

    def work(payload: Any) -> Any:
        if payload == "die":
            # Not sys.exit: a worker that catches every exception would survive it.
            os._exit(9)
        if payload == "hang":
            time.sleep(PATIENCE * 10)
        return payload + setup

    return work


JOB = Job(f"{__name__}:{start.__name__}", setup=1000)


def _answers(pool: WorkerPool, tasks: Iterable[Task]) -> list[Done | Lost]:
    """Submit the tasks like the engine, never more in flight than the pool's capacity."""
    waiting, in_flight, answers = list(tasks)[::-1], 0, list[Done | Lost]()
    deadline = time.monotonic() + PATIENCE
    while waiting or in_flight:
        while waiting and in_flight < max(1, pool.capacity):
            pool.submit(waiting.pop())
            in_flight += 1
        found = pool.wait(1.0)
        in_flight -= len(found)
        answers += found
        assert time.monotonic() < deadline, f"{in_flight} tasks were never answered"
    return answers


class ExecutorConformance(ComponentConformance):
    """The contract of an executor; a subclass sets ``component``.

    Set ``isolates = False`` for one that runs tasks in the calling process, which a crashing task
    would end.
    """

    component: Executor
    isolates: ClassVar[bool] = True
    workers: ClassVar[int] = 2

    def answers(self, *tasks: Task) -> list[Done | Lost]:
        """Return the answers to some tasks, in the order of their numbers."""
        pool = self.component.open(JOB, workers=self.workers)
        try:
            return sorted(_answers(pool, tasks), key=lambda answer: answer.number)
        finally:
            pool.close()

    def test_every_task_is_answered_once_with_its_number(self) -> None:
        answers = self.answers(*(Task(number, number * 2) for number in range(50)))
        assert answers == [Done(number, number * 2 + 1000) for number in range(50)]

    def test_it_starts_and_stops_without_tasks(self) -> None:
        assert self.answers() == []

    def test_wait_returns_when_nothing_is_in_flight(self) -> None:
        pool = self.component.open(JOB, workers=1)
        try:
            assert list(pool.wait(0.01)) == []
        finally:
            pool.close()

    def test_a_dead_worker_loses_only_its_task(self) -> None:
        if not self.isolates:
            pytest.skip("it runs tasks in this process")
        answers = self.answers(*(Task(n, "die" if n == 3 else n) for n in range(8)))
        assert [answer.number for answer in answers] == list(range(8))
        lost = [answer for answer in answers if isinstance(answer, Lost)]
        assert [(answer.number, answer.reason) for answer in lost] == [(3, "crash")]
        assert lost[0].message

    def test_a_task_over_its_time_limit_is_lost(self) -> None:
        if not self.isolates:
            pytest.skip("it runs tasks in this process")
        answers = self.answers(Task(0, 1), Task(1, "hang", seconds=1.0), Task(2, 3))
        assert [answer.number for answer in answers] == [0, 1, 2]
        lost = [answer for answer in answers if isinstance(answer, Lost)]
        assert [(answer.number, answer.reason) for answer in lost] == [(1, "timeout")]

    def test_close_now_does_not_wait(self) -> None:
        if not self.isolates:
            pytest.skip("it runs tasks in this process")
        pool = self.component.open(JOB, workers=1)
        pool.submit(Task(0, "hang"))
        pool.wait(0.2)
        began = time.monotonic()
        pool.close(now=True)
        assert time.monotonic() - began < PATIENCE / 2
