"""``dcmconv journal``: the outcome of every input, for people and for programs."""

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


def printed(capsys, *words, code=0):
    assert main(["journal", *words]) == code
    return capsys.readouterr().out


def test_show_lists_every_input_with_its_outcome(out, capsys):
    lines = printed(capsys, "show", "out").splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["cut\\x1b[2J.dcm", "failed"],
        ["good.dcm", "converted"],
        ["note.txt", "skipped"],
    ]
    assert "min-max 0..15" in lines[2]


def test_failures_come_with_their_hints(out, capsys):
    table = printed(capsys, "failures", "out")
    assert "truncated" in table
    assert "Copy the file again" in table
    assert "good.dcm" not in table


def test_json_has_the_whole_lines(out, capsys):
    (table,) = json.loads(printed(capsys, "show", "out", "--json"))["tables"]
    assert [row["status"] for row in table["rows"]] == ["failed", "converted", "skipped"]
    assert len(table["rows"][1]["outputs"][0]["sha256"]) == 64


def test_stats_count_by_reason(out, capsys):
    tables = json.loads(printed(capsys, "stats", "out", "--json"))["tables"]
    rows = {table["title"]: table["rows"] for table in tables}
    assert {row["status"]: row["count"] for row in rows["Inputs"]} == {
        "converted": 1, "failed": 1, "skipped": 1,
    }  # fmt: skip
    assert {row["reason"] for row in rows["Reasons"]} == {"truncated", "not-dicom"}


def test_the_default_folder_is_the_one_of_run(out, capsys, monkeypatch):
    out.rename(out.with_name("dcmconv-out"))
    assert "good.dcm" in printed(capsys, "show")


def test_verify_counts_undamaged_pictures(out, capsys):
    assert printed(capsys, "verify", "out").strip() == "1 picture checked, none damaged."
    assert printed(capsys, "verify", "out", "--sample", "100%").startswith("1 picture")


def test_a_damaged_picture_has_its_own_exit_code(out, capsys):
    (out / "good.png").write_bytes(b"x")
    table = printed(capsys, "verify", "out", code=6)
    assert "altered" in table
    assert "1 picture checked, 1 damaged." in table
    assert main(["run", "in", "-o", "out", "--verify", "-q"]) == 6
    assert main(["run", "in", "-o", "out", "--verify", "-q"]) == 1
    (out / "good.png").unlink()
    assert "missing" in printed(capsys, "verify", "out", code=6)


def test_a_run_reports_and_replaces_a_missing_picture(out, capsys):
    (out / "good.png").unlink()
    assert main(["run", "in", "-o", "out"]) == 1
    assert "1 missing, 0 changed since they were written" in capsys.readouterr().err
    assert (out / "good.png").exists()


def test_orphans_lists_pictures_of_an_old_chain(out, capsys):
    assert main(["run", "in", "-o", "out", "-w", "jpg"]) == 1
    error = capsys.readouterr().err
    assert "The chain changed since the last run; 3 inputs with 1 picture" in error
    assert "  output 'jpg' was added" in error
    assert "Orphans: 1 picture of earlier runs, no longer produced by their inputs." in error
    assert "good.png" in printed(capsys, "orphans", "out")


def test_orphans_lists_pictures_of_removed_inputs(noted, capsys, tmp_path):
    (tmp_path / "in" / "2.dcm").unlink()
    assert main(["run", "in", "-o", "out", "--quiet"]) == 0
    assert printed(capsys, "orphans", "out").split() == [
        *("picture", "input", "why"),
        *("2.png", "2.dcm", "the", "input", "no", "longer", "exists"),
    ]
    (table,) = json.loads(printed(capsys, "orphans", "out", "--json"))["tables"]
    assert [row["input"] for row in table["rows"]] == ["2.dcm"]
    (noted / "2.png").unlink()
    assert printed(capsys, "orphans", "out") == ""


def test_a_moved_input_folder_makes_orphans_with_their_reason(noted, capsys, tmp_path):
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    assert printed(capsys, "orphans", "out").count("the input no longer exists") == 5


@pytest.mark.parametrize(
    "locator",
    [
        pytest.param("all.zip!CT/1.dcm", id="relative"),
        pytest.param("{folder}/all.zip!CT/1.dcm", id="within-a-file"),
        pytest.param("{folder}/all.zip/CT/1.dcm", id="below-a-file"),
        pytest.param("s3://bucket/1.dcm", id="url"),
        pytest.param("{folder}/x\0y", id="no-path"),
    ],
)
def test_an_input_that_is_not_a_path_is_never_called_gone(noted, capsys, tmp_path, locator):
    (tmp_path / "all.zip").write_bytes(b"PK")
    journal = noted / ".dcmconv" / "journal.jsonl"
    named = json.dumps(locator.replace("{folder}", str(tmp_path)))
    journal.write_text(
        journal.read_text().replace(json.dumps(str(tmp_path / "in" / "2.dcm")), named)
    )
    assert named in journal.read_text()
    assert printed(capsys, "orphans", "out") == ""


@pytest.mark.parametrize("share", ["0%", "101%", "x", "-1"])
def test_an_invalid_share_is_rejected(out, capsys, share):
    assert main(["journal", "verify", "out", "--sample", share]) == 2
    assert (
        f"--sample is '{share}'; expected a share above 0%, up to 100%." in capsys.readouterr().err
    )


