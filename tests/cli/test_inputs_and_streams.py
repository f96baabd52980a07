"""Patterns, lists, standard input and standard output: what a shell user types first."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from support.dicom_files import as_bytes, monochrome, save

from dcmconv._entry import main

PNG_START = b"\x89PNG"


def a_picture(**attributes):
    return monochrome(np.arange(12, dtype=np.uint16).reshape(3, 4), **attributes)


def several_frames():
    return monochrome(np.arange(24, dtype=np.uint16).reshape(2, 3, 4))


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """A current folder with four files: scans/a/1.dcm, scans/b/1.dcm, scans/b/2, scans/c[1].dcm."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("a/1.dcm", "b/1.dcm", "b/2", "c[1].dcm"), start=1):
        path = tmp_path / "scans" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        save(a_picture(InstanceNumber=number), path)
    return tmp_path


def journal_of(out):
    lines = (out / ".dcmconv/journal.jsonl").read_text("utf-8").splitlines()
    return {entry["input"]: entry for entry in map(json.loads, lines) if "input" in entry}


def piped(folder, content, *words):
    """Run the program with bytes on its standard input; everything that it prints is bytes."""
    return subprocess.run(
        [sys.executable, "-m", "dcmconv", *words],
        cwd=folder,
        input=content,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "flags",
    ["--name x", "--yes", "--verify", "--durable", "--retry-failed", "--on-existing skip"],
)
def test_flag_of_a_folder_is_refused_for_standard_output(scans, capsys, flags):
    assert main(["run", "scans/b/2", "-o", "-", *flags.split()]) == 2
    name = flags.split()[0]
    assert f"{name} has no effect: -o - writes the only picture" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("scans/**/*.dcm", ["a/1.dcm", "b/1.dcm", "c[1].dcm"]),
        ("scans/*/*", ["a/1.dcm", "b/1.dcm", "b/2"]),
        ("scans/[ab]/1.dcm", ["a/1.dcm", "b/1.dcm"]),
        ("scans/b*", ["b/1.dcm", "b/2"]),
        ("scans/**", ["a/1.dcm", "b/1.dcm", "b/2", "c[1].dcm"]),
        ("scans/c[1].dcm", ["c[1].dcm"]),
        ("scans/?/?", ["b/2"]),
    ],
)
def test_quoted_patterns_match_like_those_of_a_shell(scans, pattern, keys):
    assert main(["run", pattern, "-o", "out"]) == 0
    assert sorted(journal_of(scans / "out")) == keys


def test_a_filter_that_leaves_nothing_is_named(scans, capsys):
    assert main(["run", "scans", "-o", "out", "--include", "*.xyz"]) == 3
    assert "run it without --include." in capsys.readouterr().err


def test_pattern_matches_no_hidden_file(scans):
    save(a_picture(), scans / "scans/.hidden.dcm")
    assert main(["run", "scans/*.dcm", "-o", "out"]) == 0
    assert sorted(journal_of(scans / "out")) == ["c[1].dcm"]


def test_pattern_without_a_match_is_an_error(scans, capsys):
    assert main(["run", "scans/*.dcx", "-o", "out"]) == 2
    assert "scans/*.dcx: no matching file" in capsys.readouterr().err
    assert not (scans / "out").exists()


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_listed_inputs_have_the_journal_keys_of_named_ones(scans, capsys, ending):
    named = ["scans/a/1.dcm", "scans/b/2"]
    (scans / "list.txt").write_bytes(f"\ufeff{ending.join(named)}{ending}{ending}".encode())
    assert main(["run", "--from-file", "list.txt", "-o", "listed"]) == 0
    assert main(["run", *named, "-o", "named"]) == 0
    assert sorted(journal_of(scans / "listed")) == sorted(journal_of(scans / "named"))
    # Named or listed, it is the same input.
    capsys.readouterr()
    assert main(["run", "--from-file", "list.txt", "-o", "named", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unchanged"] == 2


def test_list_and_arguments_name_an_input_once(scans, capsys):
    (scans / "list.txt").write_text("scans/b\nscans/b/2\n", "utf-8")
    assert main(["run", "scans/b/2", "--from-file", "list.txt", "-o", "out", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["converted"] == 2


def test_missing_file_of_a_list_fails_alone(scans, capsys):
    (scans / "list.txt").write_text("scans/gone.dcm\nscans/b/2\n", "utf-8")
    assert main(["run", "--from-file", "list.txt", "-o", "out"]) == 1
    printed = capsys.readouterr()
    assert "scans/gone.dcm: Not found, but list.txt lists it." in printed.err
    assert printed.out.startswith("1 input converted to 1 picture, 1 failed (1 not-found), ")


def test_list_on_standard_input_may_end_each_path_with_zero(scans):
    content = b"scans/a/1.dcm\0scans/c[1].dcm\0"
    done = piped(scans, content, "run", "--from-file", "-", "--from0", "-o", "out")
    assert done.returncode == 0
    assert sorted(journal_of(scans / "out")) == ["1.dcm", "c[1].dcm"]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--from-file", "none.txt"], "The list none.txt cannot be read", "--from-file"),
        (
            ["--from-file", "scans/b/2"],
            "scans/b/2 has zero characters",
            "name DICOM files as INPUT",
        ),
        (["--from-file", "list.txt", "--from0"], "has no zero characters", "Omit --from0"),
        (["scans", "--from0"], "--from-file is missing", "find scans -print0"),
        (["-", "--from-file", "-"], "- is given twice", "Remove one"),
    ],
)
def test_list_that_cannot_be_meant_is_rejected(scans, capsys, words, message, hint):
    (scans / "list.txt").write_text("scans/b\n", "utf-8")
    assert main(["run", *words, "-o", "out"]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert hint in printed
    assert not (scans / "out").exists()


def test_one_object_is_piped_through_the_program(tmp_path):
    done = piped(tmp_path, as_bytes(a_picture()), "run", "-", "-o", "-")
    assert done.returncode == 0
    assert done.stdout.startswith(PNG_START)
    assert b"1 input converted to 1 picture" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]], ids=["here", "in-workers"])
