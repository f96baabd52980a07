"""The dispatcher: answers in order, a bounded lead, and one answer for each input."""

from __future__ import annotations

import itertools
import random

import pytest

from dcmconv.model.executor import Done, Lost, WorkerPool
from dcmconv.model.inputs import Reference
from dcmconv.model.outcome import Skipped
from dcmconv.run import dispatcher as module
from dcmconv.run.dispatcher import Dispatcher, PendingInput
from dcmconv.run.messages import ConversionReport, ConversionTask


class Shuffled(WorkerPool):
    """Answers in random order; crashes once on the given keys."""

    capacity = 8

    def __init__(self, crashes=()):
        self.crashes = set(crashes)
        self.tasks = []
        self.most = 0
        self.random = random.Random(7)

    def submit(self, task):
        self.tasks.append(task)
        self.most = max(self.most, len(self.tasks))

    def wait(self, seconds=None):
        task = self.tasks.pop(self.random.randrange(len(self.tasks)))
        key = task.payload.reference.key
        if key in self.crashes:
            self.crashes.discard(key)
            return [Lost(task.number, "crash", "boom")]
        return [Done(task.number, key)]

    def close(self, *, now=False):
        self.tasks.clear()


def pending(number, *, ready=False):
    reference = Reference(str(number), f"/{number}")
    if ready:
        skipped = Skipped.of(reference, reason="r", message="m")
        return PendingInput(reference, answer=ConversionReport(skipped))
    return PendingInput(reference, ConversionTask(reference, 0, str(number)))


def keys(inputs):
    return [each.reference.key for each in inputs]


def test_answers_come_in_the_order_of_the_walk():
    pool = Shuffled()
    inputs = (pending(number, ready=number % 3 == 0) for number in range(500))
    assert keys(Dispatcher(pool).in_order(inputs)) == [str(n) for n in range(500)]
    assert pool.most <= pool.capacity


def test_a_crash_is_tried_again():
    pool = Shuffled(crashes={"3", "5"})
    answers = [each.answer for each in Dispatcher(pool).in_order(map(pending, range(8)))]
    assert answers == [str(number) for number in range(8)]


class Doomed(Shuffled):
    """Loses every task, for one reason."""

    def __init__(self, reason):
        super().__init__()
        self.reason = reason

    def wait(self, seconds=None):
        return [Lost(self.tasks.pop().number, self.reason, "boom")]


@pytest.mark.parametrize("reason", ["timeout", "memory", "error"])
def test_only_a_crash_is_tried_again(reason):
    answers = [each.answer for each in Dispatcher(Doomed(reason)).in_order([pending(1)])]
    assert answers == [Lost(1, reason, "boom")]


def test_a_second_crash_is_final():
    answers = [each.answer for each in Dispatcher(Doomed("crash")).in_order([pending(1)])]
    assert [(answer.reason, answer.number) for answer in answers] == [("crash", 2)]


def test_the_walk_waits_for_one_slow_input(monkeypatch):
    monkeypatch.setattr(module, "LEAD", 50)
    taken = itertools.count()

    class Stuck(Shuffled):
        """Answers the first input only when there is no other."""

        def wait(self, seconds=None):
            task = self.tasks.pop(-1)
            return [Done(task.number, task.payload.reference.key)]

    def inputs():
        for number in range(1000):
            next(taken)
            yield pending(number)

    answers = Dispatcher(Stuck()).in_order(inputs())
    assert next(answers).reference.key == "0"
    assert next(taken) <= 51
    assert keys(answers) == [str(number) for number in range(1, 1000)]


@pytest.mark.parametrize("count", [0, 1, 3000])
def test_inputs_without_work_need_no_pool(count):
    pool = Shuffled()
    answers = Dispatcher(pool).in_order(pending(number, ready=True) for number in range(count))
    assert len(list(answers)) == count
    assert pool.most == 0
