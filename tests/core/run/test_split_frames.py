"""Splitting the frames of a big input over workers changes nothing in its pictures."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from support.dicom_files import monochrome, save
from support.plans import in_a_pool, lane, plan, registry

from dcmconv.model.executor import Done, Lost, WorkerPool
from dcmconv.model.inputs import Reference
from dcmconv.model.outcome import Converted, Failed, OutputFile
from dcmconv.run import dispatcher, split_frames, worklist
from dcmconv.run.dispatcher import Dispatcher, PendingInput
from dcmconv.run.engine import Run
from dcmconv.run.messages import ConversionReport, ConversionTask, FrameSlice, Part, SplitRequest
from dcmconv.run.split_frames import join_reports, split_task

FRAMES = 40


@pytest.fixture(autouse=True)
def small_is_big(monkeypatch):
    monkeypatch.setattr(worklist, "SPLIT_BYTES", 100)


@pytest.fixture
def cine(tmp_path):
    values = np.arange(FRAMES * 6, dtype=np.uint16).reshape(FRAMES, 2, 3)
    return save(monochrome(values), tmp_path / "cine.dcm")


def run(made, source, out):
    return list(Run(made, [str(source)], out, registry=registry()))


def tree(out):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.glob("*.png")}


def watch_splits(monkeypatch):
    """Return a list that gets the number of slices of each split input."""
    seen = []

    def watched(task, request, *, workers):
        made = split_task(task, request, workers=workers)
        seen.append(len(made))
        return made

    monkeypatch.setattr(dispatcher, "split_task", watched)
    return seen


def test_splitting_changes_no_picture_and_no_outcome(monkeypatch, cine, tmp_path):
    (here,) = run(plan(), cine, tmp_path / "here")
    seen = watch_splits(monkeypatch)
    (split,) = run(in_a_pool(plan(workers=2)), cine, tmp_path / "split")
    assert seen == [5]
    assert tree(tmp_path / "split") == tree(tmp_path / "here")
    assert len(tree(tmp_path / "here")) == FRAMES
    assert replace(split, seconds=0) == replace(here, seconds=0)
    assert not list((tmp_path / "split" / ".dcmconv" / "parts").iterdir())


def test_only_the_wanted_frames_are_split(monkeypatch, cine, tmp_path):
    seen = watch_splits(monkeypatch)
    made = replace(in_a_pool(plan(workers=2)), frames=((11, 30),))
    (outcome,) = run(made, cine, tmp_path / "out")
    assert seen == [2]
    assert [output.frame_number for output in outcome.outputs] == list(range(11, 31))


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(plan(workers=1), id="one-worker"),
        pytest.param(plan(workers=2, policy="salvage"), id="salvage"),
    ],
)
def test_one_worker_and_salvage_split_nothing(monkeypatch, cine, tmp_path, made):
    seen = watch_splits(monkeypatch)
    run(in_a_pool(made), cine, tmp_path / "out")
    assert seen == []


def test_instance_statistics_prevent_splitting(monkeypatch, cine, tmp_path):
    seen = watch_splits(monkeypatch)
    minmax = registry().ref("normalizer", "minmax", {"scope": "instance"})
    run(in_a_pool(plan(replace(lane(), normalizer=minmax), workers=2)), cine, tmp_path / "out")
    assert seen == []


def test_one_bad_frame_fails_the_whole_input(cine, tmp_path):
    # The name has a field that only some frames can fill.
    made = plan(lane(name="{frame:04d}"), workers=2)
    out = tmp_path / "out"
    out.mkdir()
    (out / "0033.png").write_text("unrelated")
    (outcome,) = run(in_a_pool(made), cine, out)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "exists"
    assert [path.name for path in out.glob("*.png")] == ["0033.png"]
    assert not list((out / ".dcmconv" / "parts").iterdir())


def task():
    return ConversionTask(Reference("a", "/a", 5, 7), 0, "1-1", may_split=True)


@pytest.mark.parametrize(
    ("frames", "workers", "slices"),
    [
        pytest.param(2, 2, 1, id="few-frames"),
        pytest.param(16, 2, 2, id="eight-a-slice"),
        pytest.param(1000, 2, 8, id="four-slices-a-worker"),
    ],
)
def test_slices_cover_every_frame_once(frames, workers, slices):
    made = split_task(task(), SplitRequest(frames), workers=workers)
    covered = [
        number for each in made for number in range(each.frame_slice.first, each.frame_slice.end)
    ]
    assert covered == list(range(frames))
    assert len(made) == slices
    assert len({each.label for each in made}) == slices
    assert not any(each.may_split for each in made)


def report(number, **changes):
    output = OutputFile(
        path=f"{number}.png",
        output="png",
        frame_number=number,
        size=1,
        sha256="",
        rows=1,
        columns=1,
    )
    known = {
        "input": "a",
        "locator": "/a",
        "size": 5,
        "mtime_ns": 7,
        "decoder": "d",
        "seconds": 1.0,
    }
    return ConversionReport(Converted(**(known | changes)), (Part(f"p{number}", output),))


def test_reports_are_joined_in_the_order_of_the_frames():
    made = join_reports([report(1, notes=("x",)), report(2, notes=("x", "y"), decoder="copied")])
    assert [part.path for part in made.parts] == ["p1", "p2"]
    assert (made.outcome.notes, made.outcome.seconds) == (("x", "y"), 2.0)
    assert made.outcome.decoder == "d"


def test_the_first_failure_is_the_answer():
    failed = ConversionReport(Failed(input="a", locator="/a", reason="r", message="m"))
    assert join_reports([report(1), failed, Lost(3, "crash", "boom")]) == failed
    assert join_reports([report(1), Lost(3, "crash", "boom"), failed]) == Lost(3, "crash", "boom")


@pytest.mark.parametrize("frames", [20, 60])
def test_a_file_that_changes_before_splitting_fails(monkeypatch, cine, tmp_path, frames):
    other = np.zeros((frames, 2, 3), np.uint16)

    def swapped(task, request, *, workers):
        save(monochrome(other), tmp_path / "other")
        (tmp_path / "other").replace(cine)
        return split_task(task, request, workers=workers)

    monkeypatch.setattr(dispatcher, "split_task", swapped)
    (outcome,) = run(in_a_pool(plan(workers=2)), cine, tmp_path / "out")
    assert (outcome.status, outcome.reason) == ("failed", "changed")
    assert tree(tmp_path / "out") == {}


class AsksToSplit(WorkerPool):
    """Asks to split the first task, and crashes once on its first slice."""

    capacity = 2

    def __init__(self):
        self.tasks = []
        self.has_crashed = False

    def submit(self, task):
        self.tasks.append(task)

    def wait(self, seconds=None):
        task = self.tasks.pop()
        part = task.payload.frame_slice
        if part is None and task.payload.may_split:
            return [Done(task.number, SplitRequest(16))]
        if part == FrameSlice(0, 8, SplitRequest(16)) and not self.has_crashed:
            self.has_crashed = True
            return [Lost(task.number, "crash", "boom")]
        return [Done(task.number, report(part.first if part else 0))]

    def close(self, *, now=False):
        self.tasks.clear()


def test_a_crashed_slice_is_tried_again_in_order():
    big = PendingInput(task().reference, task())
    other = Reference("b", "/b")
    small = PendingInput(other, ConversionTask(other, 0, "1-2"))
    done = list(Dispatcher(AsksToSplit(), workers=2).in_order([big, small]))
    assert [each.reference.key for each in done] == ["a", "b"]
    assert [part.path for part in big.answer.parts] == ["p0", "p8"]
    assert split_frames.LEAST_FRAMES == 8
