"""The journal's line format: declared once, described by a JSON Schema, and read across versions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from support.plans import plan, registry

from dcmconv.errors import UnsupportedError
from dcmconv.model.outcome import Converted, OutputFile
from dcmconv.run.engine import Run
from dcmconv.run.journal.line import (
    FORMAT,
    LineFields,
    RunFields,
    annotations_of,
    entry_from,
    outcome_line,
    parse_line,
    read_journal,
)
from dcmconv.run.journal.schema import journal_schema
from dcmconv.run.journal.writer import Journal

ROOT = Path(__file__).parents[4]
PUBLISHED = ROOT / "docs" / "reference" / "journal.schema.json"


@pytest.fixture
def schema():
    return Draft202012Validator(journal_schema())


@pytest.fixture
def lines(tmp_path):
    """Return the lines of a run over every kind of outcome, once in this process."""
    scans = tmp_path / "in"
    scans.mkdir()
    for name, text in {"a": "frames 2", "b": "damaged", "c": "warn"}.items():
        (scans / name).write_text(f"DEED {text}")
    (scans / "note.txt").write_text("hello")
    list(Run(plan(), [str(scans)], tmp_path / "out", registry=registry()))
    text = (tmp_path / "out" / ".dcmconv" / "journal.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_every_line_of_a_run_fits_the_schema(lines, schema):
    assert {line["status"] for line in lines} == {"begun", "converted", "failed", "skipped"}
    for line in lines:
        schema.validate(line)


def test_every_written_field_is_declared(lines):
    declared = {
        status: set(kind["properties"])
        for kind in journal_schema()["$defs"].values()
        for status in kind["properties"].get("status", {}).get("enum", ())
    }
    assert all(set(line) == declared[line["status"]] for line in lines)
    pictures = [picture for line in lines for picture in line.get("outputs", ())]
    assert len(pictures) == 4
    assert all(set(picture) == set(annotations_of(OutputFile)) for picture in pictures)


def test_every_line_carries_the_format_number(lines):
    assert {line["format"] for line in lines} == {FORMAT} == {1}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"seconds": "long"}, ["seconds"]),
        ({"outputs": [{"path": 7}]}, ["outputs", 0, "path"]),
        ({"notes": [1]}, ["notes", 0]),
        ({"size": 1.5}, ["size"]),
        ({"format": FORMAT + 1}, ["format"]),
    ],
)
def test_a_wrong_value_breaks_the_schema(lines, change, path):
    (line,) = [line for line in lines if line["input"] == "c" and line["status"] == "converted"]
    whole = journal_schema()
    converted = Draft202012Validator({**whole["$defs"]["converted"], "$defs": whole["$defs"]})
    converted.validate(line)
    assert path in [list(error.absolute_path) for error in converted.iter_errors(line | change)]


def test_a_missing_field_breaks_the_schema(lines, schema):
    for line in lines:
        for name in line.keys() - {"format"}:
            assert not schema.is_valid({key: line[key] for key in line if key != name})


def test_every_field_has_a_description():
    for kind in journal_schema()["$defs"].values():
        for name, value in kind["properties"].items():
            assert value["description"].endswith("."), name


def test_the_published_schema_is_current():
    assert json.loads(PUBLISHED.read_text("utf-8")) == journal_schema()


def test_the_schema_itself_is_valid():
    Draft202012Validator.check_schema(journal_schema())


def test_a_line_of_a_newer_format_is_rejected(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"format": 2, "status": "converted", "input": "a", "locator": ["new"]}\n')
    for read in (lambda: list(read_journal(path)), Journal(path).open):
        with pytest.raises(UnsupportedError, match="lines of format 2") as caught:
            read()
        assert "upgrade dcmconv" in caught.value.hint


@pytest.mark.parametrize("number", ["new", None, [2], 1.5])
def test_a_malformed_format_number_is_a_damaged_line(number):
    line = {"format": number, "status": "failed", "input": "a", "locator": "/a"}
    assert parse_line(json.dumps(line).encode()) is None


def test_unknown_fields_are_ignored():
    line = outcome_line(Converted(input="a", locator="/a"), "chain", {})
    assert parse_line(line[:-2] + b',"later":1}') == {**json.loads(line), "later": 1}


def test_the_run_stamps_exactly_the_declared_fields(lines):
    (line,) = [line for line in lines if line["input"] == "note.txt" and line["status"] != "begun"]
    assert list(line)[:2] == list(annotations_of(LineFields))
    assert list(line)[-5:] == list(annotations_of(RunFields))


def test_a_line_without_a_time_is_read():
    entry = entry_from(
        {"status": "failed", "input": "a", "locator": "/a", "reason": "r", "message": "m"}
    )
    assert (entry.outcome.reason, entry.time) == ("r", 0.0)
