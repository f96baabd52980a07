"""Flags of components: ``--window.center 40`` for each option, and those that options name."""

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
    "flags_of",
    "given_settings",
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
    """Return the dotted flags of a component and its own ones, in a panel of its own."""
    fields = list(option_fields(target.component))
    own = [_own_flag(target, field) for field in fields if field.opt.flag]
    return [*(_dotted_flag(target, field) for field in fields), *own]


def has_own_flag(target: FlagTarget) -> bool:
    """Say whether an option of the component names a flag."""
    return any(field.opt.flag for field in option_fields(target.component))


def all_flags(run_flags: Collection[Flag], targets: Iterable[FlagTarget]) -> list[Flag]:
    """Return the flags of ``run`` and of components; of two that are spelled alike, the first."""
    found = list(run_flags)
    taken = {"-h", "--help", *(word for flag in run_flags for word in flag.spellings())}
    for flag in (flag for target in targets for flag in flags_of(target)):
        if taken.isdisjoint(flag.spellings()):
            found.append(flag)
            taken.update(flag.spellings())
    return found


def given_settings(values: Mapping[str, Any], targets: Iterable[FlagTarget]) -> list[Override]:
    """Return the setting of every flag of a component that was given.

    Raises
    ------
    ChainError
        If the text of a dotted flag has another form than a value has.
    """
    return [setting for target in targets for setting in _settings_of(target, values)]


def _settings_of(target: FlagTarget, values: Mapping[str, Any]) -> Iterator[Override]:
    from dcmconv.chain.overrides import flag_override

    for field in option_fields(target.component):
        for key, flag in ((_key(target, field), ""), (_own_key(target, field), field.opt.flag)):
            value = values.get(key)
            if value not in (None, []):
                text = str(value).lower() if isinstance(value, bool) else value
                yield flag_override(target.id, field.name, text, flag)


def describe(annotation: Any) -> str:
    """Say in a word what values a type takes: ``NUMBER``, ``linear|sigmoid``, ``[INTEGER,...]``."""
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
    """Return an option's help with its unit and bounds."""
    opt = field.opt
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [f"{signs[name]} {bound:g}" for name, bound in opt.bounds().items()]
    extra = ", ".join(filter(None, [opt.unit, *limits]))
    return f"{opt.help} ({extra})." if extra else f"{opt.help}."


def default_of(field: OptionField) -> str:
    """Return an option's default as text; empty where there is none worth showing."""
    if field.required or field.default is None or field.default in ((), ""):
        return ""
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)


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
        metavar="" if is_switch else describe(field.annotation),
        panel=f"Options of the {target.kind} {target.id}",
        default=default_of(field),
        complete=_choices(field.annotation),
        may_be_empty=True,  # --title.text "" is a title without words
    )


def _own_flag(target: FlagTarget, field: OptionField) -> Flag:
    """Return the flag that an option names itself: the same, but a list is given word by word."""
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
    """Return what a list has; None for what is no list."""
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
    """Return the words that an option takes; none where it takes more than words."""
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
