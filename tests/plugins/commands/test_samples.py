import json

import pytest

from dcmconv._entry import main
from dcmconv_builtins.commands.samples import SAMPLES


def test_samples_are_real_files_of_several_modalities(tmp_path, capsys):
    assert main(["samples", str(tmp_path / "demo")]) == 0
    copied = [path for path in (tmp_path / "demo").rglob("*") if path.is_file()]
    assert len(copied) == len(SAMPLES)
    assert {path.parent.name for path in copied} >= {"CT", "MR", "CR", "US", "NM", "RTDOSE"}
    output = capsys.readouterr().out
    assert f"{len(SAMPLES)} files of 8 modalities." in output
    assert "dcmconv run --normalize minmax --writer jpg" in output


def test_every_sample_becomes_a_picture(tmp_path, capsys):
    assert main(["samples", str(tmp_path / "demo")]) == 0
    capsys.readouterr()
    words = ["run", str(tmp_path / "demo"), "-o", str(tmp_path / "out"), "-w", "jpg", "--json"]
    assert main(words) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["converted"], summary["skipped"], summary["failed"]) == (len(SAMPLES), 0, 0)


def test_existing_files_are_never_overwritten(tmp_path, capsys):
    mine = tmp_path / "CT" / "CT_small.dcm"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    assert main(["samples", str(tmp_path)]) == 0
    assert mine.read_bytes() == b"mine"
    assert "another file exists; not overwritten" in capsys.readouterr().out
    assert main(["samples", str(tmp_path), "--json"]) == 0
    [table] = json.loads(capsys.readouterr().out)["tables"]
    assert {row["result"] for row in table["rows"]} == {
        "exists already",
        "another file exists; not overwritten",
    }


def test_a_folder_that_cannot_be_created_ends_with_5(tmp_path, capsys):
    (tmp_path / "file").write_bytes(b"")
    assert main(["samples", str(tmp_path / "file" / "demo")]) == 5
    output = capsys.readouterr().err
    assert "Cannot write" in output
    assert "Use another folder" in output


@pytest.mark.parametrize("words", [["samples"]])
def test_a_folder_is_needed(capsys, words):
    assert main(words) == 2
    assert "DIRECTORY" in capsys.readouterr().err
