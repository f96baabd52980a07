import json
import os

import pytest
from support.program import dcmconv, install_plugin

from dcmconv import __version__
from dcmconv._entry import main


def tables_of(text):
    return {table["title"]: table["rows"] for table in json.loads(text)["tables"]}


def test_doctor_shows_versions_decoders_and_plugins(capsys):
    assert main(["doctor", "--json"]) == 0
    tables = tables_of(capsys.readouterr().out)
    versions = {row["name"]: row["version"] for row in tables["Versions"]}
    assert versions["dcmconv"] == __version__
    syntaxes = {row["uid"]: row for row in tables["Transfer Syntaxes"]}
    assert syntaxes["1.2.840.10008.1.2.4.80"]["state"] == "ok"
    assert syntaxes["1.2.840.10008.1.2.4.80"]["decoder"] == "imagecodecs.jpegls"
    assert syntaxes["1.2.840.10008.1.2.4.94"]["state"] == "refused"
    assert "writer: jpg, legend, png" in tables["Plugins"][0]["offers"]


def test_doctor_shows_how_many_workers_may_be_used(capsys):
    assert main(["doctor", "--json"]) == 0
    machine = {r["name"]: r["value"] for r in tables_of(capsys.readouterr().out)["This machine"]}
    assert machine["workers"].endswith(f" of {os.cpu_count()} CPUs may be used here")


def test_a_broken_plugin_is_a_problem_with_exit_code_4(tmp_path):
    install_plugin(tmp_path, "broken", "raise RuntimeError('out of order')\n")
    result = dcmconv("doctor", PYTHONPATH=tmp_path)
    assert result.returncode == 4
    assert "Plugin 'broken' (dcmconv-broken 1.0): RuntimeError: out of order" in result.stdout
    assert result.stdout.endswith("1 problem; see above.\n")


def test_a_component_that_cannot_be_imported_is_a_problem(tmp_path):
    hooks = (
        "from dcmconv.hooks import hookimpl\n@hookimpl\n"
        "def dcmconv_writers():\n    return {'lost': 'acme_missing:Lost'}\n"
    )
    install_plugin(tmp_path, "acme", hooks)
    result = dcmconv("doctor", PYTHONPATH=tmp_path)
    assert result.returncode == 4
    assert "acme_missing:Lost cannot be loaded: ModuleNotFoundError" in result.stdout
    assert result.stdout.endswith("1 problem; see above.\n")


@pytest.mark.skipif(os.name == "nt", reason="the other program is a shell script")
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("#!/bin/sh\necho DCMTK\n", "another program with that name"),
        ("#!/bin/sh\n# from dcmconv._entry import main\n", "this one"),
    ],
)
def test_doctor_distinguishes_our_program_from_dcmtks(
    tmp_path, monkeypatch, capsys, content, expected
):
    program = tmp_path / "dcmconv"
    program.write_text(content, "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert f"{program}, {expected}" in shown


def test_doctor_says_how_to_run_a_program_not_on_the_path(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["doctor"]) == 0
    assert "run this one as: python -m dcmconv" in capsys.readouterr().out


def test_a_decoder_that_fails_to_import_is_called_broken(tmp_path):
    (tmp_path / "openjpeg").mkdir()
    (tmp_path / "openjpeg" / "__init__.py").write_text("raise RuntimeError('libc too old')\n")
    result = dcmconv("doctor", "--json", PYTHONPATH=tmp_path)
    tables = tables_of(result.stdout)
    states = {row["uid"]: row for row in tables["Transfer Syntaxes"]}
    assert states["1.2.840.10008.1.2.4.90"]["state"] == "broken"
    fault = "import openjpeg raised RuntimeError: libc too old"
    assert states["1.2.840.10008.1.2.4.90"]["note"] == fault
    assert states["1.2.840.10008.1.2.4.80"]["state"] == "ok"
    assert [row["problem"] for row in tables["Problems"]] == [f"{fault}."]
    assert (result.returncode, "Traceback" in result.stderr) == (4, False)
