"""Chains from Python keyword arguments: what ``dcmconv.convert`` and ``dcmconv.run`` take."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from dcmconv.chain.layering import with_flags, with_name
from dcmconv.chain.loader import chain_from_data, load_chain
from dcmconv.chain.settings import RunSettings
from dcmconv.chain.spec import ChainSpec, ComponentSpec
from dcmconv.chain.values import as_component, as_output, check_aspect, check_tag, parse_frames
from dcmconv.errors import UsageError
from dcmconv.model.template import plain_tag
from dcmconv.plugins.registry import Registry
from dcmconv.plugins.suggestions import end_with_suggestion

__all__ = ["chain_from_keywords"]

_SETTINGS = tuple(item.name for item in fields(RunSettings))
_KEYWORDS = (
    *(
        "chain",
        "read",
        "decoders",
        "normalize",
        "invert",
        "steps",
        "colormap",
        "aspect",
        "writers",
        "name",
    ),
    *("frames", "tags", "executor", *_SETTINGS),
)


def chain_from_keywords(options: Mapping[str, Any], registry: Registry) -> ChainSpec:
    """Return the chain that keyword arguments describe; None means that one is not given.

    Parameters
    ----------
    options : mapping
        ``chain`` (a file, ``preset:NAME``, a mapping with the keys of a chain file, or a
        ``ChainSpec``), ``read``, ``normalize``, ``colormap``, ``steps``, ``writers`` (short forms
        or mappings with ``use``), ``decoders`` (UID or name of a Transfer Syntax to one of these
        forms), ``invert``, ``aspect``, ``name``, ``frames``, ``tags``,
        ``executor``, and the run settings.

    Raises
    ------
    UsageError
        If a keyword is unknown, or a value is invalid.
    """
    given = {word: value for word, value in options.items() if value is not None}
    _check_keywords(given)
    chain = _chain(given.get("chain"), registry)
    spec = with_flags(chain, _flags(given))
    return with_name(spec, str(given["name"]), "name") if "name" in given else spec


def _check_keywords(given: Mapping[str, Any]) -> None:
    for word in given:
        if word not in _KEYWORDS:
            raise UsageError(
                end_with_suggestion(f"Unknown keyword '{word}'", word, _KEYWORDS),
                hint=f"Known: {', '.join(_KEYWORDS)}.",
            )


def _chain(chain: Any, registry: Registry) -> ChainSpec:
    if chain is None:
        return ChainSpec()
    if isinstance(chain, ChainSpec):
        return chain
    if isinstance(chain, Mapping):
        return chain_from_data(chain, registry)
    return load_chain(os.fspath(chain), registry)


def _flags(given: Mapping[str, Any]) -> ChainSpec:
    settings = {word: given[word] for word in _SETTINGS if word in given}
    writers = [as_component(writer) for writer in _listed(given.get("writers"))]
    return ChainSpec(
        read=_components(given.get("read")),
        decoders=_decoders(given.get("decoders")),
        normalize=_component(given.get("normalize")),
        invert=given.get("invert"),
        steps=_components(given.get("steps")),
        colormap=_component(given.get("colormap")),
        aspect=check_aspect(given["aspect"]) if "aspect" in given else None,
        # Without writers, the outputs of the chain stay.
        outputs=tuple(as_output(writer) for writer in writers) or None,
        frames=parse_frames(given["frames"]) if "frames" in given else None,
        tags=_tags(given.get("tags")),
        run=ComponentSpec("run", settings),
        executor=_component(given.get("executor")),
    )


def _component(value: Any) -> ComponentSpec | None:
    return None if value is None else as_component(value)


def _components(value: Any) -> tuple[ComponentSpec, ...] | None:
    return None if value is None else tuple(as_component(item) for item in _listed(value))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    # Text and mappings are iterable too, but each of them is one item.
    if isinstance(value, (str, Mapping, ComponentSpec)) or not isinstance(value, Iterable):
        return [value]
    return list(value)


def _decoders(value: Any) -> dict[str, ComponentSpec] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise UsageError(
            f"decoders: expected a mapping, got {type(value).__name__}.",
            hint="Write decoders={UID: NAME}, with the UID or the name of a Transfer Syntax.",
        )
    return {str(key): as_component(decoder) for key, decoder in value.items()}


def _tags(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    tags = tuple(plain_tag(str(item)) for item in _listed(value))
    for word in tags:
        check_tag(word)
    return tags
