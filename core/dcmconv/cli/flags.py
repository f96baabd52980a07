"""Flags as data, and commands made of them.

typer reads a function's signature.  The flags of a component are known only at run time, so a
command gets a signature that is built from ``Flag`` values (public typer only).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from dcmconv.cli.exit_codes import exit_code_of_error
from dcmconv.errors import UsageError

if TYPE_CHECKING:
    import typer

__all__ = ["AS_JSON", "Body", "Completer", "Flag", "add_command"]

Body = Callable[[Mapping[str, Any]], int]
"""What a command does with the values of its flags; returns the exit code."""

Completer = Callable[[str], "list[tuple[str, str]]"]
"""From an unfinished word to the words that complete it, each with its help."""

HELP_FLAGS = {"help_option_names": ["-h", "--help"]}


@dataclass(frozen=True)
class Flag:
    """One flag or argument of a command.

    Parameters
    ----------
    name : str
        The key of the value; an identifier.
    type : type
        ``str``, ``int``, ``float``, ``bool`` or ``list[str]``.  A flag that is not given is None.
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
        return bool(self.words) and self.type in (str, int, float)

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
        # Here and not around the program: typer would report Ctrl-C as "Aborted".
        try:
            code = body({flag.name: flag.value_of(found.get(flag.name)) for flag in flags})
        except BaseException as error:  # noqa: BLE001 - explained, or raised again
            code = exit_code_of_error(error)
        raise typer.Exit(code)

    parameters = [flag.parameter() for flag in flags]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    app.command(name, help=_without_markup(help_text), context_settings=HELP_FLAGS)(command)


def _without_markup(text: str) -> str:
    """Keep brackets from being read as rich's markup, which would swallow them."""
    from dcmconv.cli.terminal import is_plain

    return text if is_plain() else re.sub(r"\[(?=[a-zA-Z#/@])", r"\\[", text)