def test_object_from_standard_input_is_resumed_by_its_content(tmp_path, workers):
    content = as_bytes(a_picture())
    words = ["run", "-", "-o", "out", *workers]
    assert piped(tmp_path, content, *words).returncode == 0
    assert b"unchanged" in piped(tmp_path, content, *words).stdout
    assert b"unchanged" not in piped(tmp_path, as_bytes(several_frames()), *words).stdout
    names = sorted(path.name[:6] for path in (tmp_path / "out").glob("*.png"))
    assert names == ["stdin.", "stdin_", "stdin_"]


def test_writer_chooses_the_format_of_standard_output(tmp_path):
    done = piped(tmp_path, as_bytes(a_picture()), "run", "-", "-o", "-", "-w", "jpg", "-q")
    assert (done.stdout[:3], done.stderr) == (b"\xff\xd8\xff", b"")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["scans"], "there is more than one input"),
        (["scans/b/2", "-w", "jpg", "-w", "png"], "the chain has 2 outputs"),
        (["scans/b/2", "--json"], "where --json prints as well"),
        (["frames.dcm"], "stdout.png names one file, but frames.dcm has 2 pictures"),
    ],
)
def test_standard_output_takes_one_picture_or_nothing(scans, words, message):
    save(several_frames(), scans / "frames.dcm")
    done = piped(scans, b"", "run", *words, "-o", "-")
    # With --json, stdout has the error.
    assert (done.returncode, done.stdout[:16]) == (2, b'{"kind": "error"' * ("--json" in words))
    assert message in done.stderr.decode()
    chosen = piped(scans, b"", "run", "frames.dcm", "--frames", "2", "-o", "-")
    assert chosen.stdout.startswith(PNG_START)


def test_failed_input_writes_nothing_to_standard_output(tmp_path):
    done = piped(tmp_path, b"", "run", "-", "-o", "-")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"stdin: The file is empty." in done.stderr


@pytest.mark.parametrize("name", ["scans.zip", "scans.tar", "scans.tar.gz"])
def test_archive_as_input_says_how_to_unpack_it(scans, capsys, name):
    if name.endswith(".zip"):
        with zipfile.ZipFile(name, "w") as archive:
            archive.write("scans/b/2")
    else:
        with tarfile.open(name, "w:gz" if name.endswith("gz") else "w") as archive:
            archive.add("scans")
    assert main(["run", name, "-o", "out"]) == 1
    printed = capsys.readouterr().err
    assert "and archives are not read yet." in printed
    assert "Unpack it and convert the folder" in printed


def test_folder_of_a_dicomdir_is_what_to_convert(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    listing = a_picture(SOPClassUID="1.2.840.10008.1.3.10", PixelData=None)
    listing.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    save(listing, tmp_path / "DICOMDIR")
    assert main(["run", "DICOMDIR"]) == 3
    assert (
        "DICOMDIR: DICOMDIR (Media Storage Directory Storage) holds no picture.\n"
        "  It lists the files of the folder that it is in; convert that: dcmconv run FOLDER"
    ) in capsys.readouterr().err
