import json

import pytest
from support.program import dcmconv, install_plugin

from dcmconv._entry import main
from dcmconv.hooks import KINDS
from dcmconv.plugins.registry import Registry


def test_components_of_every_kind_have_a_summary(capsys):
    assert main(["plugins", "list", "--json"]) == 0
    installed = Registry.discover()
    tables = json.loads(capsys.readouterr().out)["tables"]
    assert [table["title"] for table in tables] == [
        f"{kind.capitalize()}s" for kind in KINDS if installed.names(kind)
    ]
    assert all(row["summary"] for table in tables for row in table["rows"])


def test_component_is_shown_with_its_options(capsys):
    assert main(["plugins", "show", "jpg"]) == 0
    shown = capsys.readouterr().out
    assert "writer jpg, from dcmconv" in shown
    assert "quality" in shown
    assert "INTEGER" in shown


def test_unknown_name_gets_a_suggestion(capsys):
    assert main(["plugins", "show", "minmx"]) == 2
    output = capsys.readouterr().err
    assert "Unknown component or plugin 'minmx'." in output
    assert "Did you mean 'minmax'?" in output


@pytest.mark.parametrize(("words", "named"), [([], True), (["--no-plugin", "broken"], False)])
def test_broken_plugin_is_named_unless_disabled(tmp_path, words, named):
    install_plugin(tmp_path, "broken", "raise RuntimeError('out of order')\n")
    result = dcmconv("plugins", "list", *words, PYTHONPATH=tmp_path)
    assert result.returncode == 0
    output = "Plugin 'broken' (dcmconv-broken 1.0): RuntimeError: out of order"
    assert (output in result.stdout) is named


def test_environment_variable_selects_the_plugins(tmp_path):
    install_plugin(tmp_path, "broken", "raise RuntimeError('out of order')\n")
    result = dcmconv("plugins", "list", PYTHONPATH=tmp_path, DCMCONV_PLUGINS="other")
    assert "broken" not in result.stdout
