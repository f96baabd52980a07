import pytest
from support.program import dcmconv, install_plugin, python

from dcmconv import __version__
from dcmconv._entry import main

HEAVY = ("numpy", "pydicom", "PIL", "pydantic", "imagecodecs", "isal", "yaml", "pylibjpeg", "json")

COMMAND = """
from dcmconv.hooks import hookimpl

@hookimpl
def dcmconv_commands():
    return {"greet": "greeting_command:Greet"}
"""

GREET = '''
from dataclasses import dataclass
from typing import Annotated
from dcmconv.plugin import Command, Ending, Opt, Row

@dataclass(frozen=True, kw_only=True)
class Greet(Command):
    """Greet a person."""

    whom: Annotated[str, Opt("Who is greeted", positional=True)]
    times: Annotated[int, Opt("How often", ge=1)] = 1

    def run(self, host):
        for number in range(self.times):
            yield Row(greeting=f"Hello {self.whom}")
        yield Ending(text="Done.", code=7)
'''


@pytest.fixture
def with_greet(tmp_path):
    """A third-party distribution with one command."""
    install_plugin(tmp_path, "greeting", COMMAND)
    (tmp_path / "greeting_command.py").write_text(GREET, "utf-8")
    return tmp_path


def modules_after(words, **environment):
    code = (
        "import sys\n"
        "from dcmconv._entry import main\n"
        f"main({list(words)!r})\n"
        "sys.stderr.write('MODULES ' + ' '.join(sys.modules))"
    )
    result = python("-c", code, **environment)
    return result.stderr.rpartition("MODULES ")[2].split()


@pytest.mark.parametrize("words", [["--help"], []])
def test_help_imports_nothing_heavy(words):
    found = modules_after(words)
    assert "dcmconv.cli.app" in found
    assert [name for name in HEAVY if name in found] == []


@pytest.mark.parametrize("words", [["run", "--help"], ["chain", "--help"]])
def test_help_of_a_command_imports_no_image_library(words):
    # typer itself imports pydantic as soon as there is a subcommand.
    found = modules_after(words)
    assert [name for name in HEAVY if name in found and name != "pydantic"] == []


@pytest.mark.parametrize(
    ("words", "is_asked"), [([], False), (["--timeout=5"], False), (["--overlays=off"], True)]
)
def test_readers_are_loaded_only_for_an_unknown_flag(words, is_asked):
    found = modules_after(["run", *words, "--help"])
    assert ("dcmconv_builtins.readers.dicom" in found) == is_asked


def test_help_imports_no_third_party_plugin(with_greet):
    assert "greeting" not in modules_after(["--help"], PYTHONPATH=with_greet)


def test_version_does_not_import_typer():
    found = modules_after(["--version"])
    assert "typer" not in found
    assert "pluggy" not in found


def test_worker_does_not_import_the_command_line():
    result = python("-c", "import dcmconv._entry, sys; print(*sys.modules)")
    assert "typer" not in result.stdout.split()
    assert "dcmconv.cli" not in result.stdout.split()


def test_module_runs_the_program():
    result = dcmconv("--version")
    assert (result.returncode, result.stdout) == (0, f"dcmconv {__version__}\n")


@pytest.mark.parametrize("words", [[], ["chain"], ["plugins"]])
def test_help_is_shown_without_a_command(capsys, words):
    assert main(words) == 0
    assert "Usage: dcmconv" in capsys.readouterr().out


def test_help_lists_every_built_in_command(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("run", "info", "samples", "doctor", "chain", "plugins"):
        assert f" {command} " in shown
    assert "Copy real DICOM files" in shown


def test_unknown_command_gets_a_suggestion(capsys):
    assert main(["rnu"]) == 2
    output = capsys.readouterr().err
    assert "Unknown command 'rnu'." in output
    assert "Did you mean 'run'?" in output


def test_unknown_flag_gets_a_suggestion(capsys):
    assert main(["run", "--nromalize", "minmax"]) == 2
    assert "--normalize" in capsys.readouterr().err


def test_third_party_command_sets_the_exit_code(with_greet):
    result = dcmconv("greet", "world", "--times", "2", PYTHONPATH=with_greet)
    assert result.returncode == 7
    assert result.stdout.count("Hello world") == 2
    assert result.stdout.endswith("Done.\n")


def test_third_party_command_checks_its_options(with_greet):
    result = dcmconv("greet", "world", "--times", "0", PYTHONPATH=with_greet)
    assert result.returncode == 2
    assert "--times 0" in result.stderr
    assert "Traceback" not in result.stderr


def test_third_party_command_has_help(with_greet):
    result = dcmconv("greet", "--help", PYTHONPATH=with_greet)
    assert result.returncode == 0
    assert "How often" in result.stdout


def test_no_color_prints_plain_help():
    result = dcmconv("--help", NO_COLOR="1")
    assert "\x1b" not in result.stdout
    assert "│" not in result.stdout
    assert "│" in dcmconv("--help", NO_COLOR=None).stdout


def test_bug_shows_a_traceback_and_exits_with_70(monkeypatch, capsys):
    def broken(*arguments, **options):
        raise ZeroDivisionError("a slip")

    monkeypatch.setattr("dcmconv.plugins.registry.Registry.names", broken)
    assert main(["plugins", "list"]) == 70
    output = capsys.readouterr().err
    assert "ZeroDivisionError: a slip" in output
    assert "dcmconv doctor" in output


@pytest.mark.parametrize("version_flag", [["--version"], ["--version", "--help"]])
def test_version_flag_wins_over_help(version_flag):
    assert main(version_flag) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["run", "-r", "dicom"],
        ["run", "-w", "jpg"],
        ["doctor"],
        ["info"],
        ["samples"],
        ["chain", "init"],
        ["journal", "verify"],
    ],
)
def test_help_at_80_columns_is_shown_in_full(words, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80
