"""Dotted flags: ``--window.center 40``, one for each option that a component declares."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dcmconv.cli.flags import Flag
from dcmconv.options import Component, OptionField, option_fields

__all__ = ["FlagTarget", "describe", "flags_of", "given_options", "help_of"]

WORDS = {int: "INTEGER", float: "NUMBER", str: "TEXT", bool: "true|false"}


@dataclass(frozen=True)
class FlagTarget:
    """A component that the command line names: ``id`` is what its flags begin with."""

    id: str
    kind: str
    component: type[Component]


def flags_of(target: FlagTarget) -> list[Flag]:
    """Return the dotted flags of a component, in a panel of its own."""
    return [_dotted_flag(target, field) for field in option_fields(target.component)]


def given_options(
    values: Mapping[str, Any], targets: Iterable[FlagTarget]
) -> list[tuple[str, str, str]]:
    """Return id, option and text of every dotted flag that was given."""
    given = []
    for target in targets:
        for field in option_fields(target.component):
            value = values.get(_key(target, field))
            if value is not None:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                given.append((target.id, field.name, text))
    return given


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
    )


def _choices(annotation: Any) -> Any:
    words = _literals(annotation)
    if not words:
        return None
    return lambda incomplete: [(word, "") for word in words if word.startswith(incomplete)]


def _literals(annotation: Any) -> list[str]:
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return [str(value) for value in arguments]
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return [word for part in arguments for word in _literals(part)]
    return []


def _key(target: FlagTarget, field: OptionField) -> str:
    return f"component__{target.id}__{field.name}".replace("-", "_").replace("/", "_")
