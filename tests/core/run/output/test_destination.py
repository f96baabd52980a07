"""What stands where a run keeps its committer, or steers the terminal that shows them."""

import json
import os

import pytest
from support.plans import lane, plan, registry

from dcmconv.chain.settings import RunSettings
from dcmconv.errors import OutputError
from dcmconv.run.engine import Run
from dcmconv.run.journal.reader import check_pictures, stats
from dcmconv.run.journal.run_record import read_run
from dcmconv.run.journal.writer import Journal
from dcmconv.run.output.naming import safe_path_part
from dcmconv.run.output.tag_table import _cell


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_in_the_place_of_the_journal_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "journal.jsonl")

    with pytest.raises(OutputError, match="is a device, a pipe or a socket") as caught:
        Journal(tmp_path / "journal.jsonl").open()
    assert "Move it away" in caught.value.hint


@pytest.mark.parametrize("name", ["", "parts", "lock", "journal.jsonl", "run.part"])
def test_notes_that_are_links_lead_nowhere(tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    if name in ("", "parts"):
        elsewhere.mkdir()
    else:
        elsewhere.write_text("mine")
    link = tmp_path / "out" / ".dcmconv" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    with pytest.raises(OutputError, match="is a link"):
        list(Run(plan(), [str(tmp_path)], tmp_path / "out", registry=registry()))
    assert elsewhere.read_text() == "mine" if elsewhere.is_file() else not [*elsewhere.iterdir()]


def test_a_log_of_tracebacks_that_is_a_link_leads_nowhere(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("DEED bug")
    elsewhere, state = tmp_path / "elsewhere", tmp_path / "out" / ".dcmconv"
    elsewhere.write_text("mine")
    state.mkdir(parents=True)
    (state / "tracebacks.log").symlink_to(elsewhere)
    made = plan(tracebacks=True)
    (outcome,) = Run(made, [str(tmp_path / "in")], tmp_path / "out", registry=registry())
    assert (outcome.status, elsewhere.read_text()) == ("failed", "mine")


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
def test_a_record_that_a_stranger_wrote_is_none(tmp_path, content):
    (tmp_path / ".dcmconv").mkdir()
    (tmp_path / ".dcmconv" / "run.json").write_text(content)
    assert read_run(tmp_path) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_in_the_place_of_the_record_is_not_waited_for(tmp_path):
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
def test_a_cell_steers_neither_a_terminal_nor_a_spreadsheet(value, cell):
    assert _cell(value) == cell


def test_a_limit_that_was_asked_for_is_kept_by_worker_processes():
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
def test_a_name_that_would_do_harm_is_changed_and_told_apart(stem, start):
    assert safe_path_part(stem, ".png").startswith(start)


def test_an_ordinary_name_stays_as_it_is():
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
def test_a_line_of_a_stranger_blocks_no_run(tmp_path, changed):
    out = converted(tmp_path)
    journal = out / ".dcmconv" / "journal.jsonl"
    line = json.loads(journal.read_text().splitlines()[-1])
    line["outputs"][0] |= changed
    journal.write_text(json.dumps(line) + "\n")
    (outcome,) = Run(plan(), [str(tmp_path / "in")], out, registry=registry())
    assert outcome.status in ("converted", "failed")
    assert len(list(check_pictures(out))) <= 1


def test_a_line_without_size_or_with_endless_seconds_is_no_error(tmp_path):
    (tmp_path / ".dcmconv").mkdir()
    line = {"status": "converted", "input": "a", "locator": "/a", "outputs": [{"path": "a.png"}]}
    endless = {**line, "locator": "/b", "seconds": 10**400}
    text = "".join(json.dumps(each) + "\n" for each in (line, endless))
    (tmp_path / ".dcmconv" / "journal.jsonl").write_text(text)
    assert [each.state.value for each in check_pictures(tmp_path)] == ["missing"]
    assert stats(tmp_path).pictures == 1


@pytest.mark.parametrize("recorded", [[1], "abc", {"lanes": 5}, {"lanes": [1]}])
def test_a_record_that_was_changed_by_hand_stops_no_run(tmp_path, recorded):
    out = converted(tmp_path)
    record = out / ".dcmconv" / "run.json"
    record.write_text(
        json.dumps({**json.loads(record.read_text()), "chain": "x", "plan": recorded})
    )
    made = plan(lane("jpg"))
    (outcome,) = Run(made, [str(tmp_path / "in")], out, registry=registry())
    assert outcome.status == "converted"
