"""The tag table."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from support.dicom_files import monochrome, save
from support.plans import lane, plan, registry

from dcmconv.errors import OutputError, UsageError
from dcmconv.run.engine import Run

TAGS = ("PatientID", "Rows", "ImageType", "PatientComments")


@pytest.fixture
def scans(tmp_path):
    values = np.arange(12, dtype=np.int16).reshape(3, 4)
    one = monochrome(values, PatientID="=1+1", ImageType=["ORIGINAL", "PRIMARY"])
    save(one, tmp_path / "in" / "a.dcm")
    save(monochrome(np.stack([values, values]), PatientID="P2"), tmp_path / "in" / "b.dcm")
    (tmp_path / "in" / "c.txt").write_text("no picture, no row")
    return tmp_path / "in"


def convert(scans, out, table):
    run = Run(plan(tags=TAGS), [str(scans)], out, tag_table=table, registry=registry())
    return list(run)


def test_every_picture_has_a_row_and_no_cell_is_a_formula(scans, tmp_path):
    table = tmp_path / "tables" / "tags.csv"
    convert(scans, tmp_path / "out", table)
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    assert rows == [
        ["input", "output", "frame", *TAGS],
        ["a.dcm", "a.png", "1", "'=1+1", "3", "ORIGINAL\\PRIMARY", ""],
        ["b.dcm", "b_0001.png", "1", "P2", "3", "", ""],
        ["b.dcm", "b_0002.png", "2", "P2", "3", "", ""],
    ]
    assert [path.name for path in table.parent.iterdir()] == ["tags.csv"]


def test_json_lines_keep_numbers_and_lists(scans, tmp_path):
    table = tmp_path / "tags.jsonl"
    convert(scans, tmp_path / "out", table)
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    assert rows[0] == {
        "input": "a.dcm",
        "output": "a.png",
        "frame": 1,
        "PatientID": "=1+1",
        "Rows": 3,
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "PatientComments": None,
    }


def test_a_second_run_gives_the_same_table_and_converts_nothing(scans, tmp_path):
    convert(scans, tmp_path / "out", tmp_path / "1.csv")
    outcomes = convert(scans, tmp_path / "out", tmp_path / "2.csv")
    assert [getattr(outcome, "unchanged", None) for outcome in outcomes] == [True, True, True]
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_a_table_of_a_run_that_did_not_end_does_not_appear(scans, tmp_path):
    table = tmp_path / "tags.csv"
    convert(scans, tmp_path / "out", table)
    last_good_one = table.read_text()
    run = iter(
        Run(
            plan(lane(), tags=TAGS),
            [str(scans)],
            tmp_path / "out",
            tag_table=table,
            registry=registry(),
        )
    )
    next(run)
    run.close()
    assert table.read_text() == last_good_one
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out", "tags.csv"}


def test_a_table_that_cannot_be_written_is_said_before_the_work(scans, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="tag table") as caught:
        convert(scans, tmp_path / "out", tmp_path / "file" / "tags.csv")
    assert caught.value.hint == "Name another file with --tags."


def files_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


@pytest.mark.parametrize("name", ["in/c.txt", "in/a.dcm", "table", "tags.CSV.gz"])
def test_a_table_ends_in_csv_or_jsonl(scans, tmp_path, name):
    before = files_below(tmp_path)
    with pytest.raises(UsageError, match=r"is \.csv or \.jsonl") as caught:
        convert(scans, tmp_path / "out", tmp_path / name)
    assert ".csv, for example" in caught.value.hint
    assert files_below(tmp_path) == before


def test_a_file_that_no_run_here_wrote_is_never_replaced_by_a_table(scans, tmp_path):
    (scans / "notes.csv").write_text("mine")
    with pytest.raises(UsageError, match="is there already") as caught:
        convert(scans, tmp_path / "out", scans / "notes.csv")
    assert "move that one away" in caught.value.hint
    assert (scans / "notes.csv").read_text() == "mine"
    assert not (tmp_path / "out").exists()


def test_a_table_that_somebody_changed_is_not_replaced(scans, tmp_path):
    table = tmp_path / "tags.csv"
    convert(scans, tmp_path / "out", table)
    with table.open("a") as stream:
        stream.write("a note in the margin\n")
    with pytest.raises(UsageError, match="is there already"):
        convert(scans, tmp_path / "out", table)


def test_a_file_that_came_while_the_run_went_is_not_replaced(scans, tmp_path):
    table = tmp_path / "tags.csv"
    run = iter(
        Run(plan(tags=TAGS), [str(scans)], tmp_path / "out", tag_table=table, registry=registry())
    )
    next(run)
    table.write_text("mine")
    with pytest.raises(OutputError, match="has come there since the run began"):
        list(run)
    assert table.read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out", "tags.csv"}


@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_table_never_lies_among_the_notes_of_a_run(scans, tmp_path, through_a_link):
    out = tmp_path / "out"
    convert(scans, out, None)
    notes = out / ".dcmconv"
    if through_a_link:
        (tmp_path / "link").symlink_to(notes)
        notes = tmp_path / "link"
    before = (out / ".dcmconv" / "journal.jsonl").read_bytes()
    with pytest.raises(UsageError, match="among the notes"):
        convert(scans, out, notes / "tags.jsonl")
    assert (out / ".dcmconv" / "journal.jsonl").read_bytes() == before


def test_the_table_of_the_same_inputs_is_replaced(scans, tmp_path):
    table = tmp_path / "tags.csv"
    convert(scans, tmp_path / "out", table)
    (scans / "b.dcm").unlink()
    convert(scans, tmp_path / "out", table)
    convert(scans, tmp_path / "out", table)
    assert "b.dcm" not in table.read_text()


def test_the_table_of_other_inputs_is_replaced_only_when_that_is_said(scans, tmp_path):
    table = tmp_path / "tags.csv"
    convert(scans / "a.dcm", tmp_path / "out", table)
    with pytest.raises(UsageError, match="rows of other inputs") as caught:
        convert(scans / "b.dcm", tmp_path / "out", table)
    assert "--on-existing replace" in caught.value.hint
    replacing = plan(tags=TAGS, on_existing="replace")
    list(
        Run(
            replacing,
            [str(scans / "b.dcm")],
            tmp_path / "out",
            tag_table=table,
            registry=registry(),
        )
    )
    assert "b.dcm" in table.read_text()


def test_an_unfinished_table_is_no_input_of_its_own_run(scans, tmp_path):
    run = Run(plan(tags=TAGS), [str(scans)], tmp_path / "out", tag_table=scans / "z.csv")
    assert [outcome.input for outcome in run] == ["a.dcm", "b.dcm", "c.txt"]


def test_the_table_of_one_named_picture_has_its_row(scans, tmp_path):
    run = Run(
        plan(tags=TAGS), [str(scans / "a.dcm")], tmp_path / "one.png", tag_table=tmp_path / "1.csv"
    )
    assert [outcome.status for outcome in run] == ["converted"]
    assert len((tmp_path / "1.csv").read_text().splitlines()) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"in", "one.png", "1.csv"}


@pytest.mark.parametrize("on_existing", ["resume", "skip"])
def test_a_table_has_the_rows_of_what_was_converted_before(scans, tmp_path, on_existing):
    table = tmp_path / "tags.csv"
    made = plan(tags=TAGS, on_existing=on_existing)
    texts = []
    for _ in range(2):
        list(Run(made, [str(scans)], tmp_path / "out", tag_table=table, registry=registry()))
        texts.append(table.read_bytes())
    assert texts[0] == texts[1]
    assert texts[0].count(b"\n") == 4


def test_a_run_that_is_stopped_leaves_the_table_as_it_was(scans, tmp_path):
    table = tmp_path / "tags.csv"
    convert(scans, tmp_path / "out", table)
    before = table.read_bytes()
    run = Run(plan(tags=TAGS), [str(scans)], tmp_path / "out", tag_table=table, registry=registry())
    for _ in run:
        run.stop()
    assert run.summary.stopped
    assert table.read_bytes() == before


def test_what_a_kill_left_beside_a_table_goes_at_the_next_start(scans, tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    left = tmp_path / f".dcmconv-{dead.pid}-tags.csv.part"
    other = tmp_path / f".dcmconv-{os.getpid()}-tags.csv.part"
    for path in (left, other):
        path.write_text("rows")
    os.utime(left, (0, 0))
    convert(scans, tmp_path / "out", tmp_path / "tags.csv")
    assert (left.exists(), other.exists()) == (False, False)


def test_json_has_no_number_that_is_none(tmp_path):
    values = np.zeros((2, 2), np.uint16)
    save(monochrome(values, AcquisitionDuration=float("nan")), tmp_path / "in" / "a.dcm")
    table, made = tmp_path / "t.jsonl", plan(tags=("AcquisitionDuration",))
    list(Run(made, [str(tmp_path / "in")], tmp_path / "o", tag_table=table, registry=registry()))
    row = json.loads(table.read_text(), parse_constant=pytest.fail)
    assert row["AcquisitionDuration"] is None
