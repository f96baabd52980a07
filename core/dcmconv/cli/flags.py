"""Flags as data, flags derived from declared options, and commands made of flags.

typer reads a function's signature.  The flags of a component are known only at run time, so a
command gets a signature that is built from ``Flag`` values (public typer only).
"""

from __future__ import annotations

import gc
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from dcmconv.cli.exit_codes import exit_code_of_error
from dcmconv.cli.terminal import only_results_on_stdout
from dcmconv.errors import UsageError
from dcmconv.model.options import OptionField

if TYPE_CHECKING:
    import typer

__all__ = [
    "AS_JSON",
    "Body",
    "Completer",
    "Flag",
    "add_command",
    "command_of",
    "complete_choices",
    "default_of",
    "describe",
    "flag_of_setting",
    "help_of",
    "literals_of",
    "metavar_of",
]

Body = Callable[[Mapping[str, Any]], int]
"""What a command does with the values of its flags; returns the exit code."""

Completer = Callable[[str], "list[tuple[str, str]]"]
"""From an unfinished word to the words that complete it, each with its help."""

HELP_FLAGS = {"help_option_names": ["-h", "--help"]}


WORDS = {int: "INTEGER", float: "NUMBER", str: "TEXT", bool: "true|false"}
"""What values of a type are called in ``--help``."""


@dataclass(frozen=True, eq=False)
class Flag:
    """One flag or argument of a command.

    Parameters
    ----------
    name : str
        The key of the value; an identifier.
    type : type
        ``str``, ``bool`` or ``list[str]``.  A flag that is not given is None.
    words : tuple of str
        As they are typed, such as ``("-o", "--out")``; empty for an argument.
    help, metavar, panel : str
        For ``--help``.
    default : str
        Shown in ``--help``; the value of a missing flag is None all the same.
    required : bool
        For arguments.
    complete : callable, optional
        What the shell offers as completions.
    may_be_empty : bool
        Whether an empty text is a value.  Otherwise it is rejected: it usually comes from a shell
        variable that is not set.
    names_kind : str
        The kind of component that the value names, such as ``"writer"``; empty for other flags.
    """

    name: str
    type: Any
    words: tuple[str, ...] = ()
    help: str = ""
    metavar: str = ""
    panel: str = ""
    default: str = ""
    required: bool = False
    complete: Completer | None = None
    may_be_empty: bool = False
    names_kind: str = ""

    def parameter(self) -> inspect.Parameter:
        """Return the parameter of a signature that typer makes this flag from."""
        import typer

        shared: dict[str, Any] = {
            "help": _without_markup(self._help()),
            "metavar": self.metavar or None,
            "rich_help_panel": self.panel or None,
            "autocompletion": self.complete,
            # The help text already states it.
            "show_default": False,
        }
        info = typer.Option(*self.words, **shared) if self.words else typer.Argument(**shared)
        # A list, so that a flag given twice is noticed; typer would silently use the last value.
        kind = list[self.type] if self._is_single else self.type  # type: ignore[name-defined]
        needed = kind if self.required else kind | None
        default = inspect.Parameter.empty if self.required else None
        return inspect.Parameter(
            self.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[needed, info],
        )

    def spellings(self) -> list[str]:
        """Return every word that gives the flag: both of ``--invert/--no-invert``."""
        return [spelling for word in self.words for spelling in word.split("/")]

    def value_of(self, found: Any) -> Any:
        """Return the value of what typer found.

        Raises
        ------
        UsageError
            If a flag that takes one value is given twice, or a value is empty.
        """
        if found is None or self.type is bool:
            return found
        values = found if isinstance(found, list | tuple) else [found]
        if "" in values and not self.may_be_empty:
            raise UsageError(f"{self._shown} is empty.", hint=self._how_to_fill)
        if not self._is_single:
            return found
        if len(values) > 1:
            given = " and ".join(f"'{value}'" for value in values)
            raise UsageError(
                f"{self._shown} is given {len(values)} times: {given}.",
                hint="Remove all but one.",
            )
        return values[0] if values else None

    @property
    def _is_single(self) -> bool:
        return bool(self.words) and self.type is str

    @property
    def _shown(self) -> str:
        return self.words[-1] if self.words else self.metavar or self.name.upper()

    @property
    def _how_to_fill(self) -> str:
        omit = f"omit {'the flag' if self.words else 'it'}"
        default = f" for {self.default}" if self.default else ""
        return f"Give a value, or {omit}{default}; check for a shell variable that is not set."

    def _help(self) -> str:
        return f"{self.help} Default: {self.default}." if self.default else self.help


AS_JSON = Flag("as_json", bool, ("--json",), "Print one JSON value instead of tables.")


