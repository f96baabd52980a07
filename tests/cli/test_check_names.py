"""``run --check-names``: what is wrong with the names, before anything is decoded."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.dicom_files import encapsulated, instance, monochrome, save

from dcmconv._entry import main

PIXELS = np.arange(12, dtype=np.int16).reshape(3, 4)


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """A folder with two instances of a patient, one without, and a file that is not DICOM."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    for number in (1, 2):
        save(monochrome(PIXELS, InstanceNumber=number), tmp_path / f"scans/{number}.dcm")
    save(monochrome(PIXELS, InstanceNumber=3, PatientID=None), tmp_path / "scans/3.dcm")
    (tmp_path / "scans" / "notes.txt").write_text("no DICOM", "utf-8")
    return tmp_path / "scans"


def test_names_that_occur_twice_are_reported_with_their_inputs(scans, capsys):
    assert main(["run", "scans", "--check-names", "--name", "{PatientID}", "-o", "out"]) == 1
    assert capsys.readouterr().out == (
        "1 picture would get a name that is taken; each later one gets eight hexadecimal digits "
        "appended:\n"
        "  NOBODY-1.png: 1.dcm and 2.dcm\n"
        "1 input without PatientID: the name has no-PatientID. For another text: "
        "{PatientID|unknown}\n"
        "1 input without a picture (1 not-dicom).\n"
        "Names checked: 3 pictures of 3 inputs, 1 collision; nothing written.\n"
    )
    assert not (scans.parent / "out").exists()


def test_good_names_exit_with_0(scans, capsys):
    name = "{PatientID|unknown}/{InstanceNumber}.png"
    assert main(["run", "scans", "--check-names", "-v", "--name", name]) == 0
    listed = capsys.readouterr().out
    assert "3.dcm → unknown/3.png\n" in listed
    assert main(["run", "scans", "-o", "out", "--name", name]) == 0
    assert (scans.parent / "out/unknown/3.png").exists()


def test_the_names_are_those_of_the_run(scans, capsys):
    words = ["run", "scans", "--name", "{Modality}/{hash}-{output}", "-w", "png", "-w", "jpg"]
    assert main([*words, "--check-names", "-v", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert main([*words, "-o", "out"]) == 0
    out = scans.parent / "out"
    named = {line["path"] for line in lines if line["kind"] == "name"}
    assert named == {path.relative_to(out).as_posix() for path in out.glob("CT/*")}
    assert lines[-1]["pictures"] == len(named) == 6
    assert lines[-1]["exit_code"] == 0


def test_outputs_of_one_input_can_collide_too(scans, capsys):
    (scans.parent / "chain.yaml").write_text(
        "version: 1\n"
        "outputs:\n"
        "  - {use: png, id: a, name: '{InstanceNumber}'}\n"
        "  - {use: png, id: b, name: '{InstanceNumber|name}'}\n",
        "utf-8",
    )
    assert main(["run", "scans", "--check-names", "--chain", "chain.yaml"]) == 1
    assert "  1.png: 1.dcm\n" in capsys.readouterr().out


def test_pixels_are_not_decoded(scans, capsys):
    jpeg2000 = "1.2.840.10008.1.2.4.90"
    damaged = encapsulated(monochrome(PIXELS), jpeg2000, [b"\xff\x4f\xff\x51 and no more"])
    save(damaged, scans / "damaged.dcm")
    assert main(["run", "scans", "--check-names", "--include", "damaged.dcm"]) == 0
    assert "1 picture of 1 input" in capsys.readouterr().out
    assert main(["run", "scans", "--include", "damaged.dcm", "-o", "out"]) == 1


def test_a_folder_without_pictures_exits_with_3(scans):
    (scans / "only").mkdir()
    save(instance("1.2.840.10008.5.1.4.1.1.88.11"), scans / "only" / "report.dcm")
    assert main(["run", "scans/only", "--check-names"]) == 3


def test_a_fallback_that_looks_like_a_keyword_needs_quotes(scans, capsys):
    assert main(["run", "scans", "--check-names", "--name", "{PatientID|Unknown}/{name}"]) == 2
    error = capsys.readouterr().err
    assert "No reader knows the attribute 'Unknown'" in error
    assert "{X|'Unknown'}" in error
    assert main(["run", "scans", "--check-names", "--name", "{PatientID|'Unknown'}/{name}"]) == 0
