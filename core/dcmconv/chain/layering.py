"""One chain layered over another: mappings merge, lists and components of another name replace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dcmconv.chain.spec import SLOT_NAMES, ChainSpec, ComponentSpec, OutputSpec, RuleSpec, Slots

__all__ = [
    "merge",
    "merge_component",
    "merge_slots",
    "replace_decoders",
    "replace_readers",
    "slots_of_output",
]

Readers = tuple[ComponentSpec, ...] | None
Decoders = Mapping[str, ComponentSpec] | None


def merge(base: ChainSpec, over: ChainSpec) -> ChainSpec:
    """Return ``over`` with everything that it leaves out taken from ``base``.

    Two components of the same name merge their options, readers and decoders one by one; a
    component of another name replaces the whole component.  Lists (steps, rules, outputs, tags)
    replace.
    """
    return ChainSpec(
        **merge_slots(base, over),
        read=_merge_readers(base.read, over.read),
        decoders=_merge_decoders(base.decoders, over.decoders),
        rules=_given(over.rules, base.rules),
        outputs=_given(over.outputs, base.outputs),
        frames=_given(over.frames, base.frames),
        tags=_given(over.tags, base.tags),
        run=merge_component(base.run, over.run),
        executor=_merge_optional(base.executor, over.executor),
        tag_locations={**base.tag_locations, **over.tag_locations},
        decoder_locations={**base.decoder_locations, **over.decoder_locations},
        problems=(*base.problems, *over.problems),
        extended=(*base.extended, *over.extended),
    )


def merge_component(base: ComponentSpec, over: ComponentSpec) -> ComponentSpec:
    """Return ``over``, with the other options of ``base`` if both are the same component."""
    if base.use != over.use:
        return over
    return replace(
        over,
        options={**base.options, **over.options},
        id=over.id or base.id,
        written={**base.written, **over.written},
    )


def merge_slots(base: Slots, over: Slots) -> dict[str, Any]:
    """Return the slots of ``over``, those that it leaves out taken from ``base``."""
    return {
        "normalize": _merge_optional(base.normalize, over.normalize),
        "invert": _given(over.invert, base.invert),
        "steps": _given(over.steps, base.steps),
        "colormap": _merge_optional(base.colormap, over.colormap),
        "aspect": _given(over.aspect, base.aspect),
    }


def slots_of_output(chain: Slots, rule: RuleSpec | None, output: OutputSpec) -> Slots:
    """Return the slots of one output: its own, or else the rule's, or else the chain's.

    Unlike ``merge``, a component replaces the whole component below it, even of the same name.
    """
    layers = [layer for layer in (output, rule, chain) if layer is not None]
    found: dict[str, Any] = {}
    for slot in SLOT_NAMES:
        values = (getattr(layer, slot) for layer in layers)
        found[slot] = next((value for value in values if value is not None), None)
    return Slots(**found)


def replace_readers(base: Readers, over: Readers) -> Readers:
    """Return the readers of ``over``, and those of ``base`` that it does not name."""
    if base is None or over is None:
        return base if over is None else over
    named = {reader.use for reader in over}
    return (*(reader for reader in base if reader.use not in named), *over)


def replace_decoders(base: Decoders, over: Decoders) -> Decoders:
    """Return the decoders of ``base`` that ``over`` does not choose, then those of ``over``.

    One Transfer Syntax may be in both, once by UID and once by name: the last one counts.
    """
    if base is None or over is None:
        return base if over is None else over
    return {key: decoder for key, decoder in base.items() if key not in over} | dict(over)


def _merge_decoders(base: Decoders, over: Decoders) -> Decoders:
    if base is None or over is None:
        return base if over is None else over
    merged = {key: merge_component(base.get(key, each), each) for key, each in over.items()}
    return replace_decoders(base, merged)


def _merge_readers(base: Readers, over: Readers) -> Readers:
    if base is None or over is None:
        return base if over is None else over
    below = {reader.use: reader for reader in base}
    merged = tuple(merge_component(below.get(reader.use, reader), reader) for reader in over)
    return replace_readers(base, merged)


def _merge_optional(base: ComponentSpec | None, over: ComponentSpec | None) -> ComponentSpec | None:
    if base is None or over is None:
        return over or base
    return merge_component(base, over)


def _given(over: Any, base: Any) -> Any:
    return base if over is None else over
