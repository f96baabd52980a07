"""Runs whose normalizers ask for statistics of the series or of the run."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from PIL import Image
from support.dicom_files import color, monochrome, save
from support.plans import in_a_pool, lane, plan, registry

from dcmconv.chain.plan import PlannedRule
from dcmconv.model.outcome import Converted
from dcmconv.run.engine import Run
from dcmconv.run.executors import HANDFUL
from dcmconv.run.journal.line import read_journal

REAL = Path(pydicom.data.__file__).parent / "test_files" / "dicomdirtests"
"""Real series of 16 by 16 pixels, with the stored values below."""


def scaled(normalizer="minmax", writer="png", **options):
    """Return a lane with its own normalizer."""
    return replace(lane(writer), normalizer=registry().ref("normalizer", normalizer, options))


def run(made, folder, out, **options):
    batch = Run(made, [str(folder)], out, registry=registry(), **options)
    return list(batch)


def tones(outcomes):
    return {each.input: each.outputs[0].tone for each in outcomes if isinstance(each, Converted)}


def pixels(out, name):
    return np.asarray(Image.open(io.BytesIO((out / name).read_bytes()))).tolist()


def tree(out):
    files = (path for path in out.rglob("*") if path.is_file() and ".dcmconv" not in path.parts)
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def row(*values, dtype="i2", **attributes):
    return monochrome(np.array([values], dtype), **attributes)


@pytest.fixture
def scans(tmp_path):
    """Return two series: in A 0..100 and 50..200 on different slopes, in B 0..1000."""
    folder = tmp_path / "scans"
    save(row(0, 100, SeriesInstanceUID="1.2.1"), folder / "a1")
    save(row(25, 100, SeriesInstanceUID="1.2.1", RescaleSlope=2, RescaleIntercept=0), folder / "a2")
    save(row(0, 1000, SeriesInstanceUID="1.2.2"), folder / "b1")
    return folder


def test_a_series_shares_its_extremes_in_modality_units(scans, tmp_path):
    outcomes = run(plan(scaled(scope="series")), scans, tmp_path / "out")
    assert tones(outcomes) == {
        "a1": "min-max 0..200 HU of the series",
        "a2": "min-max 0..200 HU of the series",
        "b1": "min-max 0..1000 HU of the series",
    }
    # 100 of 200 is 127.5; 50 of 200 is 63.75.
    assert pixels(tmp_path / "out", "a1.png") == [[0, 128]]
    assert pixels(tmp_path / "out", "a2.png") == [[64, 255]]
    assert pixels(tmp_path / "out", "b1.png") == [[0, 255]]


def test_a_run_shares_its_extremes(scans, tmp_path):
    outcomes = run(plan(scaled(scope="run")), scans, tmp_path / "out")
    assert set(tones(outcomes).values()) == {"min-max 0..1000 HU of the run"}
    # 255 * 200 / 1000
    assert pixels(tmp_path / "out", "a2.png") == [[13, 51]]


def test_series_percentiles_use_all_its_pixels(tmp_path):
    # 0..100 once each, over two files of one transform: the 1st percentile is 1, the 99th 99.
    save(row(*range(40)), tmp_path / "scans" / "a")
    save(row(*range(40, 101)), tmp_path / "scans" / "b")
    outcomes = run(plan(scaled("percentile", scope="series")), tmp_path / "scans", tmp_path / "out")
    assert set(tones(outcomes).values()) == {"percentiles 1 and 99, 1..99 HU of the series"}


@pytest.mark.parametrize(
    ("series", "tone"),
    [
        pytest.param("98892003/MR700", "min-max 0..339 of the series", id="mr"),
        pytest.param("77654033/CT2", "min-max -981..1489 HU of the series", id="ct"),
    ],
)
def test_a_real_series_shares_its_extremes(tmp_path, series, tone):
    outcomes = run(plan(scaled(scope="series")), REAL / series, tmp_path / "out")
    assert len(outcomes) in (4, 7)
    assert set(tones(outcomes).values()) == {tone}


@pytest.mark.parametrize("scope", ["series", "run", "instance"])
@pytest.mark.parametrize("normalizer", ["minmax", "percentile"])
def test_inline_and_processes_give_equal_outcomes(tmp_path, normalizer, scope):
    made = plan(scaled(normalizer, scope=scope), workers=2)
    assert len(list((REAL / "98892003").rglob("*"))) > HANDFUL
    inline = replace(made, executor=registry().ref("executor", "inline"))
    here = run(inline, REAL / "98892003", tmp_path / "here")
    pool = run(in_a_pool(made), REAL / "98892003", tmp_path / "pool")
    assert [replace(each, seconds=0) for each in here] == [
        replace(each, seconds=0) for each in pool
    ]
    assert tree(tmp_path / "here") == tree(tmp_path / "pool")
    assert len(tree(tmp_path / "here")) == 17


def chains(out):
    lines = read_journal(out / ".dcmconv" / "journal.jsonl")
    return [line["chain"] for line in lines if line["status"] == "converted"]


def test_a_second_run_finds_nothing_to_do(scans, tmp_path):
    made = plan(scaled(scope="series"))
    run(made, scans, tmp_path / "out")
    again = run(made, scans, tmp_path / "out")
    assert [each.unchanged for each in again] == [True, True, True]
    assert len(set(chains(tmp_path / "out"))) == 2
    assert all(chain.startswith(f"{made.digest}+") for chain in chains(tmp_path / "out"))


def test_changed_statistics_convert_the_series_again(scans, tmp_path):
    made = plan(scaled(scope="series"))
    run(made, scans, tmp_path / "out")
    save(row(0, 400, SeriesInstanceUID="1.2.1"), scans / "a3")
    again = {each.input: each for each in run(made, scans, tmp_path / "out")}
    assert {name: each.unchanged for name, each in again.items()} == {
        "a1": False, "a2": False, "a3": False, "b1": True,
    }  # fmt: skip
    assert pixels(tmp_path / "out", "a1.png") == [[0, 64]]


def test_unchanged_statistics_convert_nothing_again(scans, tmp_path):
    made = plan(scaled(scope="series"))
    run(made, scans, tmp_path / "out")
    save(row(3, 4, SeriesInstanceUID="1.2.1"), scans / "a3")
    again = run(made, scans, tmp_path / "out")
    assert [each.input for each in again if not each.unchanged] == ["a3"]


def test_unreadable_inputs_add_nothing(scans, tmp_path):
    whole = (scans / "b1").read_bytes()
    (scans / "b2").write_bytes(whole[:-2])
    (scans / "c").write_text("DEED bug")
    (scans / "d").write_text("hello")
    outcomes = run(plan(scaled(scope="run")), scans, tmp_path / "out")
    assert [(each.input, each.status) for each in outcomes] == [
        ("a1", "converted"), ("a2", "converted"), ("b1", "converted"),
        ("b2", "failed"), ("c", "failed"), ("d", "skipped"),
    ]  # fmt: skip
    assert set(tones(outcomes).values()) == {"min-max 0..1000 HU of the run"}


def test_ctrl_c_in_a_statistics_pass_ends_the_run(scans, tmp_path):
    (scans / "c").write_text("DEED interrupt")
    with pytest.raises(KeyboardInterrupt):
        run(plan(scaled(scope="run")), scans, tmp_path / "out")
    lines = list(read_journal(tmp_path / "out" / ".dcmconv" / "journal.jsonl"))
    assert {line["status"] for line in lines} == {"begun", "left"}
    assert tree(tmp_path / "out") == {}


def test_a_crash_in_the_pass_costs_only_its_input(scans, tmp_path):
    (scans / "c").write_text("DEED exit")
    outcomes = run(in_a_pool(plan(scaled(scope="run"), workers=2)), scans, tmp_path / "out")
    assert [(each.input, each.status) for each in outcomes][-1] == ("c", "failed")
    assert outcomes[-1].reason == "crash"
    assert set(tones(outcomes).values()) == {"min-max 0..1000 HU of the run"}


def test_one_crash_in_the_pass_is_forgiven(scans, tmp_path):
    (scans / "c").write_text(f"DEED crash-once {tmp_path / 'marker'}")
    outcomes = run(in_a_pool(plan(scaled(scope="run"), workers=1)), scans, tmp_path / "out")
    assert {each.status for each in outcomes} == {"converted"}


class ReplacesInput:
    """Replaces ``a2`` between the statistics pass and its conversion."""

    def __init__(self, folder, before=None):
        self.folder, self.before, self.statistics_passes = folder, before, 0

    def statistics_pass_started(self):
        self.statistics_passes += 1
        if self.before is not None:
            (self.folder / "a2").write_bytes(self.before)

    def started(self, *known):
        pass

    def chain_changed(self, change):
        pass

    def found(self, count):
        pass

    def finished(self, outcome, tally):
        if outcome.input == "a1":
            save(row(1, 2, Modality="OT", RescaleType="OD"), self.folder / "a2")


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(None, id="in-other-units"),
        pytest.param(b"DEED damaged", id="unreadable"),
        pytest.param(b"hello", id="no-picture"),
    ],
)
def test_an_input_that_changed_after_the_pass_fails(scans, tmp_path, before):
    made, listener = plan(scaled(scope="run")), ReplacesInput(scans, before)
    outcomes = run(made, scans, tmp_path / "out", listener=listener)
    assert listener.statistics_passes == 1
    assert [each.status for each in outcomes] == ["converted", "failed", "converted"]
    assert "of the run do not include this input" in outcomes[1].message
    assert (outcomes[1].reason, outcomes[1].hint) == (
        "changed",
        "Run again when no other program is writing to the file.",
    )


def test_the_pass_leaves_no_suspects(scans, tmp_path):
    (scans / "b1").unlink()
    run(plan(scaled(scope="run")), scans, tmp_path / "out")
    lines = list(read_journal(tmp_path / "out" / ".dcmconv" / "journal.jsonl"))
    for name in ("a1", "a2"):
        statuses = [line["status"] for line in lines if line["input"] == name]
        assert statuses == ["begun", "left", "begun", "converted"]


def test_no_pass_without_a_lane_that_needs_it(scans, tmp_path):
    listener = ReplacesInput(scans)
    run(plan(scaled(scope="instance")), scans, tmp_path / "out", listener=listener)
    assert listener.statistics_passes == 0


def test_a_damaged_later_frame_is_reported(scans, tmp_path):
    (scans / "c").write_text("DEED damaged")
    outcomes = run(plan(scaled(scope="run")), scans, tmp_path / "out")
    assert (outcomes[-1].input, outcomes[-1].reason) == ("c", "truncated")
    assert outcomes[-1].message == "Frame 2: The stream ends early."


def test_only_inputs_whose_lanes_ask_are_read(scans, tmp_path):
    save(row(0, 30000, Modality="MR", SeriesInstanceUID="1.2.1"), scans / "m1")
    shared = PlannedRule(when={"Modality": ("CT",)}, lanes=(scaled(scope="run"),))
    made = replace(plan(), rules=(shared,))
    outcomes = run(made, scans, tmp_path / "out")
    assert tones(outcomes) == {
        "a1": "min-max 0..1000 HU of the run",
        "a2": "min-max 0..1000 HU of the run",
        "b1": "min-max 0..1000 HU of the run",
        "m1": "min-max 0..30000 HU",
    }
    assert chains(tmp_path / "out")[-1] == made.digest


def test_every_lane_has_the_scope_that_it_asks_for(scans, tmp_path):
    lanes = [
        replace(scaled(scope=scope), id=scope) for scope in ("frame", "instance", "series", "run")
    ]
    lanes.append(replace(scaled("percentile", scope="series", low=0.0, high=50.0), id="half"))
    outcomes = run(plan(*lanes), scans, tmp_path / "out")
    assert [output.tone for output in outcomes[0].outputs] == [
        "min-max 0..100 HU",
        "min-max 0..100 HU of the instance",
        "min-max 0..200 HU of the series",
        "min-max 0..1000 HU of the run",
        # 0, 50, 100, 200: the middle is 75.
        "percentiles 0 and 50, 0..75 HU of the series",
    ]


def test_color_adds_nothing(tmp_path):
    folder = tmp_path / "scans"
    save(color(np.full((1, 2, 3), 250, np.uint8), SeriesInstanceUID="1.2.1"), folder / "c")
    save(row(0, 100, SeriesInstanceUID="1.2.1"), folder / "g")
    outcomes = run(plan(scaled(scope="run")), folder, tmp_path / "out")
    assert tones(outcomes) == {"c": "", "g": "min-max 0..100 HU of the run"}


def test_an_input_without_series_is_its_own_series(tmp_path):
    folder = tmp_path / "scans"
    save(row(0, 10, SeriesInstanceUID=None), folder / "a")
    save(row(0, 90, SeriesInstanceUID=None), folder / "b")
    outcomes = run(plan(scaled(scope="series")), folder, tmp_path / "out")
    assert tones(outcomes) == {
        "a": "min-max 0..10 HU of the series",
        "b": "min-max 0..90 HU of the series",
    }


def test_unwanted_frames_count_too(tmp_path):
    save(monochrome(np.array([[[0, 5]], [[9, 50]]], np.int16)), tmp_path / "scans" / "a")
    made = replace(plan(scaled(scope="series")), frames=((1, 1),))
    outcomes = run(made, tmp_path / "scans", tmp_path / "out")
    assert tones(outcomes) == {"a": "min-max 0..50 of the series"}
    assert len(outcomes[0].outputs) == 1
