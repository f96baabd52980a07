"""The inline executor: exceptions are answers, Ctrl-C is not, and prints are discarded."""

from __future__ import annotations

import pytest

from dcmconv.plugin import Done, Job, Lost, Task
from dcmconv_builtins.executors.inline import Inline, InlinePool


@pytest.fixture
def pool():
    return Inline().open(Job("support.faults:start", None), workers=1)


def test_an_exception_costs_one_task(pool):
    for number, payload in enumerate([1, "sys.exit", 2]):
        pool.submit(Task(number, payload))
    answers = [answer for _ in range(3) for answer in pool.wait()]
    assert answers == [Done(0, 1), Lost(1, "error", "SystemExit: 5"), Done(2, 2)]


def test_ctrl_c_reaches_the_caller(pool):
    pool.submit(Task(0, "interrupt"))
    with pytest.raises(KeyboardInterrupt):
        pool.wait()


def test_a_component_s_prints_are_discarded(capsys):
    pool = InlinePool(work=print)
    pool.submit(Task(1, "\x1b[31mnoise"))
    pool.wait()
    assert capsys.readouterr().out == ""
