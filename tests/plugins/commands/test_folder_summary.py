"""``dcmconv info FOLDER``: what is there, and what a run would make of it."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from support.dicom_files import as_bytes, compressed, instance, monochrome, save

from dcmconv._entry import main
from dcmconv.plugin import Reference
from dcmconv_builtins.commands.folder_summary import FolderSummary

VALUES = np.arange(12, dtype=np.uint16).reshape(3, 4)


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """A current folder with a CT and an MR series, a report, a text, and half a file."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "scans"
    for number in (1, 2):
        save(monochrome(VALUES, InstanceNumber=number), folder / "ct" / f"{number}.dcm")
    mr = monochrome(np.stack([VALUES] * 3), Modality="MR", SeriesInstanceUID="1.2.3")
    save(compressed(mr, "1.2.840.10008.1.2.5"), folder / "mr.dcm")
    save(instance("1.2.840.10008.5.1.4.1.1.88.11"), folder / "report.dcm")
    (folder / "notes.txt").write_text("no DICOM", "utf-8")
    (folder / "half.dcm").write_bytes(as_bytes(monochrome(VALUES))[:-10])
    return tmp_path


def tables_of(text):
    return {table["title"]: table["rows"] for table in json.loads(text)["tables"]}


def test_folder_is_summed_up(scans, capsys):
    assert main(["info", "scans", "--json"]) == 0
    tables = tables_of(capsys.readouterr().out)
    totals = {row["name"]: row["value"] for row in tables["scans"]}
    size = sum(path.stat().st_size for path in Path("scans").rglob("*") if path.is_file())
    assert totals == {
        "Files": 6,
        "Size": size,
        "DICOM images": 3,
        "Frames": 5,
        "Patients": 1,
        "Studies": 1,
        "Series": 2,
        "Without a picture": 3,
    }
    assert [(row["modality"], row["images"], row["frames"]) for row in tables["Modalities"]] == [
        ("CT", 2, 2),
        ("MR", 1, 3),
    ]
    assert {row["uid"]: row["images"] for row in tables["Transfer Syntaxes"]} == {
        "1.2.840.10008.1.2.1": 2,
        "1.2.840.10008.1.2.5": 1,
    }
    assert tables["Sizes"] == [{"columns_x_rows": "4 x 3", "images": 3}]
    assert sorted((row["reason"], row["example"]) for row in tables["Skipped"]) == [
        ("no-pixels", "report.dcm"),
        ("not-dicom", "notes.txt"),
    ]
    assert [(row["reason"], row["files"]) for row in tables["Refused"]] == [("truncated", 1)]
    assert [row["name"] for row in tables["Estimate for dcmconv run"]][:2] == [
        "5 pictures as PNG",
        "5 pictures as JPG",
    ]


def test_what_is_refused_is_what_a_run_refuses(scans, capsys):
    main(["info", "scans", "--json"])
    tables = tables_of(capsys.readouterr().out)
    main(["run", "scans", "-o", "out", "--json"])
    summary = json.loads(capsys.readouterr().out)
    assert summary["failed"] == sum(row["files"] for row in tables["Refused"])
    assert summary["skipped"] == sum(row["files"] for row in tables["Skipped"])
    assert summary["pictures"] == 5


def test_summary_names_no_patient(scans, capsys):
    assert main(["info", "scans"]) == 0
    printed = capsys.readouterr().out
    assert "Patients           1" in printed
    assert "Nobody" not in printed
    assert "NOBODY" not in printed


def test_pattern_is_summed_up(scans, capsys):
    assert main(["info", "scans/**/*.dcm", "--json"]) == 0
    totals = tables_of(capsys.readouterr().out)["scans/**/*.dcm"]
    assert totals[0] == {"name": "Files", "value": 5}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["scans", "--tag", "Rows"], "--tag shows tags of single files"),
        (["scans", "--all"], "--all shows tags of single files"),
        (["scans", "nowhere"], "nowhere: no such file or folder"),
    ],
)
def test_flags_of_single_files_are_rejected_for_folders(scans, capsys, words, message):
    assert main(["info", *words]) == 2
    assert message in capsys.readouterr().err


def test_folder_without_images_exits_with_3(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("no DICOM", "utf-8")
    assert main(["info", str(tmp_path)]) == 3
    assert capsys.readouterr().out.endswith("No DICOM images.\n")


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="no count of the bytes read")
def test_only_headers_are_read(tmp_path):
    path = save(monochrome(np.zeros((20, 512, 512), np.uint16)), tmp_path / "big.dcm")
    small = save(monochrome(np.zeros((512, 512), np.uint16)), tmp_path / "small.dcm")

    def bytes_read():
        return int(Path("/proc/self/io").read_text().split()[1])

    summary = FolderSummary()
    for file in (small, path):
        summary.add(Reference("warm", str(file), file.stat().st_size))
        before = bytes_read()
        summary.add(Reference("counted", str(file), file.stat().st_size))
        assert bytes_read() - before < 100_000
    assert summary.frames == 42


def test_memory_does_not_grow_with_the_files(tmp_path):
    path = save(monochrome(VALUES), tmp_path / "a.dcm")
    summary = FolderSummary()
    for number in range(20):
        summary.add(Reference(f"{number}", str(path), 100))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(200):
            summary.add(Reference(f"more-{number}", str(path), 100))
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # One reference takes 200 bytes; 200 of them that were kept would take 40 kB.
    assert grown < 20_000
