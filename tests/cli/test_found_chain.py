"""The chain of the current folder, and chains that are saved."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.dicom_files import as_bytes, monochrome

from dcmconv._entry import main

JPG = "version: 1\noutputs: [jpg]\n"
PIXELS = np.arange(256, dtype=np.uint16).reshape(16, 16)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.dcm").write_bytes(as_bytes(monochrome(PIXELS, Modality="CT")))
    return tmp_path


def made(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def record(folder):
    return json.loads((folder / ".dcmconv" / "run.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dcmconv.yaml", JPG),
        ("dcmconv.yml", JPG),
        ("pyproject.toml", '[tool.dcmconv]\noutputs = ["jpg"]\n'),
        ("pyproject.toml", '[tool.black]\n[[tool.dcmconv.outputs]]\nuse = "jpg"\n'),
    ],
)
def test_run_uses_the_chain_of_the_current_folder_and_says_so(here, capsys, name, text):
    (here / name).write_text(text, "utf-8")
    assert main(["run", "in", "-o", "out"]) == 0
    assert f"Chain: ./{name} (use --chain none to ignore it)" in capsys.readouterr().err
    assert made(here / "out") == ["a.jpg"]


def test_yaml_comes_before_pyproject(here):
    (here / "dcmconv.yaml").write_text(JPG, "utf-8")
    (here / "pyproject.toml").write_text('[tool.dcmconv]\noutputs = ["png"]\n', "utf-8")
    assert main(["run", "in", "-o", "out"]) == 0
    assert made(here / "out") == ["a.jpg"]


@pytest.mark.parametrize("text", ["[tool.other]\n", "# [tool.dcmconv]\n", "not TOML at all [["])
def test_other_projects_are_left_alone(here, capsys, text):
    (here / "pyproject.toml").write_text(text, "utf-8")
    assert main(["run", "in", "-o", "out"]) == 0
    assert "Chain:" not in capsys.readouterr().err
    assert made(here / "out") == ["a.png"]


def test_table_with_a_broken_header_is_reported(here, capsys):
    (here / "pyproject.toml").write_text("[tool.dcmconv\noutputs = ['jpg']\n", "utf-8")
    assert main(["run", "in", "-o", "out"]) == 2
    assert "pyproject.toml" in capsys.readouterr().err
    assert not (here / "out").exists()


def test_chain_is_not_saved_to_a_file_named_dash(here, capsys):
    assert main(["run", "in", "-o", "out", "--save-chain", "-"]) == 2
    assert "dcmconv run --dry-run" in capsys.readouterr().err
    assert not (here / "-").exists()


def test_chain_none_ignores_it(here, capsys):
    (here / "dcmconv.yaml").write_text(JPG, "utf-8")
    assert main(["run", "in", "-o", "out", "--chain", "none"]) == 0
    assert "Chain:" not in capsys.readouterr().err
    assert made(here / "out") == ["a.png"]


def test_a_chain_that_is_named_takes_its_place(here):
    (here / "dcmconv.yaml").write_text(JPG, "utf-8")
    (here / "other.yaml").write_text("version: 1\noutputs: [png]\n", "utf-8")
    assert main(["run", "in", "-o", "out", "--chain", "other.yaml"]) == 0
    assert made(here / "out") == ["a.png"]


def test_flags_change_the_options_of_the_chain_that_was_found(here):
    (here / "dcmconv.yaml").write_text(JPG, "utf-8")
    assert main(["run", "in", "-o", "out", "--jpg.quality", "50"]) == 0
    assert "50" in json.dumps(record(here / "out"))


def test_folders_above_are_not_searched(here, monkeypatch):
    (here / "dcmconv.yaml").write_text(JPG, "utf-8")
    monkeypatch.chdir(here / "in")
    assert main(["run", ".", "-o", "../out"]) == 0
    assert made(here / "out") == ["a.png"]


def test_a_mistake_in_pyproject_names_the_table(here, capsys):
    (here / "pyproject.toml").write_text('[tool.dcmconv]\nnormalize = "minmx"\n', "utf-8")
    assert main(["run", "in", "-o", "out"]) == 2
    printed = capsys.readouterr().err
    assert "pyproject.toml [tool.dcmconv]: Unknown normalizer 'minmx'." in printed
    assert "Did you mean 'minmax'?" in printed


def test_a_damaged_pyproject_says_how_to_run_without_it(here, capsys):
    (here / "pyproject.toml").write_text("[tool.dcmconv]\nnormalize = \n", "utf-8")
    assert main(["run", "in", "-o", "out"]) == 2
    printed = capsys.readouterr().err
    assert "not valid TOML" in printed
    assert "--chain none" in printed


def test_a_new_chain_file_is_found(here, capsys):
    assert main(["chain", "init"]) == 0
    assert main(["run", "in", "-o", "out"]) == 0
    assert made(here / "out") == ["a.jpg"]
    assert "--chain" not in (here / "dcmconv.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        (["chain", "validate"], "pyproject.toml is valid: 1 output (jpg)."),
        (["chain", "show"], "use: jpg  # pyproject.toml [tool.dcmconv]"),
    ],
)
def test_chain_commands_without_a_name_take_that_of_the_folder(here, capsys, command, printed):
    (here / "pyproject.toml").write_text('[tool.dcmconv]\noutputs = ["jpg"]\n', "utf-8")
    assert main(command) == 0
    assert printed in capsys.readouterr().out


@pytest.mark.parametrize("command", ["validate", "show"])
def test_chain_commands_in_a_folder_without_a_chain_say_what_to_type(here, capsys, command):
    assert main(["chain", command]) == 2
    printed = capsys.readouterr().err
    assert "this folder has none: ./dcmconv.yaml, or [tool.dcmconv]" in printed
    assert "dcmconv chain init" in printed


def test_python_uses_no_chain_that_it_was_not_given(here):
    import dcmconv

    (here / "dcmconv.yaml").write_text(JPG, "utf-8")
    dcmconv.run("in", "out").wait()
    assert made(here / "out") == ["a.png"]


@pytest.mark.parametrize(
    "flags",
    [
        ["-n", "window:40,400", "-s", "resize:8", "-w", "jpg:80", "--name", "{Modality}/{frame}"],
        ["--chain", "preset:chest-ct", "--set", "lung.compression=small"],
        ["-n", "window:lung", "-n", "window:40,400", "-c", "bone", "--invert", "--frames", "1"],
        ["--decoder", "1.2.840.10008.1.2.5=rle", "--policy", "strict", "--aspect", "keep"],
    ],
)
def test_a_saved_chain_makes_the_same_pictures(here, flags):
    assert main(["run", "in", "-o", "out", *flags, "--save-chain", "saved.yaml"]) == 0
    assert main(["run", "in", "-o", "again", "--chain", "saved.yaml"]) == 0
    assert record(here / "out")["chain"] == record(here / "again")["chain"]


def test_a_saved_chain_replaces_no_other_file(here, capsys):
    (here / "saved.yaml").write_text("mine", "utf-8")
    assert main(["run", "in", "-o", "out", "--save-chain", "saved.yaml"]) == 5
    assert "saved.yaml already exists." in capsys.readouterr().err
    assert (here / "saved.yaml").read_text("utf-8") == "mine"
    assert not (here / "out").exists()
