"""Attributes that a chain asks for: names that no reader can answer are refused at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, cast

from dcmconv.chain.complaints import Complaint, Place
from dcmconv.chain.spec import ChainSpec, OutputSpec
from dcmconv.errors import DcmconvError, UsageError
from dcmconv.kinds import Reader
from dcmconv.registry import Registry, nearest
from dcmconv.template import Template

__all__ = ["attribute_complaints"]

_TAG = re.compile(r"[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}")
_NAME_FIELDS = frozenset({"name", "frame", "frames", "folder"})
"""What a name template may ask for beside attributes."""

_SURELY_A_SLIP = 0.9
"""How close a word must be to a known one, where a reader may have names that nobody knows."""


class _Asked(NamedTuple):
    word: str
    place: Place


class _Known(NamedTuple):
    """The names that readers list; not all there are, where a reader cannot list its own."""

    names: frozenset[str]
    is_all: bool


def attribute_complaints(spec: ChainSpec, registry: Registry) -> Iterator[Complaint]:
    """Yield a complaint for each attribute in rules, tags and names that no reader knows.

    Readers are imported only if the chain asks for an attribute by its name.
    """
    asked = [each for each in _asked(spec) if not _TAG.fullmatch(each.word)]
    known = _known(registry) if asked else _Known(frozenset(), is_all=False)
    for word, place in asked:
        if word in known.names:
            continue
        near = nearest(word, known.names, cutoff=0.6 if known.is_all else _SURELY_A_SLIP)
        if near or (known.names and known.is_all):
            ending = f"; {near}" if near else "."
            hint = "An attribute without a name is written as its tag, such as '0010,0020'."
            yield Complaint(place, f"No reader knows the attribute '{word}'{ending}", hint)


def _asked(spec: ChainSpec) -> Iterator[_Asked]:
    for word in spec.tags or ():
        yield _Asked(word, spec.tag_places.get(word, Place("tags")))
    for rule in spec.rules or ():
        for word in rule.when:
            yield _Asked(word, rule.when_places.get(word, rule.place))
        yield from _asked_by_names(rule.outputs or ())
    yield from _asked_by_names(spec.outputs or ())


def _asked_by_names(outputs: tuple[OutputSpec, ...]) -> Iterator[_Asked]:
    for output in outputs:
        with suppress(UsageError):  # Compiling says it: this text is no template.
            fields = set(Template(output.name).fields) - _NAME_FIELDS
            yield from (_Asked(word, output.name_place) for word in sorted(fields))


def _known(registry: Registry) -> _Known:
    listed = [frozenset(_names_of(registry, o.qualified_name)) for o in registry.offered("reader")]
    return _Known(frozenset().union(*listed), is_all=all(listed))


def _names_of(registry: Registry, name: str) -> frozenset[str]:
    try:
        reader = registry.load("reader", name)
    except DcmconvError:
        return (
            frozenset()
        )  # `dcmconv doctor` names it; nobody knows which attributes it would have.
    return frozenset(cast("type[Reader]", reader).attribute_names())
