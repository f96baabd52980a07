"""A run that version 0.1.0 began, finished or lost to a kill resumes without a second conversion."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from support.plans import registry

from dcmconv.api.plans import plan_from
from dcmconv.errors import UsageError
from dcmconv.run.engine import Run
from dcmconv.run.journal.line import read_journal
from dcmconv.run.journal.run_record import read_run
from dcmconv.run.journal.schema import journal_schema

SAMPLE = Path(__file__).parent / "made_by_0_1_0"
CONVERTED = {"a.dcm": ["a.png"], "b.dcm": ["b_0001.png", "b_0002.png"]}


@pytest.fixture
def folder(tmp_path):
    """Return a copy of the sample: ``scans`` and ``out`` as 0.1.0 left them."""
    shutil.copytree(SAMPLE, tmp_path, dirs_exist_ok=True)
    journal = tmp_path / "out" / ".dcmconv" / "journal.jsonl"
    journal.write_text(journal.read_text().replace("SCANS", str(tmp_path / "scans")))
    for line in read_journal(journal):
        if "mtime_ns" in line:
            os.utime(tmp_path / "scans" / line["input"], ns=(line["mtime_ns"],) * 2)
    return tmp_path


def of_0_1_0():
    """Return the default plan with the version that 0.1.0 wrote into the chain's digest."""

    def old(reference):
        return replace(reference, version="dcmconv 0.1.0")

    made = plan_from({})
    lanes = tuple(
        replace(each, normalizer=old(each.normalizer), writer=old(each.writer))
        for each in made.lanes
    )
    return replace(made, readers=tuple(map(old, made.readers)), lanes=lanes)


def resume(folder):
    run = Run(of_0_1_0(), [str(folder / "scans")], folder / "out", registry=registry())
    return {outcome.input: outcome for outcome in run}


def pictures(folder):
    """Return what would change if a picture were written again."""
    return {
        path.name: (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in (folder / "out").glob("*.png")
    }


def keep_lines(folder, count, rest=""):
    journal = folder / "out" / ".dcmconv" / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:count]) + rest)


def test_its_lines_fit_the_schema(folder):
    schema = Draft202012Validator(journal_schema())
    lines = list(read_journal(folder / "out" / ".dcmconv" / "journal.jsonl"))
    assert len(lines) == 8
    for line in lines:
        assert "format" not in line
        schema.validate(line)


def test_the_digest_of_the_chain_is_still_the_same(folder):
    assert of_0_1_0().digest == read_run(folder / "out")["chain"]
    data = json.loads(json.dumps(of_0_1_0().as_data(), default=str))
    assert data == read_run(folder / "out")["plan"]


def test_a_finished_run_converts_nothing_again(folder):
    before = pictures(folder)
    journal = (folder / "out" / ".dcmconv" / "journal.jsonl").read_bytes()
    outcomes = resume(folder)
    assert {key: outcome.status for key, outcome in outcomes.items()} == {
        "a.dcm": "converted", "b.dcm": "converted", "c.dcm": "failed", "note.txt": "skipped",
    }  # fmt: skip
    assert all(outcome.unchanged for outcome in outcomes.values())
    assert {key: [o.path for o in outcomes[key].outputs] for key in CONVERTED} == CONVERTED
    assert pictures(folder) == before
    assert (folder / "out" / ".dcmconv" / "journal.jsonl").read_bytes() == journal


@pytest.mark.parametrize("torn", ["", '{"status":"conver'])
def test_a_begun_run_converts_only_the_rest(folder, torn):
    keep_lines(folder, 4, torn)
    for name in CONVERTED["b.dcm"]:
        (folder / "out" / name).unlink()
    before = pictures(folder)
    outcomes = resume(folder)
    assert [key for key, outcome in outcomes.items() if outcome.unchanged] == ["a.dcm"]
    assert outcomes["b.dcm"].status == "converted"
    assert {name: pictures(folder)[name] for name in before} == before


def test_a_killed_run_keeps_its_pictures_without_a_line(folder):
    keep_lines(folder, 4)
    # As 0.1.0 leaves it: each published picture is still linked to its part.
    parts = folder / "out" / ".dcmconv" / "parts"
    parts.mkdir()
    for number, name in enumerate(CONVERTED["b.dcm"]):
        os.link(folder / "out" / name, parts / f".dcmconv-999-2-{number}.part")
    before = pictures(folder)
    outcomes = resume(folder)
    assert (outcomes["a.dcm"].unchanged, outcomes["b.dcm"].status) == (True, "converted")
    assert pictures(folder) == before
    assert list(parts.iterdir()) == []


def test_old_and_new_lines_are_read_together(folder):
    keep_lines(folder, 4)
    resume(folder)
    lines = list(read_journal(folder / "out" / ".dcmconv" / "journal.jsonl"))
    assert [line.get("format") for line in lines[:4]] == [None] * 4
    assert {line["format"] for line in lines[4:]} == {1}
    assert all(outcome.unchanged for outcome in resume(folder).values())


def test_an_upgrade_converts_again_without_a_question(folder):
    made = of_0_1_0()
    lanes = tuple(
        replace(each, writer=replace(each.writer, version="dcmconv 9.9")) for each in made.lanes
    )
    before = pictures(folder)
    run = Run(
        replace(made, lanes=lanes), [str(folder / "scans")], folder / "out", registry=registry()
    )
    assert {name for outcome in run for name in CONVERTED.get(outcome.input, ())} == set(before)
    assert set(pictures(folder)) == set(before)
    assert not set(pictures(folder).items()) & set(before.items())


def test_another_chain_does_not_replace_its_pictures_unasked(folder):
    before = pictures(folder)
    made = plan_from({"normalize": "minmax"})
    with pytest.raises(UsageError, match="were made by another chain"):
        list(Run(made, [str(folder / "scans")], folder / "out", registry=registry()))
    assert pictures(folder) == before
    assert {each.unchanged for each in resume(folder).values()} == {True}
