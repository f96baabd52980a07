"""The JSON Schema of a journal line, derived from the declarations of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from dcmconv.model.outcome import OutputFile
from dcmconv.run.journal.line import (
    BEGUN,
    FORMAT,
    LEFT,
    OUTCOMES,
    LineFields,
    RunFields,
    annotations_of,
)

__all__ = ["journal_schema"]

_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def journal_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that every line of a journal fulfills.

    Readers must ignore unknown fields: a later version may add some under the same format number.
    """
    kinds = {
        status: _line([status], kind, RunFields, about=kind.__doc__)
        for status, kind in OUTCOMES.items()
    }
    about = "Reading an input in the main process has begun, or was left without an outcome."
    kinds["marker"] = _line([BEGUN, LEFT], about=about)
    picture = _object(annotations_of(OutputFile), about=OutputFile.__doc__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of a dcmconv journal",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in kinds],
        "$defs": {**kinds, "picture": picture},
    }


def _line(statuses: list[str], *parts: type, about: str | None) -> dict[str, Any]:
    annotations = dict(annotations_of(LineFields))
    for part in parts:
        annotations |= annotations_of(part)
    # A marker has just two fields of an outcome.
    if not parts:
        outcome = annotations_of(next(iter(OUTCOMES.values())))
        annotations |= {name: outcome[name] for name in ("input", "locator")}
    schema = _object(annotations, about=about)
    schema["properties"]["status"]["enum"] = statuses
    schema["properties"]["format"]["maximum"] = FORMAT
    # Version 0.1.0 wrote no format number.
    schema["required"].remove("format")
    return schema


def _object(annotations: Mapping[str, Any], *, about: str | None) -> dict[str, Any]:
    return {
        "description": (about or "").partition("\n")[0],
        "type": "object",
        "properties": {name: _schema(annotation) for name, annotation in annotations.items()},
        "required": list(annotations),
    }


def _schema(annotation: Any) -> dict[str, Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return {**_schema(arguments[0]), "description": arguments[1]}
    if origin in (Union, UnionType):
        return {"type": [_NAMES[each] for each in arguments]}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0])}
    if annotation is OutputFile:
        return {"$ref": "#/$defs/picture"}
    return {"type": _NAMES[annotation]}
