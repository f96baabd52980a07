"""The program: assembles the subcommands that a command line needs, and runs it.

Only what the command line names is imported: ``dcmconv --help`` loads no plugin except the list of
the built-ins, and a component is loaded when it is named.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from dcmconv.cli.exit_codes import (
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    exit_code_of_error,
    exit_code_of_signal,
    signals_as_exceptions,
)
from dcmconv.cli.flags import HELP_FLAGS, Flag, add_command, command_of
from dcmconv.cli.terminal import is_plain, only_results_on_stdout, say
from dcmconv.errors import DcmconvError, UsageError

if TYPE_CHECKING:
    import typer

    from dcmconv.plugins.registry import Registry

__all__ = ["build_app", "run_program"]

HELP = """Convert DICOM files to pictures: correct by the standard, in bulk, with plugins.

To convert the DICOM files in a folder: dcmconv run --normalize minmax --writer jpg

To show the flags of a command: dcmconv help run"""

LONG_WITH_ONE_DASH = re.compile("-[a-z][a-z-]{2}")

GROUPS = ("chain", "journal", "plugins")


def run_program(words: Sequence[str]) -> int:
    """Run the program on the words after its name, and return the exit code."""
    words = _words_of_help(words)
    as_json = "--json" in words
    with signals_as_exceptions() as received, warnings.catch_warnings():
        warnings.showwarning = _say_warning
        try:
            with _completion():
                with only_results_on_stdout():  # this imports plugins
                    program = command_of(build_app(words))
                code = program(args=list(words), prog_name="dcmconv", standalone_mode=False) or 0
            if received and code == EXIT_INTERRUPTED:
                code = exit_code_of_error(received[0])  # typer printed nothing
        except SystemExit as stop:
            # SystemExit may carry a text, which means failure, or None, which means success.
            code = stop.code if isinstance(stop.code, int) else EXIT_INTERNAL if stop.code else 0
        except BaseException as error:  # noqa: BLE001 - explained, or raised again
            code = exit_code_of_error(_of_parser(error, words) or error, as_json=as_json)
    return exit_code_of_signal(received[0]) if received and code == EXIT_INTERRUPTED else code


def _words_of_help(words: Sequence[str]) -> list[str]:
    """Return the words with ``help run`` as ``run --help``, and ``--help`` without a command.

    A leading ``--`` is removed: no command begins with a dash.
    """
    found = list(words)
    while found[:1] == ["--"]:
        del found[0]
    if found[:1] == ["help"]:
        return [*found[1:], "--help"]
    if found[:1] and found[0] in GROUPS and found[1:2] in ([], ["help"]):
        return [found[0], *found[2:], "--help"]
    return found or ["--help"]


def _of_parser(error: BaseException, words: Sequence[str]) -> UsageError | None:
    """Return what the parser rejected as an error of ours; None for any other error."""
    if isinstance(error, DcmconvError | KeyboardInterrupt):
        return None
    from dcmconv.cli.rejected_words import explained, is_of_parser

    return explained(error, words) if is_of_parser(error) else None


def build_app(words: Sequence[str]) -> typer.Typer:
    """Return the program with the flags that these words need.

    When a shell asks for completions, the words of the line being typed count instead.

    Raises
    ------
    UsageError
        If the subcommand is unknown.
    """
    typed = _completed_words()
    completing, words = typed is not None, words if typed is None else typed
    app = _new_typer(HELP)
    app.callback()(_version_flag())
    named = words[0] if words and not words[0].startswith("-") else ""
    _add_run(app, words[1:] if named == "run" else () if completing else None)
    if named == "run" and not completing and any(map(LONG_WITH_ONE_DASH.match, words)):
        from dcmconv.cli.rejected_words import check_single_dashes
        from dcmconv.cli.run_flags import run_flags

        check_single_dashes(words[1:], run_flags())
    if named == "run" and not completing:
        return app  # only --help and completion list the other commands
    _add_provided(app, words, named=named, completing=completing)
    _add_groups(app)
    return app


def _completion() -> AbstractContextManager[None]:
    """Return the context in which the parser runs when a shell asks for completions."""
    if not _is_completing():
        return nullcontext()
    from dcmconv.cli.completion import whole_words_for_bash

    return whole_words_for_bash()


def _is_completing() -> bool:
    return "_DCMCONV_COMPLETE" in os.environ


def _completed_words() -> list[str] | None:
    if not _is_completing():
        return None
    from dcmconv.cli.component_flags import completed_words

    return completed_words()


def _new_typer(help_text: str, *, is_group: bool = False) -> typer.Typer:
    import typer

    return typer.Typer(
        help=help_text,
        add_completion=not is_group,
        pretty_exceptions_enable=False,  # a traceback with local variables would show patient data
        rich_markup_mode=None if is_plain() else "rich",
        context_settings=HELP_FLAGS,
    )


def _version_flag() -> Any:
    import inspect

    def root(**values: Any) -> None:
        if values["version"]:
            import typer

            from dcmconv import __version__
            from dcmconv.cli.terminal import print_result

            print_result(f"dcmconv {__version__}")
            raise typer.Exit

    flag = Flag("version", bool, ("-V", "--version"), "Show the version and exit.").parameter()
    root.__signature__ = inspect.Signature([flag])  # type: ignore[attr-defined]
    root.__annotations__ = {"version": flag.annotation}
    return root


def _add_run(app: typer.Typer, words: Sequence[str] | None) -> None:
    """Add ``run``; without its flags if the words are None."""
    from dcmconv.cli.run_flags import HELP as RUN_HELP

    if words is None:
        # For the list of commands in the help.
        add_command(app, "run", lambda values: 0, [], help_text=RUN_HELP)
        return
    from dcmconv.cli.component_flags import NamedComponents, all_flags
    from dcmconv.cli.run_command import run_command
    from dcmconv.cli.run_flags import run_flags

    named = NamedComponents(words)
    flags = all_flags(run_flags(), named.targets)
    add_command(app, "run", partial(run_command, named), flags, help_text=RUN_HELP)


def _add_provided(app: typer.Typer, words: Sequence[str], *, named: str, completing: bool) -> None:
    """Add the commands of plugins: the built-in ones, and third-party ones if they are needed."""
    from dcmconv.plugins.registry import Registry

    registry = Registry.discover(only=())
    known = {"run", *GROUPS, *registry.names("command")}
    if (named and named not in known) or completing:
        from dcmconv.cli.component_flags import Scan

        registry = Registry.discover(left_out=Scan.of(words).blocked)
        known |= set(registry.names("command"))
    if named and named not in known and not completing:
        from dcmconv.cli.rejected_words import unknown_command

        raise unknown_command(named, known)
    for name in registry.names("command"):
        if name not in ("run", *GROUPS):
            _add_one(app, registry, name, is_named=name == named)


def _add_one(app: typer.Typer, registry: Registry, name: str, *, is_named: bool) -> None:
    if not is_named:
        summary = next(o.summary for o in registry.offered("command") if o.name == name)
        add_command(app, name, lambda values: 0, [], help_text=summary or "Provided by a plugin.")
        return
    from dcmconv.cli.provided_commands import body_of, command_class, flags_of_command

    component = command_class(registry, name)
    flags, doc = flags_of_command(component), component.__doc__ or component.summary()
    add_command(app, name, body_of(component, name), flags, help_text=doc)


def _add_groups(app: typer.Typer) -> None:
    from dcmconv.cli.groups import chain_commands, journal_commands, plugin_commands

    for name, module, help_text in (
        ("chain", chain_commands, "Check, show and create chain files."),
        ("journal", journal_commands, "Show the outcome of every input of earlier runs."),
        ("plugins", plugin_commands, "Show installed plugins and components."),
    ):
        group = _new_typer(help_text, is_group=True)
        module.add_to(group)
        app.add_typer(group, name=name)


def _say_warning(message: Warning | str, *location: Any, **details: Any) -> None:
    say(f"Warning: {message}", emphasis="Warning:")
