"""Laying one chain over another: mappings merge, lists and components replace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dcmconv.chain.spec import SLOT_NAMES, ChainSpec, ComponentSpec, OutputSpec, RuleSpec, Slots

__all__ = ["inherited", "merge", "merge_component", "merge_output", "replace_readers"]

Readers = tuple[ComponentSpec, ...] | None


def merge(base: ChainSpec, over: ChainSpec) -> ChainSpec:
    """Return ``over`` with everything that it does not say taken from ``base``.

    Two components of the same name merge their options, readers one by one; a component of another
    name replaces the whole.  Lists (steps, rules, outputs, tags) replace.
    """
    run = merge_component(base.run, over.run)
    assert run is not None  # noqa: S101 - both sides are there
    return ChainSpec(
        **_merged_slots(base, over),
        read=_merged_readers(base.read, over.read),
        rules=_first(over.rules, base.rules),
        outputs=_first(over.outputs, base.outputs),
        frames=_first(over.frames, base.frames),
        tags=_first(over.tags, base.tags),
        run=run,
        executor=merge_component(base.executor, over.executor),
        tag_locations={**base.tag_locations, **over.tag_locations},
        problems=(*base.problems, *over.problems),
        extended=(*base.extended, *over.extended),
    )


def merge_component(base: ComponentSpec | None, over: ComponentSpec | None) -> ComponentSpec | None:
    """Return ``over`` laid over ``base``."""
    if base is None or over is None or base.use != over.use:
        return over or base
    return replace(
        over,
        options={**base.options, **over.options},
        id=over.id or base.id,
        written={**base.written, **over.written},
    )


def merge_output(base: OutputSpec, over: OutputSpec) -> OutputSpec:
    """Return one output laid over another of the same writer."""
    return OutputSpec(
        **_merged_slots(base, over),
        writer=merge_component(base.writer, over.writer) or over.writer,
        name=over.name or base.name,
        name_location=over.name_location if over.name else base.name_location,
    )


def inherited(chain: Slots, rule: RuleSpec | None, output: OutputSpec) -> Slots:
    """Return what holds for one output: its own word, else the rule's, else the chain's."""
    layers: list[Slots | None] = [output, rule, chain]
    said: dict[str, Any] = {}
    for slot in SLOT_NAMES:
        values = (getattr(layer, slot) for layer in layers if layer is not None)
        said[slot] = next((value for value in values if value is not None), None)
    return Slots(**said)


def replace_readers(base: Readers, over: Readers) -> Readers:
    """Return the readers of ``over``, and those of ``base`` that it does not name."""
    if base is None or over is None:
        return base if over is None else over
    named = {reader.use for reader in over}
    return (*(reader for reader in base if reader.use not in named), *over)


def _merged_readers(base: Readers, over: Readers) -> Readers:
    below = {reader.use: reader for reader in base or ()}
    merged = tuple(
        merge_component(below.get(reader.use), reader) or reader for reader in over or ()
    )
    return replace_readers(base, None if over is None else merged)


def _merged_slots(base: Slots, over: Slots) -> dict[str, Any]:
    return {
        "normalize": merge_component(base.normalize, over.normalize),
        "invert": _first(over.invert, base.invert),
        "steps": _first(over.steps, base.steps),
        "colormap": merge_component(base.colormap, over.colormap),
        "aspect": _first(over.aspect, base.aspect),
    }


def _first(over: Any, base: Any) -> Any:
    return base if over is None else over
