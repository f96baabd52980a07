"""The engine: every input ends as one outcome, whatever happens to its worker."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.dicom_files import monochrome, save
from support.plans import in_a_pool, lane, plan, registry

from dcmconv.errors import OutputError, UsageError
from dcmconv.run.engine import Run
from dcmconv.run.walk import Selection


def slope(rows=3, columns=4, *, start=0):
    return np.arange(start, start + rows * columns, dtype=np.int16).reshape(rows, columns)


@pytest.fixture
def scans(tmp_path):
    """Return a folder with three instances, one of them of three frames."""
    folder = tmp_path / "scans"
    save(monochrome(slope()), folder / "a" / "IM1.dcm")
    save(monochrome(slope(start=5)), folder / "a" / "IM2")
    save(monochrome(np.stack([slope(), slope(start=2), slope(start=9)])), folder / "b.ima")
    return folder


def action(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"DEED {text}")
    return path


def run(made, inputs, out, **options):
    """Run to the end; return the outcomes and the run."""
    batch = Run(made, [str(item) for item in inputs], out, registry=registry(), **options)
    return list(batch), batch


def tree(out: Path) -> dict[str, str]:
    """Return every file below, outside the state folder, with a hash of its content."""
    files = (path for path in out.rglob("*") if path.is_file())
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if ".dcmconv" not in path.parts
    }


def journal(out: Path) -> list[dict]:
    lines = (out / ".dcmconv" / "journal.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_pictures_mirror_the_inputs_without_the_dicom_suffix(scans, tmp_path):
    outcomes, batch = run(plan(), [scans], tmp_path / "out")
    assert sorted(tree(tmp_path / "out")) == [
        "a/IM1.png", "a/IM2.png", "b_0001.png", "b_0002.png", "b_0003.png",
    ]  # fmt: skip
    assert [outcome.input for outcome in outcomes] == ["a/IM1.dcm", "a/IM2", "b.ima"]
    assert (batch.summary.converted, batch.summary.pictures, batch.summary.stopped) == (3, 5, "")


def test_a_picture_matches_its_outcome(scans, tmp_path):
    outcomes, _ = run(plan(), [scans], tmp_path / "out")
    output = outcomes[0].outputs[0]
    content = (tmp_path / "out" / output.path).read_bytes()
    assert (output.size, output.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (output.rows, output.columns, output.frame_number, output.output) == (3, 4, 1, "png")


def test_inline_and_processes_give_the_same_files(scans, tmp_path):
    action(scans, "c", "damaged")
    action(scans, "d.dcm", "frames 1")
    action(scans, "d.ima", "frames 1")
    here, _ = run(plan(), [scans], tmp_path / "here")
    pool, _ = run(in_a_pool(plan(workers=2)), [scans], tmp_path / "pool")
    assert tree(tmp_path / "here") == tree(tmp_path / "pool")
    assert [replace(outcome, seconds=0) for outcome in here] == [
        replace(outcome, seconds=0) for outcome in pool
    ]


@pytest.mark.slow
def test_a_fault_costs_only_its_own_input(scans, tmp_path):
    faults = {
        "c1": ("exit", "crash"),
        "c2": ("segfault", "crash"),
        "c3": ("kill", "crash"),
        "c4": ("hang", "timeout"),
        "c5": ("swallow", "memory"),
        "c6": ("sys.exit", "internal"),
        "c7": ("interrupt", "internal"),
        "c8": ("damaged", "truncated"),
        "c9": ("bug", "internal"),
    }
    for name, (text, _) in faults.items():
        action(scans, name, text)
    outcomes, batch = run(in_a_pool(plan(workers=2, timeout=2)), [scans], tmp_path / "out")
    failed = {outcome.input: outcome.reason for outcome in outcomes if outcome.status == "failed"}
    assert failed == {name: reason for name, (_, reason) in faults.items()}
    assert (batch.summary.converted, batch.summary.failed) == (3, 9)
    assert len(tree(tmp_path / "out")) == 5
    assert list((tmp_path / "out" / ".dcmconv" / "parts").iterdir()) == []


def test_a_single_crash_is_forgiven(scans, tmp_path):
    action(scans, "c", f"crash-once {tmp_path / 'marker'}")
    outcomes, _ = run(in_a_pool(plan()), [scans], tmp_path / "out")
    assert {outcome.status for outcome in outcomes} == {"converted"}


@pytest.mark.slow
def test_leaked_memory_fails_no_other_input(tmp_path):
    scans = tmp_path / "scans"
    for number in range(8):
        action(scans, f"f{number}", "leak 500")
    outcomes, _ = run(in_a_pool(plan(workers=1), memory=2000), [scans], tmp_path / "out")
    assert [outcome.status for outcome in outcomes] == ["converted"] * 8
    assert list((tmp_path / "out" / ".dcmconv" / "parts").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "status", "reason", "words"),
    [
        pytest.param(b"", "failed", "empty", "empty", id="an-empty-file"),
        pytest.param(b"hello", "skipped", "not-dicom", "Not DICOM", id="some-other-file"),
        pytest.param(b"DEED damaged", "failed", "truncated", "ends early", id="a-damaged-file"),
        pytest.param(b"DEED bug", "failed", "internal", "ZeroDivisionError", id="a-bug"),
        pytest.param(b"DEED grow", "failed", "changed", "changed while", id="a-file-that-grows"),
    ],
)
def test_every_bad_input_gets_a_reason(tmp_path, content, status, reason, words):
    (tmp_path / "x").write_bytes(content)
    outcomes, _ = run(plan(), [tmp_path / "x"], tmp_path / "out")
    assert [(outcome.status, outcome.reason) for outcome in outcomes] == [(status, reason)]
    assert words in outcomes[0].message
    assert tree(tmp_path / "out") == {}
    assert [line["status"] for line in journal(tmp_path / "out")] == ["begun", status]


def test_library_warnings_become_notes_without_values(tmp_path):
    for name in "ab":
        action(tmp_path / "in", name, "warn")
    outcomes, _ = run(plan(), [tmp_path / "in"], tmp_path / "out")
    assert [outcome.notes for outcome in outcomes] == [("Invalid value for VR PN: '...'",)] * 2


def test_a_second_run_converts_nothing(scans, tmp_path):
    run(plan(), [scans], tmp_path / "out")
    before = tree(tmp_path / "out")
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.png")}
    outcomes, batch = run(plan(), [scans], tmp_path / "out")
    assert all(outcome.unchanged for outcome in outcomes)
    assert batch.summary.unchanged == 3
    assert tree(tmp_path / "out") == before
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())


def test_only_changed_inputs_are_converted_again(scans, tmp_path):
    run(plan(), [scans], tmp_path / "out")
    save(monochrome(slope(4, 4)), scans / "a" / "IM1.dcm")
    (tmp_path / "out" / "b_0002.png").unlink()
    outcomes, _ = run(plan(), [scans], tmp_path / "out")
    assert [outcome.unchanged for outcome in outcomes] == [False, True, False]
    assert outcomes[0].outputs[0].rows == 4
    assert (tmp_path / "out" / "b_0002.png").exists()


def test_another_chain_converts_everything_again(scans, tmp_path):
    run(plan(), [scans], tmp_path / "out")
    names = sorted(tree(tmp_path / "out"))
    outcomes, _ = run(plan(lane(bits=16)), [scans], tmp_path / "out", replace=True)
    assert not any(outcome.unchanged for outcome in outcomes)
    assert sorted(tree(tmp_path / "out")) == names


def test_a_torn_journal_line_costs_one_conversion(scans, tmp_path):
    out = tmp_path / "out"
    run(plan(), [scans], out)
    before = tree(out)
    path = out / ".dcmconv" / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    outcomes, _ = run(plan(), [scans], out)
    assert [outcome.unchanged for outcome in outcomes] == [True, True, False]
    assert tree(out) == before
    assert all(outcome.status == "converted" for outcome in outcomes)
    assert all(line["status"] in ("begun", "converted") for line in journal(out))


def test_unrelated_files_are_never_replaced(scans, tmp_path):
    unrelated = tmp_path / "out" / "a" / "IM1.png"
    unrelated.parent.mkdir(parents=True)
    unrelated.write_text("mine")
    for policy in ("resume", "replace", "fail"):
        outcomes, _ = run(plan(on_existing=policy), [scans], tmp_path / "out")
        assert (outcomes[0].status, outcomes[0].reason) == ("failed", "exists")
        assert "a/IM1.png already exists" in outcomes[0].message
        assert outcomes[0].hint == "Choose another --out, or move that file."
        assert unrelated.read_text() == "mine"
    outcomes, _ = run(plan(on_existing="skip"), [scans], tmp_path / "out")
    assert {outcome.status for outcome in outcomes} == {"skipped"}


def test_inputs_with_equal_names_keep_their_pictures(tmp_path):
    for name in ("x.dcm", "x.ima", "X"):
        action(tmp_path / "in", name, "frames 1")
    out = tmp_path / "out"
    outcomes, _ = run(plan(), [tmp_path / "in"], out)
    names = [outcome.outputs[0].path for outcome in outcomes]
    assert names[0] == "X.png"
    ours = [hashlib.sha256(o.locator.encode()).hexdigest()[:8] for o in outcomes]
    assert names[1:] == [f"x-{ours[1]}.png", f"x-{ours[2]}.png"]
    assert sorted(tree(out)) == sorted(names)
    again, _ = run(plan(), [tmp_path / "in"], out)
    assert [outcome.unchanged for outcome in again] == [True] * 3


@pytest.mark.parametrize(("policy", "status"), [("skip", "skipped"), ("fail", "failed")])
def test_a_name_collision_can_skip_or_fail(tmp_path, policy, status):
    for name in ("x.dcm", "x.ima"):
        action(tmp_path / "in", name, "frames 1")
    outcomes, _ = run(plan(on_collision=policy), [tmp_path / "in"], tmp_path / "out")
    assert [outcome.status for outcome in outcomes] == ["converted", status]
    assert outcomes[1].reason == "collision"


def test_identifiers_in_names_stay_inside_the_output(tmp_path):
    action(tmp_path / "in", "x", "patient ../../evil")
    named = plan(lane(name="{PatientID}/{name}_{frame:03d}"))
    outcomes, _ = run(named, [tmp_path / "in"], tmp_path / "deep" / "out")
    assert [Path(output.path).parts[1] for output in outcomes[0].outputs] == [
        "x_001.png",
        "x_002.png",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {"in", "deep"}
    assert {path.name for path in (tmp_path / "deep").iterdir()} == {"out"}


def test_outputs_with_one_suffix_are_named_by_id(scans, tmp_path):
    lanes = (lane(id="small"), lane(id="raw16", bits=16), lane("jpg"))
    run(plan(*lanes), [scans / "a" / "IM1.dcm"], tmp_path / "out")
    assert sorted(tree(tmp_path / "out")) == ["IM1-raw16.png", "IM1-small.png", "IM1.jpg"]


def test_a_single_output_file_leaves_no_other_file(scans, tmp_path):
    out = tmp_path / "new" / "x.png"
    outcomes, _ = run(plan(), [scans / "a" / "IM1.dcm"], out)
    assert [output.path for output in outcomes[0].outputs] == ["x.png"]
    assert [path.name for path in out.parent.iterdir()] == ["x.png"]


def test_a_single_output_file_is_replaced_on_request(scans, tmp_path):
    out = tmp_path / "x.png"
    out.write_text("mine")
    outcomes, _ = run(plan(), [scans / "a" / "IM1.dcm"], out)
    assert (outcomes[0].reason, outcomes[0].hint) == ("exists", "Replace it: --on-existing replace")
    assert out.read_text() == "mine"
    outcomes, _ = run(plan(on_existing="replace"), [scans / "a" / "IM1.dcm"], out)
    assert outcomes[0].status == "converted"
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("inputs", "lanes", "expected"),
    [
        pytest.param("a", (), ("more than one input", "Name a folder"), id="two-inputs"),
        pytest.param("b.ima", (), ("has 3 pictures", "--frames 1"), id="three-frames"),
        pytest.param(
            "a/IM2",
            ("png", "jpg"),
            ("several outputs: png, jpg", "Name a folder"),
            id="two-writers",
        ),
        pytest.param(
            "a/IM2",
            ("jpg",),
            ("makes .jpg", "x.jpg, choose another writer with -w"),
            id="another-writer",
        ),
    ],
)
def test_a_single_output_file_holds_one_picture(scans, tmp_path, inputs, lanes, expected):
    words, hint = expected
    made = plan(*(lane(writer) for writer in lanes))
    with pytest.raises(UsageError, match=words) as caught:
        run(made, [scans / inputs], tmp_path / "x.png")
    assert hint in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["scans"]


def test_a_missing_input_is_found_before_the_run(tmp_path):
    with pytest.raises(UsageError, match="no such file or folder") as caught:
        run(plan(), [tmp_path / "nowhere"], tmp_path / "out")
    assert "Check the spelling" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_an_output_in_use_names_the_other_run(scans, tmp_path):
    first = iter(Run(plan(), [str(scans)], tmp_path / "out", registry=registry()))
    next(first)
    with pytest.raises(
        OutputError, match=f"in use by another run .process {os.getpid()} on"
    ) as caught:
        run(plan(), [scans], tmp_path / "out")
    assert "choose another --out" in caught.value.hint
    first.close()
    _, batch = run(plan(), [scans], tmp_path / "out")
    assert batch.summary.converted == 3


def test_leaving_the_loop_ends_the_workers(scans, tmp_path):
    for number in range(6):
        action(scans, f"z{number}", "hang")
    batch = Run(in_a_pool(plan(workers=2)), [str(scans)], tmp_path / "out", registry=registry())
    began = time.monotonic()
    for outcome in batch:
        if outcome.input == "b.ima":
            break
    assert time.monotonic() - began < 30
    assert batch.summary.stopped == "interrupted"
    assert list((tmp_path / "out" / ".dcmconv" / "parts").iterdir()) == []
    assert len(tree(tmp_path / "out")) == 5


def test_on_error_stop_ends_at_the_first_failure(scans, tmp_path):
    action(scans, "a.broken", "damaged")
    outcomes, batch = run(plan(on_error="stop"), [scans], tmp_path / "out")
    assert [outcome.status for outcome in outcomes][-1] == "failed"
    assert batch.summary.stopped == "a.broken failed"
    assert batch.summary.inputs < 4


def test_the_output_folder_is_left_out_of_the_walk(scans):
    run(plan(), [scans], scans / "out")
    outcomes, _ = run(plan(), [scans], scans / "out")
    assert len(outcomes) == 3


def test_pictures_can_go_next_to_their_files(scans):
    run(plan(), [scans], scans)
    outcomes, _ = run(plan(), [scans], scans)
    assert [o.input for o in outcomes if o.status == "converted"] == ["a/IM1.dcm", "a/IM2", "b.ima"]
    assert {o.reason for o in outcomes if o.status != "converted"} == {"not-dicom"}


def test_one_input_named_twice_is_converted_once(scans, tmp_path):
    outcomes, _ = run(plan(), [scans, scans / "a" / "IM1.dcm", scans], tmp_path / "out")
    assert len(outcomes) == 3


def test_unselected_inputs_get_no_outcome(scans, tmp_path):
    outcomes, _ = run(plan(), [scans], tmp_path / "out", selection=Selection(exclude=("a/*",)))
    assert [outcome.input for outcome in outcomes] == ["b.ima"]


def test_listeners_are_told_about_every_input(scans, tmp_path):
    heard = []

    class Recorder:
        def started(self, total_known, workers):
            heard.append(("started", total_known))

        def found(self, count):
            heard.append(("found", count))

        def finished(self, outcome, tally):
            heard.append(("finished", outcome.input, tally.done))

    run(plan(), [scans], tmp_path / "out", listener=Recorder())
    assert heard[0] == ("started", 3)
    assert ("found", 3) in heard
    assert [each[1:] for each in heard if each[0] == "finished"] == [
        ("a/IM1.dcm", 1),
        ("a/IM2", 2),
        ("b.ima", 3),
    ]


def test_all_inputs_are_counted_while_few_are_converted(tmp_path):
    for number in range(40):
        save(monochrome(slope(start=number)), tmp_path / "scans" / str(number))
    counted = Run(
        plan(), [str(tmp_path / "scans")], tmp_path / "a", registry=registry(), counts_ahead=True
    )
    deadline = time.monotonic() + 30
    outcomes = iter(counted)
    # A slow loop: the thread that counts starts after the first second.
    for _ in range(5):
        next(outcomes)
        time.sleep(0.3)
    while counted.progress.total is None and time.monotonic() < deadline:
        time.sleep(0.05)
    progress = counted.progress
    assert (progress.total, progress.finished, progress.pictures) == (40, 5, 5)
    assert len(list(outcomes)) == 35


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_full_disk_stops_the_run_until_the_next(scans, tmp_path):
    out = tmp_path / "out"
    # The second part of the third input.
    part = out / ".dcmconv" / "parts" / ".dcmconv-PID-3-1.part"
    action(scans, "a.full", f"full {part}")
    batch = Run(plan(), [str(scans)], out, registry=registry())
    with pytest.raises(OutputError, match="No space left on device") as caught:
        list(batch)
    assert "run again: finished pictures are kept" in caught.value.hint
    assert sorted(tree(out)) == ["a/IM1.png", "a/IM2.png"]
    assert "No space left" in batch.summary.stopped
    action(scans, "a.full", "frames 2")
    _, batch = run(plan(), [scans], out)
    assert (batch.summary.converted, batch.summary.unchanged) == (4, 2)


SCRIPT = """
import sys
from pathlib import Path
from support.plans import in_a_pool, plan, registry
from dcmconv.run.engine import Run
for outcome in Run(in_a_pool(plan(workers=2)), [sys.argv[1]], Path(sys.argv[2]), registry=registry()):
    print(outcome.input, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_run_resumes_and_leaves_no_parts(tmp_path):
    scans, out = tmp_path / "scans", tmp_path / "out"
    for number in range(60):
        save(monochrome(slope(start=number)), scans / f"IM{number:02d}")
    tests = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": tests}
    for stop_after in (5, 20):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(scans), str(out)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            for _ in range(stop_after):
                assert process.stdout.readline()
            process.send_signal(signal.SIGKILL)
    outcomes, batch = run(plan(), [scans], out)
    assert batch.summary.converted == 60
    assert batch.summary.unchanged >= 20
    clean, _ = run(plan(), [scans], tmp_path / "clean")
    assert tree(out) == tree(tmp_path / "clean")
    assert [o.outputs for o in outcomes] == [o.outputs for o in clean]
    assert list((out / ".dcmconv" / "parts").iterdir()) == []
