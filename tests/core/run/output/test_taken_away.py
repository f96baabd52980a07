"""An output folder, or its journal, that is moved or deleted while a run uses it."""

from __future__ import annotations

import shutil

import pytest
from support.plans import in_a_pool, plan, registry

from dcmconv.errors import OutputError
from dcmconv.run.engine import Run

COUNT = 12


@pytest.fixture
def scans(tmp_path):
    for number in range(COUNT):
        folder = tmp_path / "scans" / str(number // 3)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}").write_text("DEED frames 1")
    return tmp_path / "scans"


def finish(run, act, *, after):
    for number, _ in enumerate(run, start=1):
        if number == after:
            act()


def run_until(scans, out, made, act):
    """Run, and act after two outcomes; return the run and the error that ended it."""
    run = Run(made, [str(scans)], out, registry=registry())
    with pytest.raises(OutputError) as caught:
        finish(run, act, after=2)
    assert run.summary.stopped == caught.value.message
    assert caught.value.reason == "vanished"
    return run, caught.value


@pytest.fixture(params=["in this process", "in a pool"])
def made(request):
    return plan() if request.param == "in this process" else in_a_pool(plan())


def test_a_moved_output_folder_is_not_made_again(scans, tmp_path, made):
    out, moved = tmp_path / "out", tmp_path / "moved"
    run, error = run_until(scans, out, made, lambda: out.rename(moved))
    assert "no longer exists" in error.message or "was moved or deleted" in error.message
    assert "choose another --out, then run" in error.hint
    assert not out.exists()
    assert run.summary.converted >= 2
    assert len(list(moved.glob("*/*.png"))) >= 2


def test_a_deleted_output_folder_is_not_made_again(scans, tmp_path, made):
    out = tmp_path / "out"
    run_until(scans, out, made, lambda: shutil.rmtree(out))
    assert not out.exists()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_deleted_journal_ends_the_run_and_the_next_keeps_equal_pictures(
    scans, tmp_path, made, replaced
):
    out = tmp_path / "out"
    journal = out / ".dcmconv" / "journal.jsonl"

    def delete():
        journal.unlink()
        if replaced:
            journal.write_text("")

    _, error = run_until(scans, out, made, delete)
    assert error.message == f"{journal} was deleted or replaced during the run."
    assert "Run the same command again" in error.hint
    again = Run(made, [str(scans)], out, registry=registry())
    assert [outcome.status for outcome in again] == ["converted"] * COUNT
    assert len(list(out.glob("*/*.png"))) == COUNT


def test_a_journal_deleted_after_the_last_input_is_noticed(scans, tmp_path):
    out = tmp_path / "out"
    run = Run(plan(), [str(scans)], out, registry=registry())
    journal = out / ".dcmconv" / "journal.jsonl"
    with pytest.raises(OutputError, match="was deleted or replaced during the run"):
        finish(run, journal.unlink, after=COUNT)
