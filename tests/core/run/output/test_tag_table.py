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

from dcmconv.api.plans import plan_from
from dcmconv.errors import OutputError, UsageError
from dcmconv.run.engine import Run
from dcmconv.run.output.tag_table import TableFile

TAGS = ("PatientID", "Rows", "ImageType", "PatientComments")


@pytest.fixture
def scans(tmp_path):
    values = np.arange(12, dtype=np.int16).reshape(3, 4)
    one = monochrome(values, PatientID="=1+1", ImageType=["ORIGINAL", "PRIMARY"])
    save(one, tmp_path / "in" / "a.dcm")
    save(monochrome(np.stack([values, values]), PatientID="P2"), tmp_path / "in" / "b.dcm")
    (tmp_path / "in" / "c.txt").write_text("not a picture")
    return tmp_path / "in"


def convert(scans, out, table):
    run = Run(plan(tags=TAGS), [str(scans)], out, tag_table=table, registry=registry())
    return list(run)


def test_every_picture_has_a_row_without_formulas(scans, tmp_path):
    table = tmp_path / "tables" / "tags.csv"
    convert(scans, tmp_path / "out", table)
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    assert rows == [
        ["input", "output", "frame", *TAGS, "reason"],
        ["a.dcm", "a.png", "1", "'=1+1", "3", "ORIGINAL\\PRIMARY", "", ""],
        ["b.dcm", "b_0001.png", "1", "P2", "3", "", "", ""],
        ["b.dcm", "b_0002.png", "2", "P2", "3", "", "", ""],
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
        "reason": None,
    }


@pytest.mark.parametrize("table", ["tags.csv", "tags.jsonl"])
def test_a_failed_input_has_a_row_with_the_reason(scans, tmp_path, table):
    content = (scans / "a.dcm").read_bytes()
    (scans / "aa.dcm").write_bytes(content[:-6])
    for _ in range(2):  # an unchanged failure too
        convert(scans, tmp_path / "out", tmp_path / table)
        with (tmp_path / table).open(newline="", encoding="utf-8") as stream:
            read = csv.DictReader(stream) if table.endswith("csv") else map(json.loads, stream)
            rows = list(read)
        assert [(row["input"], row["reason"] or "") for row in rows] == [
            ("a.dcm", ""),
            ("aa.dcm", "truncated"),
            ("b.dcm", ""),
            ("b.dcm", ""),
        ]
        assert {rows[1][name] or "" for name in ("output", "frame", *TAGS)} == {""}


def test_columns_of_the_picture_are_those_after_the_steps(scans, tmp_path):
    columns = ("columns", "Rows", "rows", "tone")
    made = plan_from({"tags": columns, "steps": ["resize:width=8"], "normalize": "minmax"})
    table = tmp_path / "tags.csv"
    list(Run(made, [str(scans / "a.dcm")], tmp_path / "o", tag_table=table, registry=registry()))
    [row] = csv.DictReader(table.read_text("utf-8").splitlines())
    assert [row[name] for name in columns] == ["8", "3", "6", "min-max 0..11 HU"]


class Told:
    """Keeps what a run tells about its table."""

    def __init__(self):
        self.changes = []

    def table_changed(self, path, before, now):
        self.changes.append((path.name, before, now))

    def __getattr__(self, name):
        return lambda *words: None


@pytest.mark.parametrize("name", ["tags.csv", "tags.jsonl"])
def test_a_table_with_other_columns_is_announced(scans, tmp_path, name):
    def told(tags):
        listener = Told()
        made = plan(tags=tags)
        words = {"tag_table": tmp_path / name, "registry": registry(), "listener": listener}
        list(Run(made, [str(scans)], tmp_path / "out", **words))
        return listener.changes

    assert told(TAGS) == []
    assert told(TAGS) == []
    assert told(("Rows",)) == [(name, TAGS, ("Rows",))]


def test_a_table_of_0_1_0_has_the_columns_that_its_header_names(tmp_path):
    table = tmp_path / "tags.csv"
    table.write_text('input,output,frame,PatientID,"0018,0050"\na.dcm,a.png,1,7,5\n', "utf-8")
    assert TableFile.of(table, tmp_path, []).columns_before() == ("PatientID", "0018,0050")


def test_a_second_run_writes_the_same_table(scans, tmp_path):
    convert(scans, tmp_path / "out", tmp_path / "1.csv")
    outcomes = convert(scans, tmp_path / "out", tmp_path / "2.csv")
    assert [getattr(outcome, "unchanged", None) for outcome in outcomes] == [True, True, True]
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_an_unfinished_run_does_not_replace_the_table(scans, tmp_path):
    table = tmp_path / "tags.csv"
    convert(scans, tmp_path / "out", table)
    last_complete = table.read_text()
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
    assert table.read_text() == last_complete
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out", "tags.csv"}


def test_an_unwritable_table_fails_before_the_work(scans, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="tag table") as caught:
        convert(scans, tmp_path / "out", tmp_path / "file" / "tags.csv")
    assert caught.value.hint == "Choose another file with --tags."


def files_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


