"""Options of readers on the command line; attributes and fingerprints in a run."""

import re
from pathlib import Path

import pydicom
import pytest

from dcmconv._entry import main

TEST_FILES = Path(pydicom.__file__).parent / "data" / "test_files"


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """A current folder with a CT."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "CT_small.dcm").write_bytes((TEST_FILES / "CT_small.dcm").read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ["-r", "dicom:inflate_limit=7"],
        ["--read", "dicom", "--dicom.inflate_limit", "7"],
        ["--dicom.inflate_limit=7"],
        ["--set", "dicom.inflate_limit=7"],
    ],
)
def test_reader_options_work_in_every_form(scans, capsys, words):
    assert main(["run", "--dry-run", *words]) == 0
    assert "read:\n  - use: dicom" in capsys.readouterr().out.replace(f"  # {' '.join(words)}", "")
    assert main(["run", "-w", "png", *words]) == 0


@pytest.mark.parametrize(
    "words",
    [["--overlays", "draw"], ["--overlays=draw"], ["-r", "dicom:overlays=off", "--overlays=draw"]],
)
def test_short_flag_of_a_reader_sets_its_option(scans, capsys, words):
    assert main(["run", "--dry-run", *words]) == 0
    assert re.search(
        r"use: dicom .*\n    overlays: draw  # --overlays draw", capsys.readouterr().out
    )


def test_typo_in_a_reader_flag_gets_a_suggestion(scans, capsys):
    assert main(["run", "--overlay", "draw"]) == 2
    assert "--overlays" in capsys.readouterr().err
    assert main(["run", "--overlays", "dram"]) == 2
    output = capsys.readouterr().err
    assert "--overlays dram: 'dicom' has overlays 'dram'" in output
    assert "Did you mean 'draw'?" in output


def test_dry_run_shows_numbers_as_numbers(scans, capsys):
    words = ["-w", "jpg", "--jpg.quality", "44", "--timeout", "5", "-r", "dicom:inflate_limit=7"]
    assert main(["run", "--dry-run", *words]) == 0
    shown = capsys.readouterr().out
    for line in ("quality: 44  #", "timeout: 5.0  #", "inflate_limit: 7  #"):
        assert line in shown


def test_typo_in_a_tag_is_reported_with_its_flag(scans, capsys):
    assert main(["run", "--tags", "tags.csv", "--tag", "PatientId"]) == 2
    output = capsys.readouterr().err
    assert "--tag PatientId: No reader knows the attribute 'PatientId'; " in output
    assert "did you mean 'PatientID'?" in output


def test_resume_notices_a_changed_option_file(scans, capsys):
    words = ["run", "CT_small.dcm", "-w", "png", "-c", "file:path=colors.csv"]
    picture = scans / "dcmconv-out/CT_small.png"
    (scans / "colors.csv").write_text("0,0,0\n255,0,0\n", "utf-8")
    assert main(words) == 0
    red = picture.read_bytes()
    assert main(words) == 0
    assert "1 input unchanged, " in capsys.readouterr().out
    (scans / "colors.csv").write_text("0,0,0\n0,255,0\n", "utf-8")
    assert main([*words, "--yes"]) == 0
    assert "unchanged" not in capsys.readouterr().out
    assert picture.read_bytes() != red
