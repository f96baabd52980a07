"""Every known kind of bad input, one by one and all in one batch."""

from __future__ import annotations

import pytest
from support.program import dcmconv

from hostile.batch import hostile_plan, journal, pictures, row_of, run, write
from hostile.expected import expected
from hostile.recipes import COUNT, RECIPES


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    for name in RECIPES:
        write(name, folder)
    return folder


def test_every_recipe_has_one_name_and_one_row():
    assert len(RECIPES) == COUNT
    assert list(expected()) == list(RECIPES)


ARCHIVES = {"zip-archive", "gzipped"}
"""Skipped where a folder holds them, as the table says; named as INPUT, they fail with the command
that unpacks them."""


@pytest.mark.parametrize("name", RECIPES)
def test_a_bad_input_has_the_expected_outcome(name, scans, tmp_path):
    [outcome] = run(hostile_plan(), scans / name, tmp_path / "out")
    if name in ARCHIVES:
        assert (outcome.status, outcome.reason) == ("failed", "archive")
    else:
        assert row_of(outcome, tmp_path / "out") == expected()[name]
    assert outcome.status != "failed" or outcome.hint
    made = [] if outcome.status != "converted" else [file.path for file in outcome.outputs]
    assert pictures(tmp_path / "out") == made


def test_strict_fails_every_input_that_has_a_note(scans, tmp_path):
    noted = [name for name, row in expected().items() if "notes" in row]
    outcomes = run(
        hostile_plan(policy="strict"), [scans / name for name in noted], tmp_path / "out"
    )
    assert {outcome.input: outcome.reason for outcome in outcomes} == dict.fromkeys(noted, "strict")


@pytest.mark.slow
def test_worker_processes_give_the_same_outcomes(scans, tmp_path):
    out = tmp_path / "out"
    outcomes = run(hostile_plan("processes", workers=2), scans, out)
    found = {outcome.input: row_of(outcome, out) for outcome in outcomes}
    assert found == expected()
    assert sorted(line["input"] for line in journal(out)) == sorted(RECIPES)
    made = [file.path for outcome in outcomes for file in getattr(outcome, "outputs", ())]
    assert pictures(out) == sorted(made)
    assert list((out / ".dcmconv" / "parts").iterdir()) == []


def test_no_failure_is_internal_or_a_traceback():
    for name, row in expected().items():
        text = row.get("message", "") + " ".join(row.get("notes", ()))
        assert row.get("reason") != "internal", name
        assert "Traceback" not in text, name
        assert "\x1b" not in text, name


@pytest.mark.slow
def test_the_terminal_shows_no_traceback_or_escape(scans, tmp_path):
    done = dcmconv("run", scans, "-o", tmp_path / "out", "--verbose")
    assert done.returncode == 1
    for stream in (done.stdout, done.stderr):
        assert "Traceback" not in stream
        assert "\x1b" not in stream
        assert stream.count("PWNED") == stream.count(r"\x1b]0;PWNED\x07")
    assert "PWNED" in done.stderr