def add_command(
    app: typer.Typer, name: str, body: Body, flags: Sequence[Flag], *, help_text: str
) -> None:
    """Add a subcommand whose body gets the values of its flags by name."""
    import typer

    def command(**found: Any) -> None:
        # _entry disabled it, if this is the program and not a test of it.  No collection, not even
        # the last one of the process, scans again what is loaded by now: with one picture, that
        # saves a sixth of all time.
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        # Here and not around the program: typer would report Ctrl-C as "Aborted".
        try:
            with only_results_on_stdout():
                code = body({flag.name: flag.value_of(found.get(flag.name)) for flag in flags})
        except BaseException as error:  # noqa: BLE001 - explained, or raised again
            code = exit_code_of_error(error, as_json=bool(found.get(AS_JSON.name)))
        raise typer.Exit(code)

    parameters = [flag.parameter() for flag in flags]
    # typer reads the types from the annotations, everything else from the signature.
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    app.command(name, help=_without_markup(help_text), context_settings=HELP_FLAGS)(command)


def command_of(app: typer.Typer) -> Any:
    """Return the program of an app; call it with the words of a command line."""
    import typer

    program = typer.main.get_command(app)
    _keep_values_as_typed(program)
    return program


def _keep_values_as_typed(command: Any) -> None:
    """Stop typer from converting values: each is a switch or text already, and ``Flag`` checks it.

    typer would import pydantic and make a validator for each flag, given or not: 70 ms.
    """
    all_parameters = command.get_params  # --help is among them only here

    def get_params(context: Any) -> list[Any]:
        parameters: list[Any] = all_parameters(context)
        for parameter in parameters:
            parameter.process_value = partial(_as_typed, parameter)
        return parameters

    command.get_params = get_params
    for subcommand in getattr(command, "commands", {}).values():
        _keep_values_as_typed(subcommand)


def _as_typed(parameter: Any, context: Any, value: Any) -> Any:
    if parameter.required and parameter.value_is_missing(value):
        return type(parameter).process_value(parameter, context, value)  # reports it
    return parameter.callback(context, parameter, value) if parameter.callback else value


def _without_markup(text: str) -> str:
    """Keep brackets from being read as rich's markup, which would swallow them."""
    from dcmconv.cli.terminal import is_plain

    # Plain help is not markup, and would show the backslash.
    return text if is_plain() else re.sub(r"\[(?=[a-zA-Z#/@])", r"\\[", text)


def flag_of_setting(option: OptionField, *, panel: str) -> Flag:
    """Return the flag of a run setting: ``--on-existing`` for ``on_existing``."""
    is_switch, choices = option.annotation is bool, literals_of(option.annotation)
    # Not if other values are possible as well, as in auto|INTEGER.
    is_choice = describe(option.annotation) == "|".join(choices)
    listed = f" Choices: {', '.join(choices)}." if is_choice else ""
    return Flag(
        name=option.name,
        type=bool if is_switch else str,
        words=(f"--{option.name.replace('_', '-')}",),
        help=help_of(option) + listed,
        metavar="" if is_switch else "CHOICE" if is_choice else metavar_of(option),
        panel=option.opt.panel or panel,
        default="" if is_switch else default_of(option),
        complete=complete_choices(option.annotation),
    )


def metavar_of(option: OptionField) -> str:
    """Return what an option's value is called in ``--help``."""
    return option.opt.metavar or describe(option.annotation)


def describe(annotation: Any) -> str:
    """Return a short name for the values of a type: ``NUMBER``, ``linear|sigmoid``."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return describe(arguments[0])
    if origin in (types.UnionType, typing.Union):
        parts = [describe(part) for part in arguments if part is not type(None)]
        return "|".join(dict.fromkeys(parts))
    if origin is typing.Literal:
        return "|".join(str(value) for value in arguments)
    if origin in (tuple, list):
        parts = ["..." if part is ... else describe(part) for part in arguments]
        return f"[{','.join(parts)}]"
    return WORDS.get(annotation, getattr(annotation, "__name__", str(annotation)).upper())


def help_of(field: OptionField) -> str:
    """Return an option's help text with its unit and bounds."""
    opt = field.opt
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [f"{signs[name]} {bound:g}" for name, bound in opt.bounds().items()]
    extra = ", ".join(filter(None, [opt.unit, *limits]))
    return f"{opt.help} ({extra})." if extra else f"{opt.help}."


def default_of(field: OptionField) -> str:
    """Return an option's default as text; empty if there is none worth showing."""
    if field.required or field.default is None or field.default in ((), ""):
        return ""
    return str(field.default).lower() if isinstance(field.default, bool) else _plain(field.default)


def _plain(value: Any) -> str:
    # A width is shown as 400, not as 400.0.
    is_whole = isinstance(value, float) and value.is_integer()
    return f"{value:.0f}" if is_whole else str(value)


def literals_of(annotation: Any) -> list[str]:
    """Return the fixed words among the values of a type, such as ``auto``."""
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return [str(value) for value in arguments]
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return [word for part in arguments for word in literals_of(part)]
    return []


def complete_choices(annotation: Any) -> Completer | None:
    """Return a completer of the fixed words of a type; None if there are none."""
    words = literals_of(annotation)
    if not words:
        return None
    return lambda incomplete: [(word, "") for word in words if word.startswith(incomplete)]