@pytest.mark.parametrize("name", ["in/c.txt", "in/a.dcm", "table", "tags.CSV.gz"])
def test_a_table_ends_in_csv_or_jsonl(scans, tmp_path, name):
    before = files_below(tmp_path)
    with pytest.raises(UsageError, match=r"expected \.csv or \.jsonl") as caught:
        convert(scans, tmp_path / "out", tmp_path / name)
    assert "For example: --tags" in caught.value.hint
    assert files_below(tmp_path) == before


def test_an_unrelated_file_is_never_replaced(scans, tmp_path):
    (scans / "notes.csv").write_text("unrelated")
    with pytest.raises(
        UsageError, match="already exists and is not an unchanged tag table"
    ) as caught:
        convert(scans, tmp_path / "out", scans / "notes.csv")
    assert "or move that one" in caught.value.hint
    assert (scans / "notes.csv").read_text() == "unrelated"
    assert not (tmp_path / "out").exists()


def test_an_edited_table_is_not_replaced(scans, tmp_path):
    table = tmp_path / "tags.csv"
    convert(scans, tmp_path / "out", table)
    with table.open("a") as stream:
        stream.write("edited\n")
    with pytest.raises(UsageError, match="already exists and is not an unchanged tag table"):
        convert(scans, tmp_path / "out", table)


def test_a_file_created_during_the_run_is_not_replaced(scans, tmp_path):
    table = tmp_path / "tags.csv"
    run = iter(
        Run(plan(tags=TAGS), [str(scans)], tmp_path / "out", tag_table=table, registry=registry())
    )
    next(run)
    table.write_text("unrelated")
    with pytest.raises(OutputError, match="was created during the run"):
        list(run)
    assert table.read_text() == "unrelated"
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out", "tags.csv"}


@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_table_inside_the_state_folder_is_rejected(scans, tmp_path, through_a_link):
    out = tmp_path / "out"
    convert(scans, out, None)
    notes = out / ".dcmconv"
    if through_a_link:
        (tmp_path / "link").symlink_to(notes)
        notes = tmp_path / "link"
    before = (out / ".dcmconv" / "journal.jsonl").read_bytes()
    with pytest.raises(UsageError, match=r"inside a \.dcmconv folder"):
        convert(scans, out, notes / "tags.jsonl")
    assert (out / ".dcmconv" / "journal.jsonl").read_bytes() == before


def test_the_table_of_the_same_inputs_is_replaced(scans, tmp_path):
    table = tmp_path / "tags.csv"
    convert(scans, tmp_path / "out", table)
    (scans / "b.dcm").unlink()
    convert(scans, tmp_path / "out", table)
    convert(scans, tmp_path / "out", table)
    assert "b.dcm" not in table.read_text()


def test_a_table_of_other_inputs_is_replaced_only_on_request(scans, tmp_path):
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


def test_an_unfinished_table_is_not_read_as_an_input(scans, tmp_path):
    run = Run(plan(tags=TAGS), [str(scans)], tmp_path / "out", tag_table=scans / "z.csv")
    assert [outcome.input for outcome in run] == ["a.dcm", "b.dcm", "c.txt"]


def test_one_named_picture_has_its_row(scans, tmp_path):
    run = Run(
        plan(tags=TAGS), [str(scans / "a.dcm")], tmp_path / "one.png", tag_table=tmp_path / "1.csv"
    )
    assert [outcome.status for outcome in run] == ["converted"]
    assert len((tmp_path / "1.csv").read_text().splitlines()) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"in", "one.png", "1.csv"}


@pytest.mark.parametrize("on_existing", ["resume", "skip"])
def test_a_table_includes_pictures_of_earlier_runs(scans, tmp_path, on_existing):
    table = tmp_path / "tags.csv"
    made = plan(tags=TAGS, on_existing=on_existing)
    texts = []
    for _ in range(2):
        list(Run(made, [str(scans)], tmp_path / "out", tag_table=table, registry=registry()))
        texts.append(table.read_bytes())
    assert texts[0] == texts[1]
    assert texts[0].count(b"\n") == 4


def test_a_stopped_run_leaves_the_table_unchanged(scans, tmp_path):
    table = tmp_path / "tags.csv"
    convert(scans, tmp_path / "out", table)
    before = table.read_bytes()
    run = Run(plan(tags=TAGS), [str(scans)], tmp_path / "out", tag_table=table, registry=registry())
    for _ in run:
        run.stop()
    assert run.summary.stopped
    assert table.read_bytes() == before


def test_parts_of_a_killed_run_next_to_a_table_are_removed(scans, tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    left = tmp_path / f".dcmconv-{dead.pid}-tags.csv.part"
    other = tmp_path / f".dcmconv-{os.getpid()}-tags.csv.part"
    for path in (left, other):
        path.write_text("rows")
    os.utime(left, (0, 0))
    convert(scans, tmp_path / "out", tmp_path / "tags.csv")
    assert (left.exists(), other.exists()) == (False, False)


def test_json_lines_have_null_instead_of_nan(tmp_path):
    values = np.zeros((2, 2), np.uint16)
    save(monochrome(values, AcquisitionDuration=float("nan")), tmp_path / "in" / "a.dcm")
    table, made = tmp_path / "t.jsonl", plan(tags=("AcquisitionDuration",))
    list(Run(made, [str(tmp_path / "in")], tmp_path / "o", tag_table=table, registry=registry()))
    row = json.loads(table.read_text(), parse_constant=pytest.fail)
    assert row["AcquisitionDuration"] is None
