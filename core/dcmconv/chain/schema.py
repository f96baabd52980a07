"""The JSON Schema of chain files with the installed components, for editors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dcmconv.chain.document import VERSION
from dcmconv.chain.settings import RunSettings
from dcmconv.chain.spec import ASPECTS
from dcmconv.chain.values import COLUMN_NAME
from dcmconv.errors import DcmconvError
from dcmconv.model.options import Component
from dcmconv.model.template import ATTRIBUTE
from dcmconv.plugins.registry import Offered, Registry

__all__ = ["chain_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": "string"}
_SLOT_KINDS = {"normalize": "normalizer", "colormap": "colormap", "steps": "step"}


def chain_schema(registry: Registry) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a chain file.

    Each kind of component is a definition: a name, a short form, or a mapping whose ``use`` decides
    which other keys it can have.  Components that cannot be loaded are left out.
    """
    kinds = ("reader", "decoder", "normalizer", "colormap", "step", "writer", "executor")
    return {
        "$schema": DIALECT,
        "title": "A dcmconv chain",
        **_object(_chain(), ["version"]),
        "$defs": {kind: _kind(kind, registry) for kind in kinds},
    }


def _chain() -> dict[str, Any]:
    scalar = {"type": ["string", "integer"]}
    return {
        "version": {"const": VERSION},
        "extends": {"type": ["string", "array"], "items": _TEXT, "description": "Base chains."},
        "read": {**_one_or_many("reader"), "description": "Readers that get options."},
        "decoders": {
            "type": "object",
            "additionalProperties": _reference("decoder"),
            "description": "UID or name of a Transfer Syntax to the decoder to use for it.",
        },
        **_slots(),
        "rules": {
            "type": "array",
            "items": _object(_rule(), ["when"]),
            "description": "The first rule that matches applies.",
        },
        "outputs": _one_or_many("writer"),
        "frames": {"type": ["string", "integer", "array"], "items": scalar},
        "tags": {
            "type": ["string", "array"],
            "items": {
                "type": "string",
                "pattern": f"{_whole(ATTRIBUTE)}|{_whole(COLUMN_NAME)}",
            },
        },
        "run": _run(),
    }


def _rule() -> dict[str, Any]:
    return {
        "when": _when(),
        "skip": {"type": "boolean", "description": "Do not convert these instances."},
        **_slots(),
        "outputs": _one_or_many("writer"),
    }


def _slots() -> dict[str, Any]:
    return {
        "normalize": _reference("normalizer"),
        "invert": {"type": "boolean", "description": "Swap black and white."},
        "steps": _one_or_many("step"),
        "colormap": {"oneOf": [{"enum": ["none", None]}, _reference("colormap")]},
        "aspect": {"enum": list(ASPECTS), "description": "Whether pixels are made square."},
    }


def _when() -> dict[str, Any]:
    scalar = {"type": ["string", "number"]}
    return {
        "type": "object",
        "propertyNames": {"pattern": _whole(ATTRIBUTE)},
        "additionalProperties": {"anyOf": [scalar, {"type": "array", "items": scalar}]},
        "description": "Attributes that must all match: 'CT', '<=1.5', '1..3', 'HEAD*', '!=CT'.",
    }


def _run() -> dict[str, Any]:
    schema = _component_schema(RunSettings)
    return _object({**schema["properties"], "executor": _reference("executor")}, [])


def _kind(kind: str, registry: Registry) -> dict[str, Any]:
    names: list[str] = []
    mappings: list[dict[str, Any]] = []
    for offer, component in _loaded(kind, registry):
        names += [offer.name, offer.qualified_name]
        mappings.append(_mapping(kind, offer, component))
    if not names:
        return _TEXT
    short = "|".join(re.escape(name) for name in names)
    return {
        "oneOf": [
            {"enum": names},
            {"type": "string", "pattern": f"^({short}):.+$"},
            *mappings,
        ]
    }


def _loaded(kind: str, registry: Registry) -> Iterator[tuple[Offered, type[Component]]]:
    for offer in registry.offered(kind):
        try:
            yield offer, registry.load(kind, offer.qualified_name)
        except DcmconvError:
            continue  # `dcmconv doctor` reports it


def _mapping(kind: str, offer: Offered, component: type[Component]) -> dict[str, Any]:
    schema = _component_schema(component)
    properties = {
        "use": {"enum": [offer.name, offer.qualified_name], "description": component.summary()},
        "id": {"type": "string", "description": "What --set calls it."},
        **schema["properties"],
    }
    if kind == "writer":
        properties |= {"name": {"type": "string", "description": "Name template."}, **_slots()}
    return {"title": offer.name, **_object(properties, ["use", *schema.get("required", ())])}


def _component_schema(component: type[Component]) -> dict[str, Any]:
    from pydantic import TypeAdapter

    schema = TypeAdapter(component).json_schema(mode="validation")
    return {"properties": schema.get("properties", {}), "required": schema.get("required", [])}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _one_or_many(kind: str) -> dict[str, Any]:
    one = _reference(kind)
    return {"oneOf": [{"type": "array", "items": one}, one]}


def _reference(kind: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{kind}"}


def _whole(pattern: re.Pattern[str]) -> str:
    # A pattern of JSON Schema matches anywhere in a text, unless it is anchored.
    return f"^({pattern.pattern})$"
