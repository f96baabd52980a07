"""Flags and commands that do not exist, and what the answer tells to type instead."""

from __future__ import annotations

import json
import shlex

import pytest
from pydicom.data import get_testdata_file

from dcmconv._entry import main

CT = get_testdata_file("CT_small.dcm")


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def rejected(capsys, line):
    code = main(shlex.split(line))
    streams = capsys.readouterr()
    assert code == 2
    return streams.err.splitlines(), streams.out


@pytest.mark.parametrize(
    ("typed", "instead"),
    [
        ("--resize 512", "-s resize:512"),
        ("--resize=640x480", "-s resize:640,480"),
        ("-resize 512", "-s resize:512"),
        ("--size 512", "-s resize:512"),
        ("--window 40,400", "-n window:40,400"),
        ("--window 40 400", "-n window:40,400"),
        ("--window lung", "-n window:lung"),
        ("--set-window -600 1500", "-n window:-600,1500"),
        ("--quality 90", "-w jpg:quality=90"),
        ("--bone", "-c bone; its options: dcmconv plugins show bone"),
        ("--rotate 90", "-s rotate:90"),
        ("--format jpg", "--writer jpg"),
        ("--format jpeg", "--writer jpg"),
        ("--output pictures", "--out pictures"),
        ("--output 'my pictures'", "--out 'my pictures'"),
        ("--jobs 4", "--workers 4"),
        ("-j 4", "--workers 4"),
        ("-j4", "--workers 4"),
        ("--overwrite", "--on-existing replace"),
        ("--force", "--on-existing replace"),
        ("--preset article", "--chain preset:article"),
        ("--frame 2", "--frames 2"),
        ("--config mine.yaml", "--chain mine.yaml"),
        ("--silent", "--quiet"),
    ],
)
def test_flag_of_another_program_is_answered_with_ours(capsys, typed, instead):
    error, _ = rejected(capsys, f"run {typed}")
    flag = typed.partition(" ")[0].partition("=")[0]
    flag = flag[:2] if flag == "-j4" else flag
    assert error == [f"Error: Unknown flag '{flag}'.", f"  Write it as: {instead}"]


@pytest.mark.parametrize(
    "words",
    [
        "-s resize:512",
        "-s resize:640,480",
        "-n window:40,400",
        "-n window:-600,1500",
        "-w jpg:quality=90",
        "-s rotate:90",
        "--on-existing replace",
        "--chain preset:article",
        "--executor inline",
    ],
)
def test_what_an_answer_says_is_valid(words):
    assert main(["run", CT, "--dry-run", *shlex.split(words)]) == 0


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("run --input scans", "Unknown flag '--input'.", "dcmconv run scans"),
        ("run --recursive", "Unknown flag '--recursive'.", "Folders are always searched"),
        ("run -f jpg", "Unknown flag '-f'.", "--writer jpg"),
        ("run --anonymize", "Unknown flag '--anonymize'.", "Pictures hold no attributes"),
        ("run --wokers 2", "Unknown flag '--wokers'.", "Did you mean '--workers'?"),
        ("run --blurb", "Unknown flag '--blurb'.", "All flags: dcmconv run --help"),
        ("run --width 9", "Unknown flag '--width'.", "-s resize:width=9"),
        ("run -w", "-w needs a value.", "Write it as: -w NAME[:OPTIONS]"),
        ("run --json=1", "--json takes no value.", "Write only --json."),
        ("--writer jpg x", "Unknown flag '--writer'.", "dcmconv run --writer jpg x"),
        ("-q run x", "Unknown flag '-q'.", "dcmconv run -q x"),
        ("info --jsn x", "Unknown flag '--jsn'.", "Did you mean '--json'?"),
        ("plugins shw", "Unknown command 'shw'.", "Did you mean 'show'?"),
        ("plugins show", "NAME is missing.", "Write it as: dcmconv plugins show NAME"),
        ("chain validate a b", "Got unexpected extra argument", "dcmconv chain validate --help"),
        ("convert x", "Unknown command 'convert'.", "Write it as: dcmconv run."),
        ("rnu x", "Unknown command 'rnu'.", "Did you mean 'run'?"),
        ("help bogus", "Unknown command 'bogus'.", "See: dcmconv --help"),
    ],
)
def test_rejected_words_are_explained_in_two_lines(capsys, line, message, hint):
    error, out = rejected(capsys, line)
    assert len(error) == 2
    assert error[0].startswith(f"Error: {message}")
    assert hint in error[1]
    assert out == ""


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("-w png --jpg.quality 9", "This chain has no component 'jpg'.", "Add it: -w jpg"),
        ("--set jpg.quality=9", "This chain has no component 'jpg'.", "Add it: -w jpg"),
        ("--window.center 9", "This chain has no component 'window'.", "Add it: -n window"),
        ("--set pgn.level=9", "This chain has no component 'pgn'; did you mean 'png'?", ""),
        ("--aspect squar", "--aspect squar: Expected auto, square or keep", "--aspect keep"),
        ("--tags t.csv --tag A,B", "No reader knows the attribute 'A,B'", "by itself: A and B"),
        ("--tags -", "has no suffix; expected .csv or .jsonl.", "--tags tags.csv"),
        ("-w jpg,png", "does not start with the name of a component.", "repeat the flag."),
        ("-s 'resize 512'", "does not start with", "Did you mean 'resize:512'?"),
        ("-n window:[40,400]", "'window' has name ['40', '400']; expected", "Short forms"),
        ("--timeout 0", "Error: --timeout 0: Expected more than 0.", ""),
        ("--policy x", "Error: --policy x: Expected 'strict', 'default' or 'salvage'.", ""),
        ("--max-failures x", "Error: --max-failures x: max_failures must be a number", ""),
        ("--dry-run --check-names", "--dry-run and --check-names cannot be combined.", "Remove"),
        ("--name ../{name}", "'../{name}' leads out of the output folder.", "with --out"),
        ("--name {name}/..", "'{name}/..' leads out of the output folder.", "with --out"),
        ("--name {PatientID}/", "names a folder", "Write: {PatientID}/{name}"),
    ],
)
def test_a_value_that_cannot_work_says_what_would(capsys, words, message, hint):
    error, _ = rejected(capsys, f"run {CT} {words}")
    assert message in error[0]
    assert hint in error[-1]


