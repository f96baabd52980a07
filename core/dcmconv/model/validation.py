"""The one place where pydantic meets ``Opt``; imported in the main process only."""

from __future__ import annotations

import types
import typing
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

    from dcmconv.model.options import Opt


def bounded_schema(source: Any, handler: GetCoreSchemaHandler, opt: Opt) -> CoreSchema:
    """Return pydantic's schema for an option's type with the bounds of its ``Opt``."""
    return handler.generate_schema(_bounded(source, opt.bounds()))


def described_schema(
    core_schema: CoreSchema, handler: GetJsonSchemaHandler, opt: Opt
) -> dict[str, Any]:
    """Return the JSON Schema of an option with what its ``Opt`` says."""
    schema = handler.resolve_ref_schema(handler(core_schema))
    unit = f" ({opt.unit})" if opt.unit else ""
    schema["description"] = f"{opt.help}{unit}."
    if opt.examples:
        schema["examples"] = list(opt.examples)
    return schema


def _bounded(annotation: Any, bounds: dict[str, float]) -> Any:
    """Put the bounds on every number inside a type, and refuse ``true`` where a number is meant."""
    if annotation in (int, float):
        limits: Any = Field(**bounds)  # type: ignore[call-overload]
        return Annotated[annotation, limits, BeforeValidator(_refuse_bool)]
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return _readable_choice(annotation, arguments)
    if not arguments:
        return annotation
    inner = tuple(item if item is ... else _bounded(item, bounds) for item in arguments)
    if isinstance(annotation, types.UnionType):
        return typing.Union[inner]  # noqa: UP007 - built from a tuple
    return typing.get_origin(annotation)[inner]


def _readable_choice(annotation: Any, choices: tuple[Any, ...]) -> Any:
    """Let text stand for a choice that is a number: flags give ``"90"`` where 90 is meant."""
    by_text = {str(choice): choice for choice in choices if not isinstance(choice, str)}
    if not by_text:
        return annotation

    def read(value: object) -> object:
        return by_text.get(value, value) if isinstance(value, str) else value

    return Annotated[annotation, BeforeValidator(read)]


def _refuse_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")  # noqa: TRY004 - pydantic wants ValueError
    return value
