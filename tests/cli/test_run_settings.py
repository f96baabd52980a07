"""A run setting is one field of ``RunSettings``; nothing in this file names one."""

from __future__ import annotations

import pytest
from support.program import dcmconv

from dcmconv._entry import main
from dcmconv.chain.compile import compile_chain
from dcmconv.chain.keywords import chain_from_keywords
from dcmconv.chain.loader import chain_from_data
from dcmconv.chain.schema import chain_schema
from dcmconv.chain.settings import RunSettings
from dcmconv.cli.flags import help_of, literals_of
from dcmconv.cli.run_flags import run_flags
from dcmconv.model.options import option_fields
from dcmconv.plugins.registry import Registry

SETTINGS = {option.name: option for option in option_fields(RunSettings)}
REGISTRY = Registry.discover(only=())


def other_value(option):
    """Return a valid value that is not the default."""
    if option.annotation is bool:
        return not option.default
    for word in [*literals_of(option.annotation), *option.opt.examples]:
        if word != option.default:
            return word
    bounds = option.opt.bounds()
    return int(bounds.get("ge", bounds.get("gt", 0))) + 1


def flag_of(name):
    return next(flag for flag in run_flags() if flag.name == name)


@pytest.fixture(params=SETTINGS)
def setting(request):
    return SETTINGS[request.param]


def planned(chain):
    return compile_chain(chain, REGISTRY).run


def test_setting_is_a_flag_with_its_help(setting):
    flag = flag_of(setting.name)
    assert flag.words == (f"--{setting.name.replace('_', '-')}",)
    assert flag.help.startswith(help_of(setting))
    assert all(
        word in flag.help or word in flag.metavar for word in literals_of(setting.annotation)
    )


def test_setting_is_in_the_help_of_run(setting, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    assert main(["run", "--help"]) == 0
    shown = capsys.readouterr().out
    assert f" {flag_of(setting.name).words[0]} " in shown
    assert setting.opt.help in shown


def test_flag_sets_the_setting(setting, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    value = other_value(setting)
    words = (
        flag_of(setting.name).words if value is True else [*flag_of(setting.name).words, str(value)]
    )
    main(["run", "--dry-run", *words])
    shown = capsys.readouterr().out
    shown_value = str(value).lower() if isinstance(value, bool) else str(value)
    line = next(line for line in shown.splitlines() if line.startswith(f"  {setting.name}: "))
    assert shown_value in line.partition("#")[0]
    assert line.endswith(f"# {' '.join(words)}")


def test_setting_is_a_key_of_chain_files(setting):
    value = other_value(setting)
    run = planned(chain_from_data({"version": 1, "run": {setting.name: value}}, REGISTRY))
    assert getattr(run, setting.name) == value != setting.default


def test_setting_is_a_python_keyword(setting):
    value = other_value(setting)
    run = planned(chain_from_keywords({setting.name: value}, REGISTRY))
    assert getattr(run, setting.name) == value


def test_set_reaches_the_setting(setting, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    value = str(other_value(setting)).lower()
    main(["run", "--dry-run", "--set", f"run.{setting.name}={value}"])
    assert f"  {setting.name}: " in capsys.readouterr().out


def test_setting_is_in_the_schema(setting):
    schema = chain_schema(REGISTRY)["properties"]["run"]["properties"]
    assert setting.opt.help in schema[setting.name]["description"]


def test_flag_and_its_choices_are_completed(setting):
    word = flag_of(setting.name).words[0]
    assert word in completions(f"dcmconv run {word[:-1]}")
    for choice in literals_of(setting.annotation):
        assert choice in completions(f"dcmconv run {word} {choice[:-1]}")


def completions(line):
    current = len(line.split(" ")) - 1
    answer = dcmconv(_DCMCONV_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=current)
    return answer.stdout.split()


def test_every_run_setting_is_a_flag_once():
    names = [flag.name for flag in run_flags()]
    assert sorted(names) == sorted(set(names))
    assert set(SETTINGS) <= set(names)
