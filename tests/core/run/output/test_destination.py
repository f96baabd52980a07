"""Unexpected files in the state folder, and text that would control a terminal."""

import json
import os

import pytest
from support.plans import lane, plan, registry

from dcmconv.chain.settings import RunSettings
from dcmconv.errors import OutputError
from dcmconv.run.engine import Run
from dcmconv.run.journal.reader import check_pictures, read_stats
from dcmconv.run.journal.run_record import read_run
from dcmconv.run.journal.writer import Journal
from dcmconv.run.output.naming import safe_path_part
from dcmconv.run.output.tag_table import _cell


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_as_journal_is_rejected_without_blocking(tmp_path):
    os.mkfifo(tmp_path / "journal.jsonl")

    with pytest.raises(
        OutputError, match="is a device, a pipe or a socket; expected a regular file"
    ) as caught:
        Journal(tmp_path / "journal.jsonl").open()
    assert "Move it, or choose another --out" in caught.value.hint


@pytest.mark.parametrize("name", ["", "parts", "lock", "journal.jsonl", "run.part"])
def test_a_link_in_the_state_folder_is_not_followed(tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    if name in ("", "parts"):
        elsewhere.mkdir()
    else:
        elsewhere.write_text("unrelated")
    link = tmp_path / "out" / ".dcmconv" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    with pytest.raises(OutputError, match="is a link"):
        list(Run(plan(), [str(tmp_path)], tmp_path / "out", registry=registry()))
    assert (
        elsewhere.read_text() == "unrelated" if elsewhere.is_file() else not [*elsewhere.iterdir()]
    )


def test_a_link_as_traceback_log_is_not_followed(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("DEED bug")
    elsewhere, state = tmp_path / "elsewhere", tmp_path / "out" / ".dcmconv"
    elsewhere.write_text("unrelated")
    state.mkdir(parents=True)
    (state / "tracebacks.log").symlink_to(elsewhere)
    made = plan(tracebacks=True)
    (outcome,) = Run(made, [str(tmp_path / "in")], tmp_path / "out", registry=registry())
    assert (outcome.status, elsewhere.read_text()) == ("failed", "unrelated")


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '{"number": "many"}',
        '{"tables": [1]}',
        '{"tables": {"/a.csv": 7}}',
        '{"number": null, "tables": null}',
    ],
)
def test_a_malformed_run_json_is_ignored(tmp_path, content):
    (tmp_path / ".dcmconv").mkdir()
    (tmp_path / ".dcmconv" / "run.json").write_text(content)
    assert read_run(tmp_path) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_as_run_json_does_not_block(tmp_path):
    (tmp_path / ".dcmconv").mkdir()
    os.mkfifo(tmp_path / ".dcmconv" / "run.json")
    assert read_run(tmp_path) is None


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("two\nlines", "two\\x0alines"),
        ("=1+1", "'=1+1"),
        ("\t=1", "'\\x09=1"),
        ("plain", "plain"),
        (None, ""),
        (7, 7),
        (("a", "\x07"), "a\\\\x07"),
    ],
)
def test_a_cell_cannot_control_a_terminal_or_spreadsheet(value, cell):
    assert _cell(value) == cell


def test_explicit_limits_need_worker_processes():
    assert not RunSettings().needs_workers
    assert RunSettings(timeout=2.0).needs_workers
    assert RunSettings(memory=512).needs_workers
    assert RunSettings(workers=1).needs_workers


@pytest.mark.parametrize(
    ("stem", "start"),
    [
        ("CON", "_CON-"),
        ("nul.x", "_nul.x-"),
        ("a\x1b[31m", "a_[31m-"),
        ("new\nline", "new_line-"),
        ("\u202egnp", "_gnp-"),
    ],
)
def test_a_harmful_name_is_changed_and_stays_unique(stem, start):
    assert safe_path_part(stem, ".png").startswith(start)


def test_an_ordinary_name_is_unchanged():
    assert safe_path_part("Schädel (1) 影像", ".png") == "Schädel (1) 影像.png"


def converted(tmp_path):
    """Run over one input, and return the output folder."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("DEED frames 1")
    list(Run(plan(), [str(tmp_path / "in")], tmp_path / "out", registry=registry()))
    return tmp_path / "out"


@pytest.mark.parametrize(
    "changed",
    [
        {"path": "a\0.png"},
        {"path": "a\ud800.png"},
        {"path": "a" * 40_000},
        {"path": "a" * 5_000},
    ],
)
def test_a_malformed_journal_line_does_not_stop_a_run(tmp_path, changed):
    out = converted(tmp_path)
    journal = out / ".dcmconv" / "journal.jsonl"
    line = json.loads(journal.read_text().splitlines()[-1])
    line["outputs"][0] |= changed
    journal.write_text(json.dumps(line) + "\n")
    (outcome,) = Run(plan(), [str(tmp_path / "in")], out, registry=registry())
    assert outcome.status in ("converted", "failed")
    assert len(list(check_pictures(out))) <= 1


def test_a_line_without_size_or_with_infinite_seconds_is_read(tmp_path):
    (tmp_path / ".dcmconv").mkdir()
    line = {"status": "converted", "input": "a", "locator": "/a", "outputs": [{"path": "a.png"}]}
    endless = {**line, "locator": "/b", "seconds": 10**400}
    text = "".join(json.dumps(each) + "\n" for each in (line, endless))
    (tmp_path / ".dcmconv" / "journal.jsonl").write_text(text)
    assert [each.state.value for each in check_pictures(tmp_path)] == ["missing"]
    assert read_stats(tmp_path).pictures == 1


@pytest.mark.parametrize("recorded", [[1], "abc", {"lanes": 5}, {"lanes": [1]}])
def test_an_edited_run_json_does_not_stop_a_run(tmp_path, recorded):
    out = converted(tmp_path)
    record = out / ".dcmconv" / "run.json"
    record.write_text(
        json.dumps({**json.loads(record.read_text()), "chain": "x", "plan": recorded})
    )
    made = plan(lane("jpg"))
    (outcome,) = Run(made, [str(tmp_path / "in")], out, registry=registry())
    assert outcome.status == "converted"