def test_folder_in_place_of_a_command_can_be_converted(capsys, tmp_path):
    (tmp_path / "my scans").mkdir()
    error, _ = rejected(capsys, "'my scans'")
    assert error[1] == "  To convert it: dcmconv run 'my scans'"


def test_long_flag_with_one_dash_writes_nothing(capsys, tmp_path):
    error, _ = rejected(capsys, f"run {CT} -out pictures")
    assert error == ["Error: Unknown flag '-out'; did you mean '--out'?"]
    assert list(tmp_path.iterdir()) == []


def test_short_flag_may_have_its_value_attached(tmp_path):
    assert main(["run", CT, "-wjpg", "-nminmax", "-ooutside", "-q"]) == 0
    assert (tmp_path / "outside" / "CT_small.jpg").exists()


@pytest.mark.parametrize(
    ("line", "reason", "code"),
    [
        ("run --resize 512 --json", "usage", 2),
        ("rnu --json", "usage", 2),
        ("run nosuchfile --json", "usage", 2),
        ("run -n windo --json", "chain", 2),
        ("chain validate gone.yaml --json", None, None),
        ("journal failures nowhere --json", None, None),
    ],
)
def test_with_json_every_error_is_one_object_on_stdout(capsys, line, reason, code):
    ended = main(shlex.split(line))
    streams = capsys.readouterr()
    found = json.loads(streams.out)
    assert list(found) == ["kind", "reason", "message", "hint", "exit_code"]
    assert (found["kind"], found["exit_code"]) == ("error", ended)
    assert (found["reason"], ended) == (reason or found["reason"], code or ended)
    assert ended > 0
    assert f"Error: {found['message']}" in streams.err


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("-V", "dcmconv 0."),
        ("help", "Usage: dcmconv [OPTIONS] COMMAND"),
        ("help run", "Usage: dcmconv run"),
        ("help chain", "Usage: dcmconv chain"),
        ("help chain show", "Usage: dcmconv chain show"),
        ("chain help", "Usage: dcmconv chain"),
        ("chain help show", "Usage: dcmconv chain show"),
        ("help run -n window", "--window.center"),
        ("-- doctor", "Versions"),
        ("-- run --help", "--writer"),
    ],
)
def test_help_and_version_have_the_usual_spellings(capsys, line, shown):
    assert main(shlex.split(line)) == 0
    assert shown in capsys.readouterr().out
