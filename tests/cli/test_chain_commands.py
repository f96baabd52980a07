import json

import pytest

from dcmconv._entry import main

WRONG = """\
version: 1
normalize:
  use: window
  widht: 400
colormap: bnoe
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_new_chain_is_valid_and_has_its_schema(here, capsys):
    assert main(["chain", "init", "lung.yaml"]) == 0
    assert main(["chain", "validate", "lung.yaml"]) == 0
    assert "lung.yaml is valid: 1 output (jpg)." in capsys.readouterr().out
    schema = json.loads((here / "dcmconv.schema.json").read_text("utf-8"))
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_existing_chain_file_is_kept(here, capsys):
    (here / "dcmconv.yaml").write_text("mine", "utf-8")
    assert main(["chain", "init"]) == 5
    assert (here / "dcmconv.yaml").read_text("utf-8") == "mine"
    assert "dcmconv.yaml already exists." in capsys.readouterr().err


def test_every_problem_has_its_line_and_a_suggestion(here, capsys):
    (here / "wrong.yaml").write_text(WRONG, "utf-8")
    assert main(["chain", "validate", "wrong.yaml"]) == 2
    printed = capsys.readouterr().err
    assert "wrong.yaml:4:3" in printed
    assert "did you mean 'width'?" in printed
    assert "wrong.yaml:5:11" in printed
    assert "'bone'" in printed


def test_show_includes_what_a_preset_extends(capsys):
    assert main(["chain", "show", "preset:article"]) == 0
    shown = capsys.readouterr().out
    assert "use: figure" in shown
    assert "use: bone" in shown


def test_unknown_preset_gets_a_suggestion(capsys):
    assert main(["chain", "show", "preset:artcle"]) == 2
    assert "article" in capsys.readouterr().err


def test_validate_prints_json(capsys):
    assert main(["chain", "validate", "preset:article", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["outputs"] == ["jpg"]
    assert len(answer["digest"]) == 16


def test_schema_is_written_to_a_named_file(here):
    assert main(["chain", "schema", "-o", "s.json"]) == 0
    assert json.loads((here / "s.json").read_text("utf-8"))
