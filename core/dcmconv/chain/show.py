"""A chain as YAML that reads back as the same chain, with the location of each value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from os import PathLike, fspath
from typing import Any

from dcmconv.chain.document import VERSION
from dcmconv.chain.errors import NOWHERE, Location
from dcmconv.chain.layers.layering import merge
from dcmconv.chain.settings import RunSettings
from dcmconv.chain.spec import (
    DEFAULT_CHAIN,
    ChainSpec,
    ComponentSpec,
    OutputSpec,
    RuleSpec,
    Slots,
    is_no_colormap,
)
from dcmconv.chain.validate import validated, with_option_names
from dcmconv.chain.values import frames_as_text
from dcmconv.errors import DcmconvError, UsageError
from dcmconv.model.records import record
from dcmconv.plugins.registry import Registry

__all__ = ["chain_as_yaml"]

_WORD = re.compile(r"[A-Za-z_][\w./-]*")
# yes, no, on and off are text in YAML 1.2; in quotes, readers of YAML 1.1 agree.
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "nan", "inf"}


def chain_as_yaml(spec: ChainSpec, registry: Registry | None = None) -> str:
    """Return the whole chain, defaults included, as a chain file.

    Parameters
    ----------
    spec : ChainSpec
        Layered over the chains that it extends.
    registry : Registry, optional
        With it, text from flags is shown as the number or list that it means; invalid options are
        shown as written.
    """
    return "\n".join(_Lines(registry).chain(merge(DEFAULT_CHAIN, spec))) + "\n"


@record
class _Lines:
    registry: Registry | None

    def chain(self, spec: ChainSpec) -> Iterator[str]:
        yield f"version: {VERSION}"
        readers = [list(self.component("reader", reader)) for reader in spec.read or ()]
        yield from self.listed("read", readers)
        if spec.decoders:
            yield "decoders:"
        for transfer_syntax, decoder in (spec.decoders or {}).items():
            yield f"  {_key(transfer_syntax)}:"
            yield from _indented(self.component("decoder", decoder), 4)
        yield from self.slots(spec)
        yield from self.listed("rules", [list(self.rule(rule)) for rule in spec.rules or ()])
        yield from self.outputs(spec)
        if spec.frames:
            yield f"frames: {_scalar(frames_as_text(spec.frames))}"
        if spec.tags:
            yield f"tags: {_value(spec.tags)}"
        if spec.run.options or spec.executor:
            yield "run:"
            yield from _indented(self.options(spec.run, "run"))
        if spec.executor:
            yield "  executor:"
            yield from _indented(self.component("executor", spec.executor), 4)

    def slots(self, slots: Slots) -> Iterator[str]:
        if slots.normalize:
            yield "normalize:"
            yield from _indented(self.component("normalizer", slots.normalize))
        if slots.invert is not None:
            yield f"invert: {_scalar(slots.invert)}"
        if slots.steps is not None:
            blocks = [list(self.component("step", step)) for step in slots.steps]
            yield from self.listed("steps", blocks, even_empty=True)
        if slots.colormap and is_no_colormap(slots.colormap):
            yield f"colormap: {slots.colormap.use}{_origin(slots.colormap.location)}"
        elif slots.colormap:
            yield "colormap:"
            yield from _indented(self.component("colormap", slots.colormap))
        if slots.aspect:
            yield f"aspect: {slots.aspect}"

    def rule(self, rule: RuleSpec) -> Iterator[str]:
        when = ", ".join(f"{_key(word)}: {_value(values)}" for word, values in rule.when.items())
        yield f"when: {{{when}}}{_origin(rule.location)}"
        if rule.skip:
            yield "skip: true"
        yield from self.slots(rule)
        yield from self.outputs(rule)

    def outputs(self, owner: ChainSpec | RuleSpec) -> Iterator[str]:
        blocks = [list(self.output(output)) for output in owner.outputs or ()]
        yield from self.listed("outputs", blocks)

    def output(self, output: OutputSpec) -> Iterator[str]:
        yield from self.component("writer", output.writer)
        if output.name:
            yield f"name: {_scalar(output.name)}{_origin(output.name_location)}"
        yield from self.slots(output)

    def component(self, kind: str, spec: ComponentSpec) -> Iterator[str]:
        if spec.made is not None:
            raise UsageError(
                f"'{spec.use}' has no name that a chain file could use: no plugin offers it.",
                hint="Offer it in a plugin: see docs/plugins/first-plugin.md.",
            )
        yield f"use: {_scalar(spec.use)}{_origin(spec.location)}"
        if spec.id:
            yield f"id: {_scalar(spec.id)}"
        yield from self.options(spec, kind)

    def options(self, spec: ComponentSpec, kind: str) -> Iterator[str]:
        for name, value in self.values(spec, kind).items():
            written = spec.written.get(name)
            yield f"{name}: {_value(value)}{_origin(written.value if written else NOWHERE)}"

    def values(self, spec: ComponentSpec, kind: str) -> Mapping[str, Any]:
        """Return the options as validated values, or as written if they are not valid."""
        if self.registry is None:
            return spec.options
        try:
            component = RunSettings if kind == "run" else self.registry.load(kind, spec.use)
            spec = with_option_names(spec, component)
            found = validated(component, spec)
        except DcmconvError:
            return spec.options  # compile_chain reports the wrong name
        if isinstance(found, list):
            return spec.options
        return {name: getattr(found, name) for name in spec.options}

    def listed(
        self, key: str, blocks: list[list[str]], *, even_empty: bool = False
    ) -> Iterator[str]:
        if blocks:
            yield f"{key}:"
        elif even_empty:
            yield f"{key}: []"
        for block in blocks:
            yield f"  - {block[0]}"
            yield from _indented(block[1:], 4)


def _indented(lines: Any, columns: int = 2) -> Iterator[str]:
    return (f"{' ' * columns}{line}" for line in lines)


def _origin(location: Location) -> str:
    # A line break in the text of a flag would end the comment.
    source = " ".join(location.source.split())
    if not source:
        return ""
    return f"  # {source}:{location.line}" if location.line else f"  # {source}"


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(k)}: {_value(v)}' for k, v in value.items())}}}"
    return _scalar(value)


def _key(word: object) -> str:
    return _scalar(str(word))


def _scalar(value: Any) -> str:
    """Return YAML that reads back as the same value."""
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    text = fspath(value) if isinstance(value, PathLike) else str(value)
    if _WORD.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    # A JSON string is a double-quoted scalar of YAML.
    quoted = json.dumps(text, ensure_ascii=False)
    # YAML folds or refuses line separators and other characters that cannot be printed.
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
