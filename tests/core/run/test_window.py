"""The window: in order, bounded, and each input answered."""

from __future__ import annotations

import itertools
import random

import pytest

from dcmconv.model.executor import Done, Lost, WorkerPool
from dcmconv.model.inputs import Reference
from dcmconv.model.outcome import Skipped
from dcmconv.run import window as module
from dcmconv.run.messages import ConversionReport, ConversionTask
from dcmconv.run.window import PendingInput, Window


class Shuffled(WorkerPool):
    """Answers in no order at all; loses the numbers it is told to."""

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


def item(number, *, ready=False):
    key = str(number)
    made = PendingInput(key, key, key)
    if ready:
        made.answer = ConversionReport(Skipped(input=key, locator=key, reason="r", message="m"))
    else:
        made.assignment = ConversionTask(Reference(key, key), 0, key)
    return made


def test_answers_come_in_the_order_of_the_walk():
    pool = Shuffled()
    items = (item(number, ready=number % 3 == 0) for number in range(500))
    assert [each.key for each in Window(pool).in_order(items)] == [str(n) for n in range(500)]
    assert pool.most <= pool.capacity


def test_a_crash_is_tried_once_more():
    pool = Shuffled(crashes={"3", "5"})
    answers = [each.answer for each in Window(pool).in_order(map(item, range(8)))]
    assert answers == [str(number) for number in range(8)]


def test_a_second_crash_stands():
    class Doomed(Shuffled):
        def wait(self, seconds=None):
            return [Lost(self.tasks.pop().number, "crash", "boom")]

    answers = [each.answer for each in Window(Doomed()).in_order([item(1)])]
    assert [(answer.reason, answer.number) for answer in answers] == [("crash", 2)]


def test_the_walk_is_not_read_far_ahead_of_one_slow_input(monkeypatch):
    monkeypatch.setattr(module, "LEAD", 50)
    taken = itertools.count()

    class Stuck(Shuffled):
        """The first input takes for ever, as long as there is another."""

        def wait(self, seconds=None):
            task = self.tasks.pop(-1)
            return [Done(task.number, task.payload.reference.key)]

    def items():
        for number in range(1000):
            next(taken)
            yield item(number)

    answers = Window(Stuck()).in_order(items())
    assert next(answers).key == "0"
    assert next(taken) <= 51
    assert [each.key for each in answers] == [str(number) for number in range(1, 1000)]


@pytest.mark.parametrize("count", [0, 1, 3000])
def test_inputs_without_work_need_no_crew(count):
    pool = Shuffled()
    answers = Window(pool).in_order(item(number, ready=True) for number in range(count))
    assert len(list(answers)) == count
    assert pool.most == 0
