"""Every kind of bad input that is known, one by one and all in one batch."""

from __future__ import annotations

import pytest
from support.program import dcmconv

from hostile.batch import hostile_plan, journal, pictures, run, told, write
from hostile.expected import expected
from hostile.recipes import COUNT, RECIPES


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    for name in RECIPES:
        write(name, folder)
    return folder


def test_every_recipe_has_one_name_and_one_line_in_the_table():
    assert len(RECIPES) == COUNT
    assert list(expected()) == list(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_bad_input_ends_as_the_table_says(name, scans, tmp_path):
    [outcome] = run(hostile_plan(), scans / name, tmp_path / "out")
    assert told(outcome, tmp_path / "out") == expected()[name]
    assert outcome.status != "failed" or outcome.hint
    made = [] if outcome.status != "converted" else [file.path for file in outcome.outputs]
    assert pictures(tmp_path / "out") == made


def test_in_one_batch_of_worker_processes_each_ends_the_same(scans, tmp_path):
    out = tmp_path / "out"
    outcomes = run(hostile_plan("processes", workers=2), scans, out)
    found = {outcome.input: told(outcome, out) for outcome in outcomes}
    assert found == expected()
    assert sorted(line["input"] for line in journal(out)) == sorted(RECIPES)
    made = [file.path for outcome in outcomes for file in getattr(outcome, "outputs", ())]
    assert pictures(out) == sorted(made)
    assert list((out / ".dcmconv" / "parts").iterdir()) == []


def test_no_reason_is_internal_and_no_message_is_a_traceback():
    for name, row in expected().items():
        told_of = row.get("message", "") + " ".join(row.get("notes", ()))
        assert row.get("reason") != "internal", name
        assert "Traceback" not in told_of, name
        assert "\x1b" not in told_of, name


def test_on_the_screen_there_is_no_traceback_and_no_escape(scans, tmp_path):
    done = dcmconv("run", scans, "-o", tmp_path / "out", "--verbose")
    assert done.returncode == 1
    for stream in (done.stdout, done.stderr):
        assert "Traceback" not in stream
        assert "\x1b" not in stream
        assert stream.count("PWNED") == stream.count("\\x1b]0;PWNED\\x07")
    assert "PWNED" in done.stderr
