"""Command lines that are invalid or ambiguous."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from support.dicom_files import monochrome, save
from support.program import dcmconv, install_plugin

import dcmconv as library
from dcmconv._entry import main
from dcmconv.errors import UsageError

CT = get_testdata_file("CT_small.dcm")


def rejected(capsys, *words):
    code = main([*words])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-c", "bone", "-c", "hot"], "--colormap is given 2 times: 'bone' and 'hot'."),
        (["--workers", "1", "--workers", "2"], "--workers is given 2 times"),
        (["-w", "jpg", "--jpg.quality=1", "--jpg.quality=2"], "--jpg.quality is given 2 times"),
    ],
)
def test_single_value_flag_cannot_be_repeated(capsys, words, message):
    code, error = rejected(capsys, "run", CT, *words)
    assert code == 2
    assert message in error
    assert "Remove all but one." in error


@pytest.mark.parametrize("flag", ["--frames", "--name", "--out", "--tags", "--chain", "--include"])
def test_empty_value_is_rejected(capsys, flag, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, error = rejected(capsys, "run", CT, flag, "")
    assert code == 2
    assert f"Error: {flag} is empty." in error
    assert list(tmp_path.iterdir()) == []


def test_empty_input_is_not_the_current_folder(capsys):
    code, error = rejected(capsys, "run", "")
    assert code == 2
    assert "INPUT is empty." in error
    assert "omit it for the current folder" in error


def test_component_option_may_be_empty(tmp_path):
    words = ["run", CT, "-s", "title", "--title.text", "", "-o", str(tmp_path / "a.png"), "-q"]
    assert main(words) == 0


def test_tag_column_needs_a_table(capsys):
    code, error = rejected(capsys, "run", CT, "--tag", "PatientID")
    assert code == 2
    assert "Name the file of the table: --tags tags.csv" in error


def test_unknown_plugin_cannot_be_disabled(tmp_path):
    install_plugin(tmp_path, "shades", "")
    result = dcmconv("run", CT, "--no-plugin", "shaeds", PYTHONPATH=tmp_path)
    assert result.returncode == 2
    assert "Unknown plugin 'shaeds'; did you mean 'shades'?" in result.stderr


def test_built_ins_cannot_be_disabled(capsys):
    code, error = rejected(capsys, "plugins", "list", "--no-plugin", "dcmconv")
    assert code == 2
    assert "The built-in plugin cannot be left out." in error


def test_missing_component_names_the_disabled_plugin(tmp_path):
    install_plugin(tmp_path, "shades", "")
    words = ["run", CT, "-c", "dusk", "--no-plugin", "shades"]
    result = dcmconv(*words, PYTHONPATH=tmp_path)
    assert result.returncode == 2
    assert "a plugin that was left out: --no-plugin shades" in result.stderr


def test_broken_plugin_is_shown_with_its_error(tmp_path):
    install_plugin(tmp_path, "broken", "raise RuntimeError('out of order')\n")
    result = dcmconv("plugins", "show", "broken", PYTHONPATH=tmp_path)
    assert result.returncode == 4
    assert "Plugin 'broken' (dcmconv-broken 1.0): RuntimeError: out of order" in result.stdout


def test_chain_show_reports_the_same_problems_as_validate(tmp_path, capsys):
    path = tmp_path / "bad.yaml"
    path.write_text("version: 1\nnormalize: {use: window, centre: 40}\n")
    message = [rejected(capsys, "chain", word, str(path)) for word in ("validate", "show")]
    assert message[0] == message[1]
    assert message[0][0] == 2
    assert "did you mean 'center'?" in message[0][1]


def test_picture_may_end_in_jpeg(tmp_path):
    assert main(["run", CT, "-o", str(tmp_path / "head.jpeg"), "-q"]) == 0
    assert (tmp_path / "head.jpeg").read_bytes()[:2] == b"\xff\xd8"


def test_unknown_picture_suffix_lists_the_writers(tmp_path, capsys):
    code, error = rejected(capsys, "run", CT, "-o", str(tmp_path / "head.bmp"))
    assert code == 2
    assert "no installed writer makes .bmp files" in error
    assert "jpg" in error.splitlines()[-1]
    assert "head.jpg" in error
    assert "head.bmp/" in error


@pytest.mark.parametrize("below", ["", "/deeper"])
def test_file_in_place_of_output_folder_is_named_once(tmp_path, capsys, below):
    file = tmp_path / "notes.txt"
    file.touch()
    code, error = rejected(capsys, "run", CT, "-o", f"{file}{below}")
    assert code == 2
    assert error.count(f"{file} is a file") == 1
    assert error.count(str(file)) == 1 + error.startswith("Converting")


def test_skipped_input_has_a_hint(tmp_path):
    (tmp_path / "readme.txt").write_text("not a picture")
    result = dcmconv("run", tmp_path, "-o", tmp_path / "out", "--json", "-v")
    assert '"reason": "not-dicom"' in result.stdout
    assert "plugins add readers" in result.stdout


@pytest.mark.parametrize(
    ("out", "message", "advice"),
    [
        ("s3://bucket/x", "s3://bucket/x is a URL;", "-o pictures"),
        ("file:///tmp/x.png", "file:///tmp/x.png is a URL;", "-o pictures"),
        ("x.zip", "x.zip: no installed writer makes .zip files.", "-o x.zip/"),
    ],
)
@pytest.mark.parametrize("more", [[], ["-w", "png"], ["--dry-run"]], ids=" ".join)
def test_out_that_is_no_folder_is_rejected(
    capsys, tmp_path, monkeypatch, out, message, advice, more
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    code, error = rejected(capsys, "run", "in", "-o", out, *more)
    assert code == 2
    assert advice in error.replace("with /: ", "with /: -o ")
    assert message in error or (more == ["-w", "png"] and "x.zip ends in .zip, but writer" in error)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    with pytest.raises(UsageError):
        list(library.run("in", out))
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_folder_named_dash_can_be_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(monochrome(np.zeros((4, 4), np.uint16)), tmp_path / "in" / "a.dcm")
    assert main(["run", "in", "-o", "./-"]) == 0
    assert (tmp_path / "-" / "a.png").exists()


def test_save_to_a_url_is_rejected(tmp_path):
    path = save(monochrome(np.zeros((4, 4), np.uint16)), tmp_path / "a.dcm")
    with pytest.raises(UsageError, match="is a URL"):
        library.convert(path).save("s3://bucket/a.png")


@pytest.mark.parametrize("second", ["color", "draw"])
def test_both_spellings_of_an_option_are_rejected(capsys, second):
    code, error = rejected(capsys, "run", "--overlays", "draw", "--dicom.overlays", second)
    assert code == 2
    assert "--overlays and --dicom.overlays are the same option, and both are given." in error
    assert "Remove one of them." in error
