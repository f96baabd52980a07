"""The program: its subcommands, put together for the command line at hand.

Only what the command line names is imported: ``dcmconv --help`` loads no plugin but the table of
contents of the built-ins, and a component is loaded when it is named.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dcmconv.cli.bash_words import in_the_words_of_bash
from dcmconv.cli.flags import HELP_FLAGS, Flag, add_command
from dcmconv.cli.guard import (
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    exit_code_of,
    termination_as_exception,
)
from dcmconv.cli.terminal import is_plain, say
from dcmconv.cli.words import blocked_plugins, command_named, completed_words
from dcmconv.errors import UsageError

if TYPE_CHECKING:
    import typer

    from dcmconv.plugins.registry import Registry

__all__ = ["build_app", "run_program"]

HELP = """Turn DICOM into ordinary pictures: right by the standard, in bulk, and open to plugins.

In a folder of DICOM files: dcmconv run --normalize minmax --writer jpg"""

GROUPS = ("chain", "journal", "plugins")


def run_program(words: Sequence[str]) -> int:
    """Run the program on what follows its name, and return the exit code."""
    from dcmconv.cli.installed import installed

    installed.cache_clear()
    if not words or list(words) in [[group] for group in GROUPS]:
        words = [*words, "--help"]
    with termination_as_exception() as received, warnings.catch_warnings():
        warnings.showwarning = _say_warning
        code = exit_code_of(lambda: _call(words))
    return received[0].exit_code if received and code == EXIT_INTERRUPTED else code


def build_app(words: Sequence[str], *, completing: bool = False) -> typer.Typer:
    """Return the program with the flags that these words need.

    Raises
    ------
    UsageError
        If the subcommand is unknown.
    """
    app = _new_typer(HELP)
    app.callback()(_version_flag())
    named = command_named(words)
    _add_run(app, words if named == "run" else () if completing else None)
    if named == "run" and not completing:
        return app  # the others are for --help, and for whoever names them
    _add_provided(app, words, named=named, completing=completing)
    _add_chain(app)
    _add_journal(app)
    _add_plugins(app)
    return app


def _call(words: Sequence[str]) -> int:
    with in_the_words_of_bash():
        return _call_typer(words)


def _call_typer(words: Sequence[str]) -> int:
    line = completed_words()
    app = build_app(words if line is None else line, completing=line is not None)
    try:
        app(args=list(words), prog_name="dcmconv")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else EXIT_INTERNAL if stop.code else 0
    return 0


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

    flag = Flag("version", bool, ("--version",), "Show the version and exit.").parameter()
    root.__signature__ = inspect.Signature([flag])  # type: ignore[attr-defined]
    root.__annotations__ = {"version": flag.annotation}
    return root


def _add_run(app: typer.Typer, words: Sequence[str] | None) -> None:
    """Add ``run``; without its flags where another command is named, or none."""
    from dcmconv.cli.run_flags import HELP as RUN_HELP

    if words is None:
        add_command(app, "run", lambda values: 0, [], help_text=RUN_HELP)
        return
    from dcmconv.cli.component_flags import all_flags
    from dcmconv.cli.run_command import body_of_run
    from dcmconv.cli.run_flags import RUN_FLAGS

    targets = []
    if words:
        from dcmconv.cli.targets import find_targets

        targets = find_targets(words)
    flags = all_flags(RUN_FLAGS, targets)
    add_command(app, "run", body_of_run(targets), flags, help_text=RUN_HELP)


def _add_provided(app: typer.Typer, words: Sequence[str], *, named: str, completing: bool) -> None:
    """Add the commands of plugins: the built-ins', and a stranger's where it is asked for."""
    from dcmconv.plugins.registry import Registry

    registry = Registry.discover(only=())
    known = {"run", *GROUPS, *registry.names("command")}
    if (named and named not in known) or completing:
        registry = Registry.discover(blocked=blocked_plugins(words))
        known |= set(registry.names("command"))
    if named and named not in known and not completing:
        raise _unknown_command(named, known)
    for name in registry.names("command"):
        if name not in ("run", *GROUPS):
            _add_one(app, registry, name, is_named=name == named)


def _add_one(app: typer.Typer, registry: Registry, name: str, *, is_named: bool) -> None:
    if not is_named:
        summary = next(o.summary for o in registry.offered("command") if o.name == name)
        add_command(app, name, lambda values: 0, [], help_text=summary or "Provided by a plugin.")
        return
    from dcmconv.cli.provided import body_of, command_class, flags_of_command

    component = command_class(registry, name)
    flags, doc = flags_of_command(component), component.__doc__ or component.summary()
    add_command(app, name, body_of(component, name), flags, help_text=doc)


def _unknown_command(name: str, known: set[str]) -> UsageError:
    from dcmconv.plugins.suggestions import did_you_mean

    advice = did_you_mean(name, known)
    return UsageError(
        f"'{name}' is no command of dcmconv.",
        hint=f"{advice} Commands: {', '.join(sorted(known))}. See: dcmconv --help".lstrip(),
    )


def _add_chain(app: typer.Typer) -> None:
    from dcmconv.cli import chain_commands

    group = _new_typer("Check, show and begin chain files.", is_group=True)
    chain_commands.add_to(group)
    app.add_typer(group, name="chain")


def _add_journal(app: typer.Typer) -> None:
    from dcmconv.cli import journal_commands

    group = _new_typer("Read what became of every input.", is_group=True)
    journal_commands.add_to(group)
    app.add_typer(group, name="journal")


def _add_plugins(app: typer.Typer) -> None:
    from dcmconv.cli import plugin_commands

    group = _new_typer("Show what is installed.", is_group=True)
    plugin_commands.add_to(group)
    app.add_typer(group, name="plugins")


def _say_warning(message: Warning | str, *place: Any, **details: Any) -> None:
    say(f"Warning: {message}", emphasis="Warning:")
