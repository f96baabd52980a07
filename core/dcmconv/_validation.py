"""The one place where pydantic meets ``Opt``; imported in the main process only."""

from __future__ import annotations

import types
import typing
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

    from dcmconv.options import Opt


def bounded_schema(source: Any, handler: GetCoreSchemaHandler, opt: Opt) -> CoreSchema:
    """Return pydantic's schema for an option's type with the bounds of its ``Opt``."""
    return handler.generate_schema(_bounded(source, opt.bounds()))


def _bounded(annotation: Any, bounds: dict[str, float]) -> Any:
    """Put the bounds on every number inside a type, and refuse ``true`` where a number is meant."""
    if annotation in (int, float):
        limits: Any = Field(**bounds)  # type: ignore[call-overload]
        return Annotated[annotation, limits, BeforeValidator(_refuse_bool)]
    arguments = typing.get_args(annotation)
    if not arguments or typing.get_origin(annotation) is typing.Literal:
        return annotation
    inner = tuple(item if item is ... else _bounded(item, bounds) for item in arguments)
    if isinstance(annotation, types.UnionType):
        return typing.Union[inner]  # noqa: UP007 - built from a tuple
    return typing.get_origin(annotation)[inner]


def _refuse_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")  # noqa: TRY004 - pydantic wants ValueError
    return value
