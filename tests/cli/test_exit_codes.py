"""What an error means for the person at the terminal, and for a script."""

import errno

import pytest

from dcmconv.cli.exit_codes import Terminated, exit_code_of_error
from dcmconv.errors import OutputError, PluginError, UsageError


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (UsageError("No.", hint="Do this."), 2, "Error: No.\n  Do this.\n"),
        (PluginError("Broken."), 4, "Error: Broken.\n"),
        (OutputError("Full."), 5, "Error: Full.\n"),
        (KeyboardInterrupt(), 130, "Interrupted. Run the same command again to resume.\n"),
        (Terminated(15), 143, "Terminated. Run the same command again to resume.\n"),
        (Terminated(1), 129, "Terminated. Run the same command again to resume.\n"),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(value)[:12],
)
def test_error_decides_message_and_exit_code(capsys, error, code, shown):
    assert exit_code_of_error(error) == code
    assert capsys.readouterr().err == shown


@pytest.mark.parametrize(
    ("number", "message", "hint"),
    [
        (errno.EMFILE, "Error: Too many open files: ", "use fewer processes: --workers 2"),
        (errno.ENFILE, "Error: Too many open files: ", "ulimit -n 4096"),
        (errno.ENAMETOOLONG, "Error: File name too long for this system: aaa", "shorter path"),
    ],
)
def test_system_limit_is_a_usage_error(capsys, number, message, hint):
    assert exit_code_of_error(OSError(number, "the system's words", "a" * 300)) == 2
    shown = capsys.readouterr().err
    assert shown.startswith(message)
    assert hint in shown
    assert len(shown) < 200


def test_unexplained_error_is_a_bug(capsys):
    assert exit_code_of_error(OSError(errno.ENOENT, "gone", "a.txt")) == 70
    assert "please report the lines above" in capsys.readouterr().err.lower()


@pytest.mark.parametrize("error", [BrokenPipeError(), SystemExit(3)])
def test_closed_pipe_and_exit_are_passed_on(error):
    with pytest.raises(type(error)):
        exit_code_of_error(error)
