"""``dcmconv journal``: what became of every input, for people and for programs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.dicom_files import as_bytes, monochrome, save

from dcmconv._entry import main


@pytest.fixture
def out(tmp_path, monkeypatch, capsys):
    """Return the output of a run over one good file, one that is cut, and a note."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    image = monochrome(np.arange(16, dtype=np.uint16).reshape(4, 4))
    save(image, tmp_path / "in" / "good.dcm")
    (tmp_path / "in" / "cut\x1b[2J.dcm").write_bytes(as_bytes(image)[:-4])
    (tmp_path / "in" / "note.txt").write_text("hello")
    assert main(["run", "in", "-o", "out"]) == 1
    capsys.readouterr()
    return tmp_path / "out"


def told(capsys, *words, code=0):
    assert main(["journal", *words]) == code
    return capsys.readouterr().out


def test_every_input_is_shown_with_what_became_of_it(out, capsys):
    lines = told(capsys, "show", "out").splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["cut\\x1b[2J.dcm", "failed"],
        ["good.dcm", "converted"],
        ["note.txt", "skipped"],
    ]
    assert "min-max 0..15" in lines[2]


def test_failures_come_with_what_to_do(out, capsys):
    table = told(capsys, "failures", "out")
    assert "truncated" in table
    assert "Copy the file again" in table
    assert "good.dcm" not in table


def test_a_program_gets_whole_lines(out, capsys):
    (table,) = json.loads(told(capsys, "show", "out", "--json"))["tables"]
    assert [row["status"] for row in table["rows"]] == ["failed", "converted", "skipped"]
    assert len(table["rows"][1]["outputs"][0]["sha256"]) == 64


def test_numbers_are_counted_by_reason(out, capsys):
    tables = json.loads(told(capsys, "stats", "out", "--json"))["tables"]
    rows = {table["title"]: table["rows"] for table in tables}
    assert {row["status"]: row["count"] for row in rows["Inputs"]} == {
        "converted": 1, "failed": 1, "skipped": 1,
    }  # fmt: skip
    assert {row["reason"] for row in rows["Reasons"]} == {"truncated", "not-dicom"}


def test_the_default_folder_is_the_one_of_run(out, capsys, monkeypatch):
    out.rename(out.with_name("dcmconv-out"))
    assert "good.dcm" in told(capsys, "show")


def test_whole_pictures_are_verified(out, capsys):
    assert told(capsys, "verify", "out").strip() == "1 picture looked at, all as written."
    assert told(capsys, "verify", "out", "--sample", "100%").startswith("1 picture")


def test_a_damaged_picture_has_its_own_exit_code(out, capsys):
    (out / "good.png").write_bytes(b"x")
    table = told(capsys, "verify", "out", code=6)
    assert "altered" in table
    assert "1 picture looked at, 1 damaged." in table
    assert main(["run", "in", "-o", "out", "--verify", "-q"]) == 6
    assert main(["run", "in", "-o", "out", "--verify", "-q"]) == 1
    (out / "good.png").unlink()
    assert "missing" in told(capsys, "verify", "out", code=6)


def test_a_plain_run_makes_a_missing_picture_again_and_says_so(out, capsys):
    (out / "good.png").unlink()
    assert main(["run", "in", "-o", "out"]) == 1
    assert "1 missing, 0 changed since they were written" in capsys.readouterr().err
    assert (out / "good.png").exists()


def test_pictures_of_an_old_chain_are_listed(out, capsys):
    assert main(["run", "in", "-o", "out", "-w", "jpg"]) == 1
    said = capsys.readouterr().err
    assert "The chain changed since the last run; 3 inputs with 1 picture" in said
    assert "  the output 'jpg' is new" in said
    assert "Orphans: 1 picture of earlier runs without an input." in said
    assert "good.png" in told(capsys, "orphans", "out")


@pytest.mark.parametrize("share", ["0%", "101%", "x", "-1"])
def test_a_share_that_is_none_is_refused(out, capsys, share):
    assert main(["journal", "verify", "out", "--sample", share]) == 2
    assert f"--sample is '{share}'; a share was needed." in capsys.readouterr().err


def test_a_folder_without_a_journal_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["journal", "show", "nowhere"]) == 2
    assert "nowhere holds no journal." in capsys.readouterr().err


def test_failures_of_an_earlier_run_are_named_and_can_be_tried_again(out, capsys):
    assert main(["run", "in", "-o", "out"]) == 1
    assert "1 input failed in an earlier run and did not change" in capsys.readouterr().err
    assert main(["run", "in", "-o", "out", "--retry-failed"]) == 1
    assert "earlier run" not in capsys.readouterr().err


def test_what_is_left_of_a_file_is_given_on_request(out, capsys):
    assert main(["run", "in", "-o", "out", "--policy", "salvage"]) == 0
    assert "1 input could only be partly salvaged." in capsys.readouterr().err
    (name,) = [path.name for path in out.glob("*salvaged*")]
    assert name.startswith("cut_[2J-")
    assert name.endswith("-salvaged.png")


@pytest.mark.parametrize("value", ["x", "-3", "200%", "5 %"])
def test_a_limit_of_failures_is_a_number_or_a_share(out, capsys, value):
    assert main(["run", "in", "-o", "out", f"--max-failures={value}"]) == 2
    assert "max_failures must be a number, such as 100, or a percentage" in capsys.readouterr().err


def test_too_many_failures_have_the_exit_code_of_a_stop(out, capsys):
    words = ["run", "in", "-o", "out", "--retry-failed", "--max-failures", "0"]
    assert main(words) == 5
    assert "Stopped: more than 0 inputs failed" in capsys.readouterr().out


def test_tracebacks_go_to_a_file_when_asked_for(tmp_path, capsys, monkeypatch):
    from support.plans import plan, registry

    from dcmconv.run.engine import Run

    (tmp_path / "in").write_text("DEED bug")
    for asked in (False, True):
        folder = tmp_path / str(asked)
        list(Run(plan(tracebacks=asked), [str(tmp_path / "in")], folder, registry=registry()))
        log = folder / ".dcmconv" / "tracebacks.log"
        assert log.exists() == asked
    assert "ZeroDivisionError: by nobody" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
