"""Flags derived from declared options: those of components, and those of the run settings."""

from __future__ import annotations

import types
import typing
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dcmconv.cli.flags import Flag
from dcmconv.model.options import Component, OptionField, option_fields

if TYPE_CHECKING:
    from dcmconv.chain.overrides import Override

__all__ = [
    "FlagTarget",
    "all_flags",
    "default_of",
    "describe",
    "flag_of_setting",
    "flags_of",
    "given_overrides",
    "has_own_flag",
    "help_of",
    "literals_of",
]

WORDS = {int: "INTEGER", float: "NUMBER", str: "TEXT", bool: "true|false"}


@dataclass(frozen=True)
class FlagTarget:
    """A component that the command line names: ``id`` is what its flags begin with."""

    id: str
    kind: str
    component: type[Component]


def flags_of(target: FlagTarget) -> list[Flag]:
    """Return a component's flags: a dotted one for each option, then its short ones."""
    fields = list(option_fields(target.component))
    own = [_own_flag(target, field) for field in fields if field.opt.flag]
    return [*(_dotted_flag(target, field) for field in fields), *own]


def has_own_flag(target: FlagTarget) -> bool:
    """Say whether an option of the component declares a short flag."""
    return any(field.opt.flag for field in option_fields(target.component))


def all_flags(run_flags: Collection[Flag], targets: Iterable[FlagTarget]) -> list[Flag]:
    """Return the flags of ``run`` and of components; the first wins where two are spelled alike."""
    found = list(run_flags)
    taken = {"-h", "--help", *(word for flag in run_flags for word in flag.spellings())}
    for flag in (flag for target in targets for flag in flags_of(target)):
        if taken.isdisjoint(flag.spellings()):
            found.append(flag)
            taken.update(flag.spellings())
    return found


def flag_of_setting(option: OptionField, *, panel: str) -> Flag:
    """Return the flag of a run setting: ``--on-existing`` for ``on_existing``."""
    is_switch, choices = option.annotation is bool, literals_of(option.annotation)
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
        complete=_choices(option.annotation),
    )


def given_overrides(values: Mapping[str, Any], targets: Iterable[FlagTarget]) -> list[Override]:
    """Return the override of every component flag that is given.

    Raises
    ------
    ChainError
        If the text of a dotted flag is not a valid value.
    """
    return [override for target in targets for override in _overrides_of(target, values)]


def _overrides_of(target: FlagTarget, values: Mapping[str, Any]) -> Iterator[Override]:
    from dcmconv.chain.overrides import flag_override

    for field in option_fields(target.component):
        for key, flag in ((_key(target, field), ""), (_own_key(target, field), field.opt.flag)):
            value = values.get(key)
            if value not in (None, []):
                text = str(value).lower() if isinstance(value, bool) else value
                yield flag_override(target.id, field.name, text, flag)


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
    is_whole = isinstance(value, float) and value.is_integer()
    return f"{value:.0f}" if is_whole else str(value)


def _dotted_flag(target: FlagTarget, field: OptionField) -> Flag:
    word = f"--{target.id}.{field.name}"
    is_switch = field.annotation is bool
    if is_switch:
        word += f"/--{target.id}.no-{field.name}"
    return Flag(
        name=_key(target, field),
        type=bool if is_switch else str,
        words=(word,),
        help=help_of(field),
        metavar="" if is_switch else metavar_of(field),
        panel=f"Options of {target.kind} {target.id}",
        default=default_of(field),
        complete=_choices(field.annotation),
        may_be_empty=True,  # --title.text "" is an empty title
    )


def _own_flag(target: FlagTarget, field: OptionField) -> Flag:
    """Return the short flag of an option; it is repeated for each item of a list."""
    word, is_switch = field.opt.flag, field.annotation is bool
    item = _item_of(field.annotation)
    return replace(
        _dotted_flag(target, field),
        name=_own_key(target, field),
        type=bool if is_switch else str if item is None else list[str],
        words=(f"{word}/--no-{word.removeprefix('--')}" if is_switch else word,),
        help=f"Short for --{target.id}.{field.name}.",
        metavar="" if is_switch else describe(field.annotation if item is None else item),
        default="",
    )


def _item_of(annotation: Any) -> Any | None:
    """Return the item type of a list; None for any other type."""
    if typing.get_origin(annotation) in (tuple, list):
        return typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        items = [_item_of(part) for part in typing.get_args(annotation)]
        return next((item for item in items if item is not None), None)
    return None


def _choices(annotation: Any) -> Any:
    words = literals_of(annotation)
    if not words:
        return None
    return lambda incomplete: [(word, "") for word in words if word.startswith(incomplete)]


def literals_of(annotation: Any) -> list[str]:
    """Return the fixed words among the values of a type, such as ``auto``."""
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return [str(value) for value in arguments]
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return [word for part in arguments for word in literals_of(part)]
    return []


def _key(target: FlagTarget, field: OptionField) -> str:
    return f"component__{target.id}__{field.name}".replace("-", "_").replace("/", "_")


def _own_key(target: FlagTarget, field: OptionField) -> str:
    return f"own__{_key(target, field)}"