def test_a_folder_without_a_journal_is_rejected(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["journal", "show", "nowhere"]) == 2
    assert "nowhere has no journal." in capsys.readouterr().err


def test_earlier_failures_are_counted_and_can_be_retried(out, capsys):
    assert main(["run", "in", "-o", "out"]) == 1
    assert "1 input failed in an earlier run and did not change" in capsys.readouterr().err
    assert main(["run", "in", "-o", "out", "--retry-failed"]) == 1
    assert "earlier run" not in capsys.readouterr().err


def test_salvage_writes_the_rest_of_a_damaged_file(out, capsys):
    assert main(["run", "in", "-o", "out", "--policy", "salvage"]) == 0
    assert "1 input could only be partly salvaged." in capsys.readouterr().err
    (name,) = [path.name for path in out.glob("*salvaged*")]
    assert name.startswith("cut_[2J-")
    assert name.endswith("-salvaged.png")


@pytest.mark.parametrize("value", ["x", "-3", "200%", "5 %"])
def test_max_failures_must_be_a_number_or_share(out, capsys, value):
    assert main(["run", "in", "-o", "out", f"--max-failures={value}"]) == 2
    assert "max_failures must be a number, such as 100, or a percentage" in capsys.readouterr().err


def test_too_many_failures_exit_as_a_stop(out, capsys):
    words = ["run", "in", "-o", "out", "--retry-failed", "--max-failures", "0"]
    assert main(words) == 5
    assert "Stopped: more than 0 inputs failed" in capsys.readouterr().out


def test_tracebacks_are_logged_only_on_request(tmp_path, capsys, monkeypatch):
    from support.plans import plan, registry

    from dcmconv.run.engine import Run

    (tmp_path / "in").write_text("DEED bug")
    for asked in (False, True):
        folder = tmp_path / str(asked)
        list(Run(plan(tracebacks=asked), [str(tmp_path / "in")], folder, registry=registry()))
        log = folder / ".dcmconv" / "tracebacks.log"
        assert log.exists() == asked
    assert "ZeroDivisionError: by zero" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


@pytest.fixture
def noted(tmp_path, monkeypatch, capsys):
    """Return the output of a run over four files with notes of one kind, and a good one."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    values = np.arange(16, dtype=np.uint16).reshape(4, 4)
    for number in range(4):
        save(monochrome(values, HighBit=20 + number), tmp_path / "in" / f"{number}.dcm")
    save(monochrome(values), tmp_path / "in" / "good.dcm")
    assert main(["run", "in", "-o", "out"]) == 0
    capsys.readouterr()
    return tmp_path / "out"


KIND = "High Bit (0028,0102) is #, which is invalid; using 15."


def test_notes_are_grouped_by_kind_with_examples(noted, capsys):
    assert printed(capsys, "notes", "out").splitlines() == [
        f"4 inputs: {KIND}",
        "  input  note",
        *(f"  {n}.dcm  {KIND.replace('#', str(20 + n))}" for n in range(3)),
    ]


def test_notes_as_json(noted, capsys):
    (table,) = json.loads(printed(capsys, "notes", "out", "--json"))["tables"]
    (row,) = table["rows"]
    assert (row["note"], row["inputs"], len(row["examples"])) == (KIND, 4, 3)
    assert row["examples"][0] == {"input": "0.dcm", "note": KIND.replace("#", "20")}
    tables = json.loads(printed(capsys, "stats", "out", "--json"))["tables"]
    (rows,) = [table["rows"] for table in tables if table["title"] == "Notes"]
    assert rows == [{"note": KIND, "inputs": 4}]


def test_no_notes_are_a_sentence(out, capsys):
    assert printed(capsys, "notes", "out") == "No input has a note.\n"


@pytest.mark.parametrize("existing", ["resume", "skip", "replace"])
def test_a_later_run_counts_the_notes_of_unchanged_inputs(noted, capsys, existing):
    main(["run", "in", "-o", "out", "--on-existing", existing])
    last = capsys.readouterr().out.splitlines()[-1]
    assert ", 4 with notes (to read them: dcmconv journal notes out), " in last
    main(["run", "in", "-o", "out", "--on-existing", existing, "--json"])
    summary = json.loads(capsys.readouterr().out)
    assert (summary["with_notes"], summary["notes"]) == (4, {KIND: 4})
    assert summary["note_examples"] == {KIND: ["0.dcm", "1.dcm", "2.dcm"]}


def test_quiet_run_does_not_mention_notes(noted, capsys):
    assert main(["run", "in", "-o", "out", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_one_named_file_shows_its_notes_at_once(noted, capsys):
    assert main(["run", "in/1.dcm", "-o", "one.png"]) == 0
    printed = capsys.readouterr()
    assert f"Note: {KIND.replace('#', '21')}\n" in printed.err
    assert ", 1 with notes, " in printed.out
    assert main(["run", "in/2.dcm", "-o", "two.png", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_folder_with_blanks_is_quoted_in_the_advice(noted, capsys):
    assert main(["run", "in", "-o", "my out"]) == 0
    assert "(to read them: dcmconv journal notes 'my out')" in capsys.readouterr().out
