"""Stopping: a run that is asked to stop, or that fails too often, ends in order and in time."""

from __future__ import annotations

import time

import pytest
from support.plans import in_a_pool, plan, registry

from dcmconv.model.outcome import Converted, Failed
from dcmconv.run import dispatcher
from dcmconv.run.dispatcher import Stop
from dcmconv.run.engine import Run
from dcmconv.run.progress import Tally

pytestmark = pytest.mark.slow

FAILED = Failed(input="x", locator="/x", reason="damaged", message="It is.")
FAILED_BEFORE = Failed(input="x", locator="/x", reason="damaged", message="It.", unchanged=True)
CONVERTED = Converted(input="y", locator="/y")


@pytest.mark.parametrize(
    ("text", "outcomes", "message"),
    [
        pytest.param("", [FAILED] * 500, "", id="no-limit"),
        pytest.param("2", [FAILED] * 2, "", id="just-as-many"),
        pytest.param("2", [FAILED] * 3, "more than 2 inputs failed", id="one-more"),
        pytest.param("0", [FAILED], "more than 0 inputs failed", id="none-allowed"),
        pytest.param("2", [FAILED_BEFORE] * 9, "", id="those-of-an-earlier-run"),
        pytest.param("10%", [FAILED] * 99, "", id="a-share-of-too-few"),
        pytest.param("10%", [FAILED] * 10 + [CONVERTED] * 90, "", id="just-the-share"),
        pytest.param(
            "10%",
            [FAILED] * 11 + [CONVERTED] * 89,
            "11 of 100 inputs failed, more than 10 %",
            id="more-than-the-share",
        ),
    ],
)
def test_max_failures_counts_failures_of_this_run(text, outcomes, message):
    tally = Tally()
    for outcome in outcomes:
        tally.add(outcome)
    assert tally.exceeded(text) == message


def test_the_first_reason_to_stop_is_kept(monkeypatch):
    monkeypatch.setattr(dispatcher, "SECONDS_OF_GRACE", 0.0)
    stop = Stop()
    assert (stop.asked, stop.is_over) == (False, False)
    stop.ask("interrupted")
    stop.ask("terminated")
    assert (stop.reason, stop.asked, stop.is_over) == ("interrupted", True, True)


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02d}").write_text("DEED frames 1")
    return folder


def stopped_after(count, made, scans, out):
    """Run, and ask for the end after so many outcomes."""
    run = Run(made, [str(scans)], out, registry=registry())
    seen = []
    for outcome in run:
        seen.append(outcome)
        if len(seen) == count:
            run.stop()
    return seen, run


@pytest.mark.parametrize("in_pool", [False, True], ids=["inline", "processes"])
def test_stopping_finishes_running_tasks(scans, tmp_path, in_pool, monkeypatch):
    # Otherwise two quick workers may be done with all of them before the first is published.
    monkeypatch.setattr(dispatcher, "LEAD", 8)
    inline = plan(executor=registry().ref("executor", "inline"))
    made = in_a_pool(plan(workers=2)) if in_pool else inline
    seen, run = stopped_after(5, made, scans, tmp_path / "out")
    assert 5 <= len(seen) < 40
    assert {outcome.status for outcome in seen} == {"converted"}
    assert run.summary.stopped == "interrupted"
    assert len(list((tmp_path / "out").glob("*.png"))) == len(seen)
    assert list((tmp_path / "out" / ".dcmconv" / "parts").iterdir()) == []
    rest = list(Run(plan(), [str(scans)], tmp_path / "out", registry=registry()))
    assert sum(outcome.unchanged for outcome in rest) == len(seen)
    assert len(list((tmp_path / "out").glob("*.png"))) == 40


def test_a_task_longer_than_the_grace_is_given_up(scans, tmp_path, monkeypatch):
    monkeypatch.setattr(dispatcher, "SECONDS_OF_GRACE", 1.0)
    (scans / "05").write_text("DEED hang")
    began = time.monotonic()
    seen, run = stopped_after(5, in_a_pool(plan(workers=2)), scans, tmp_path / "out")
    assert time.monotonic() - began < 30
    assert (len(seen), run.summary.stopped) == (5, "interrupted")
    assert len(list((tmp_path / "out").glob("*.png"))) == 5


@pytest.mark.parametrize(
    ("limit", "message"), [("3", "more than 3 inputs failed"), ("0", "more than 0 inputs failed")]
)
def test_too_many_failures_end_the_run(scans, tmp_path, limit, message):
    for path in scans.iterdir():
        path.write_text("DEED damaged")
    run = Run(plan(max_failures=limit), [str(scans)], tmp_path / "out", registry=registry())
    assert len(list(run)) == int(limit) + 1
    assert run.summary.stopped == message
