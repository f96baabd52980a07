"""Resume: changed inputs are converted again, failed ones are not, and damage is noticed."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest
from support.plans import in_a_pool, lane, plan, registry

from dcmconv.errors import UsageError
from dcmconv.run.engine import Run
from dcmconv.run.journal.reader import check_pictures, last_lines, orphans, read_stats
from dcmconv.run.output import atomic_move
from dcmconv.run.output.verify import PictureState


def action(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"DEED {text}")
    return path


@pytest.fixture
def scans(tmp_path):
    """Return a folder with two good inputs, a damaged one, and a text file."""
    folder = tmp_path / "scans"
    action(folder, "a", "frames 2")
    action(folder, "b", "frames 1")
    action(folder, "c", "damaged")
    (folder / "note.txt").write_text("hello")
    return folder


def run(made, scans, out, **options):
    """Run to the end; return the outcomes by input, and the run."""
    batch = Run(made, [str(scans)], out, registry=registry(), replace=True, **options)
    return {outcome.input: outcome for outcome in batch}, batch


def lines(out: Path) -> list[dict]:
    text = (out / ".dcmconv" / "journal.jsonl").read_text()
    return [line for line in map(json.loads, text.splitlines()) if line["status"] != "begun"]


def test_a_second_run_does_and_writes_nothing(scans, tmp_path):
    first, _ = run(plan(), scans, tmp_path / "out")
    before = lines(tmp_path / "out")
    again, batch = run(plan(), scans, tmp_path / "out")
    assert all(outcome.unchanged for outcome in again.values())
    assert [again[key].status for key in first] == [first[key].status for key in first]
    assert again["c"].message == "Frame 2: The stream ends early."
    assert lines(tmp_path / "out") == before
    assert (batch.summary.failed, batch.summary.failed_before) == (1, 1)


def test_a_failure_is_retried_only_on_request(scans, tmp_path):
    run(plan(), scans, tmp_path / "out")
    again, batch = run(plan(retry_failed=True), scans, tmp_path / "out")
    assert [key for key, outcome in again.items() if not outcome.unchanged] == ["c"]
    assert batch.summary.failed_before == 0


def test_a_failure_is_retried_when_its_file_changes(scans, tmp_path):
    run(plan(), scans, tmp_path / "out")
    action(scans, "c", "frames 3")
    again, _ = run(plan(), scans, tmp_path / "out")
    assert (again["c"].status, len(again["c"].outputs)) == ("converted", 3)


def test_a_failure_is_retried_under_another_policy(scans, tmp_path):
    run(plan(), scans, tmp_path / "out")
    again, _ = run(plan(policy="salvage"), scans, tmp_path / "out")
    assert (again["c"].status, again["c"].salvaged) == ("converted", True)
    assert [key for key, outcome in again.items() if not outcome.unchanged] == ["c"]
    back, _ = run(plan(), scans, tmp_path / "out")
    assert (back["c"].status, back["c"].reason) == ("failed", "truncated")
    assert [key for key, outcome in back.items() if not outcome.unchanged] == ["c"]


def test_the_strict_policy_retries_inputs_with_notes(scans, tmp_path):
    action(scans, "b", "warn")
    run(plan(), scans, tmp_path / "out")
    again, _ = run(plan(policy="strict"), scans, tmp_path / "out")
    assert (again["a"].unchanged, again["b"].reason) == (True, "strict")
    back, _ = run(plan(), scans, tmp_path / "out")
    assert (back["a"].unchanged, back["b"].status) == (True, "converted")


def test_an_output_error_is_retried(scans, tmp_path):
    unrelated = tmp_path / "out" / "b.png"
    unrelated.parent.mkdir()
    unrelated.write_text("unrelated")
    first, _ = run(plan(), scans, tmp_path / "out")
    assert first["b"].reason == "exists"
    unrelated.unlink()
    again, _ = run(plan(), scans, tmp_path / "out")
    assert again["b"].status == "converted"


def test_a_deleted_picture_is_made_again(scans, tmp_path):
    run(plan(), scans, tmp_path / "out")
    (tmp_path / "out" / "a_0002.png").unlink()
    again, batch = run(plan(), scans, tmp_path / "out")
    assert [key for key, outcome in again.items() if not outcome.unchanged] == ["a"]
    assert (batch.summary.missing, batch.summary.altered) == (1, 0)
    assert (tmp_path / "out" / "a_0002.png").exists()


def alter(path: Path) -> bytes:
    """Change one byte, but not the size."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    return content


def test_an_altered_picture_of_equal_size_is_made_again(scans, tmp_path):
    run(plan(), scans, tmp_path / "out")
    picture = tmp_path / "out" / "b.png"
    before = alter(picture)
    later = time.time_ns() + 5_000_000_000
    os.utime(picture, ns=(later, later))
    again, batch = run(plan(), scans, tmp_path / "out")
    assert not again["b"].unchanged
    assert (batch.summary.missing, batch.summary.altered) == (0, 1)
    assert picture.read_bytes() == before


