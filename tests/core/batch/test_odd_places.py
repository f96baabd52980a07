"""What stands where a run keeps its books, or steers the terminal that shows them."""

import os

import pytest

from dcmconv.batch.journal import Journal
from dcmconv.batch.naming import safe_component
from dcmconv.batch.tag_table import _cell
from dcmconv.chain.plan import RunOptions
from dcmconv.errors import OutputError


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_in_the_place_of_the_journal_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "journal.jsonl")

    with pytest.raises(OutputError, match="is no regular file") as caught:
        Journal(tmp_path / "journal.jsonl").open()
    assert "Move it away" in caught.value.hint


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
    assert not RunOptions().needs_workers
    assert RunOptions(timeout=2.0).needs_workers
    assert RunOptions(memory=512).needs_workers
    assert RunOptions(workers=1).needs_workers


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
    assert safe_component(stem, ".png").startswith(start)


def test_an_ordinary_name_stays_as_it_is():
    assert safe_component("Schädel (1) 影像", ".png") == "Schädel (1) 影像.png"