def test_a_copied_folder_with_new_times_is_unchanged(scans, tmp_path):
    run(plan(), scans, tmp_path / "out")
    shutil.copytree(tmp_path / "out", tmp_path / "copy", copy_function=shutil.copyfile)
    later = time.time_ns() + 5_000_000_000
    for picture in (tmp_path / "copy").glob("*.png"):
        os.utime(picture, ns=(later, later))
    again, batch = run(plan(), scans, tmp_path / "copy")
    assert all(outcome.unchanged for outcome in again.values())
    assert batch.summary.altered == 0


def test_verify_finds_changes_that_kept_size_and_time(scans, tmp_path):
    run(plan(), scans, tmp_path / "out")
    picture = tmp_path / "out" / "b.png"
    stamp = picture.stat()
    before = alter(picture)
    os.utime(picture, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    _, batch = run(plan(), scans, tmp_path / "out")
    assert batch.summary.altered == 0
    found = [(each.path, each.state) for each in check_pictures(tmp_path / "out")]
    assert found == [
        ("a_0001.png", PictureState.WHOLE),
        ("a_0002.png", PictureState.WHOLE),
        ("b.png", PictureState.ALTERED),
    ]
    again, batch = run(plan(verify=True), scans, tmp_path / "out")
    assert (batch.summary.altered, again["b"].unchanged, again["a"].unchanged) == (1, False, True)
    assert picture.read_bytes() == before


def test_skip_keeps_the_journal(scans, tmp_path):
    run(plan(), scans, tmp_path / "out")
    again, _ = run(plan(on_existing="skip"), scans, tmp_path / "out")
    assert (again["a"].status, again["a"].reason) == ("skipped", "exists")
    third, _ = run(plan(), scans, tmp_path / "out")
    assert third["a"].status == "converted"
    assert third["a"].unchanged


def test_a_changed_input_gets_a_line_under_fail(scans, tmp_path):
    run(plan(), scans, tmp_path / "out")
    action(scans, "a", "frames 2 edited")
    run(plan(on_existing="fail"), scans, tmp_path / "out")
    (last,) = [line for line in last_lines(tmp_path / "out") if line["input"] == "a"]
    assert (last["status"], last["reason"]) == ("failed", "exists")


class Ear:
    """Records the changes that it receives."""

    def __init__(self):
        self.change = None
        self.suspects = []
        self.workers = None

    def started(self, total_known, workers):
        self.workers = workers

    def chain_changed(self, change):
        self.change = change

    def suspected(self, key):
        self.suspects.append(key)

    def found(self, count):
        pass

    def finished(self, outcome, tally):
        pass


def test_a_changed_chain_names_changes_and_counts(scans, tmp_path):
    ear = Ear()
    run(plan(), scans, tmp_path / "out", listener=ear)
    assert (ear.change, ear.workers) == (None, 0)
    run(plan(lane(bits=16)), scans, tmp_path / "out", listener=ear)
    assert ear.change.lines == ("writer: png → png:bits=16",)
    assert (ear.change.inputs, ear.change.pictures) == (4, 3)


def test_an_unchanged_chain_is_not_reported(scans, tmp_path):
    ear = Ear()
    run(plan(), scans, tmp_path / "out")
    run(plan(timeout=99.0), scans, tmp_path / "out", listener=ear)
    assert ear.change is None


def test_pictures_of_an_old_chain_are_listed_as_orphans(scans, tmp_path):
    out = tmp_path / "out"
    run(plan(), scans, out)
    run(plan(lane(name="{name}/{frame}")), scans, out)
    assert [orphan[:2] for orphan in orphans(out)] == [
        ("a_0001.png", "a"),
        ("a_0002.png", "a"),
        ("b.png", "b"),
    ]
    (out / "b.png").unlink()
    assert [path for path, *_ in orphans(out)] == ["a_0001.png", "a_0002.png"]


def test_a_journal_is_counted(scans, tmp_path):
    run(plan(), scans, tmp_path / "out")
    found = read_stats(tmp_path / "out")
    assert found.status == {"converted": 2, "failed": 1, "skipped": 1}
    assert found.reasons == {("failed", "truncated"): 1, ("skipped", "not-dicom"): 1}
    assert (found.pictures, found.salvaged, len(found.seconds)) == (3, 0, 4)


def test_each_input_has_one_last_line(scans, tmp_path):
    for policy in ("default", "salvage", "default"):
        run(plan(policy=policy), scans, tmp_path / "out")
    held = list(last_lines(tmp_path / "out"))
    assert sorted(line["input"] for line in held) == ["a", "b", "c", "note.txt"]
    assert {line["status"] for line in held if line["input"] == "c"} == {"failed"}


def test_pictures_left_behind_are_counted_and_kept(scans, tmp_path):
    run(plan(), scans, tmp_path / "out")
    action(scans, "a", "frames 1")
    action(scans, "b", "damaged")
    _, batch = run(plan(), scans, tmp_path / "out")
    left = ["a_0001.png", "a_0002.png", "b.png"]
    assert batch.summary.left_behind == len(left)
    assert [path for path, *_ in orphans(tmp_path / "out")] == left
    _, batch = run(plan(), scans, tmp_path / "out")
    assert batch.summary.left_behind == 0


def test_a_folder_without_a_journal_is_rejected(tmp_path):
    with pytest.raises(UsageError, match="has no journal") as caught:
        list(last_lines(tmp_path))
    assert "output folder of a run" in caught.value.hint


def test_run_json_describes_the_run(scans, tmp_path):
    out = tmp_path / "out"
    for _ in range(2):
        run(plan(), scans, out, argv=("dcmconv", "run"))
    about = json.loads((out / ".dcmconv" / "run.json").read_text())
    assert (about["number"], about["arguments"]) == (2, ["dcmconv", "run"])
    assert about["chain"] == plan().digest
    assert {"python", "dcmconv", "pydicom", "numpy"} <= set(about["versions"])
    assert about["summary"]["converted"] == 2
    assert {line["run"] for line in lines(out)} == {1}


def test_an_input_that_crashed_the_run_goes_to_a_worker(scans, tmp_path):
    out, ear = tmp_path / "out", Ear()
    action(scans, "c", "kill")
    (scans / "note.txt").unlink()
    child = os.fork()
    if child == 0:
        try:
            list(Run(plan(), [str(scans)], out, registry=registry()))
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    again, _ = run(plan(), scans, out, listener=ear)
    assert (ear.suspects, ear.workers > 0) == (["c"], True)
    assert (again["c"].status, again["c"].reason) == ("failed", "crash")
    assert (again["a"].unchanged, again["b"].unchanged) == (True, True)
    third, _ = run(plan(), scans, out, listener=ear)
    assert (third["c"].reason, third["c"].unchanged, ear.workers) == ("crash", True, 0)


def test_a_suspect_is_not_read_inline_again(scans, tmp_path):
    out = tmp_path / "out"
    run(plan(), scans, out)
    action(scans, "b", "frames 2")
    journal = out / ".dcmconv" / "journal.jsonl"
    begun = {"status": "begun", "input": "b", "locator": str(scans / "b")}
    journal.write_text(journal.read_text() + json.dumps(begun) + "\n")
    inline = plan(executor=registry().ref("executor", "inline"))
    again, _ = run(inline, scans, out)
    assert (again["b"].status, again["b"].reason) == ("failed", "crash")
    assert again["b"].hint == (
        "Remove run.executor from the chain: worker processes contain a crash."
    )


def test_workers_1_uses_a_worker_for_one_input(scans, tmp_path):
    ear = Ear()
    run(plan(workers=1), scans, tmp_path / "out", listener=ear)
    assert ear.workers == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/fd")
def test_durable_syncs_files_then_folder_then_line(scans, tmp_path, monkeypatch):
    synced, out = [], tmp_path / "out"
    fsync = os.fsync

    def watched(descriptor):
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    (scans / "c").unlink()
    (scans / "b").unlink()
    run(plan(durable=True, executor=registry().ref("executor", "inline")), scans, out)
    parts = [path for path in synced if path.suffix == ".part"]
    assert len(parts) == 2
    journal = out / ".dcmconv" / "journal.jsonl"
    # Two markers, and the line of each input; the pictures of input a lie between.
    lines = [index for index, path in enumerate(synced) if path == journal]
    folder = synced.index(out)
    assert max(map(synced.index, parts)) < folder < max(lines)
    assert folder == max(index for index, path in enumerate(synced) if path == out)
    assert len(lines) >= 4


def test_durable_and_usual_pictures_are_the_same(scans, tmp_path):
    usual, _ = run(plan(), scans, tmp_path / "usual")
    durable, _ = run(in_a_pool(plan(durable=True, workers=1)), scans, tmp_path / "durable")
    assert [o.outputs for o in usual.values() if o.status == "converted"] == [
        o.outputs for o in durable.values() if o.status == "converted"
    ]


def test_without_hard_links_the_pictures_are_the_same(scans, tmp_path, monkeypatch):
    usual, _ = run(plan(), scans, tmp_path / "usual")

    def refuse(source, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(atomic_move.os, "link", refuse)
    renamed, _ = run(plan(), scans, tmp_path / "renamed")
    assert renamed["a"].outputs == usual["a"].outputs
    assert (tmp_path / "renamed" / "a_0001.png").exists()
