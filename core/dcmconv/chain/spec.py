"""The chain as a model: the same whether it was written as flags, as YAML or in Python.

Every field that is None was not said, so that chains can be laid over each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dcmconv.chain.errors import NOWHERE, ChainProblem, Location

__all__ = [
    "COMPONENT_KEYS",
    "DEFAULT_CHAIN",
    "NO_COLORMAP",
    "OUTPUT_KEYS",
    "SLOT_NAMES",
    "ChainSpec",
    "ComponentSpec",
    "FrameRange",
    "OutputSpec",
    "RuleSpec",
    "Slots",
    "Written",
    "components_of",
    "output_ids",
]

FrameRange = tuple[int, int | None]
"""First and last frame number, both included; None for the last of the instance."""


class Written(NamedTuple):
    """Where an option was written."""

    key: Location
    value: Location


@dataclass(frozen=True)
class ComponentSpec:
    """A component by name, with the options that were given.

    Parameters
    ----------
    use : str
        A name in the registry, or ``plugin/name``.
    options : mapping
        Option to value, as written: strings from flags, scalars and lists from YAML.
    id : str
        What ``--set`` calls it; the name where it is empty.
    location, written
        Where it comes from; they never decide whether two specs are equal.
    """

    use: str
    options: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    location: Location = field(default=NOWHERE, compare=False, repr=False)
    written: Mapping[str, Written] = field(default_factory=dict, compare=False, repr=False)

    @property
    def known_as(self) -> str:
        """The id, or the name where none was given."""
        return self.id or self.use


NO_COLORMAP = ComponentSpec("none")
"""What ``colormap: none`` means: no colormap, whatever a chain below says."""


@dataclass(frozen=True, kw_only=True)
class Slots:
    """What a chain, a rule and an output can each decide."""

    normalize: ComponentSpec | None = None
    invert: bool | None = None
    steps: tuple[ComponentSpec, ...] | None = None
    colormap: ComponentSpec | None = None
    aspect: str | None = None


SLOT_NAMES = ("normalize", "invert", "steps", "colormap", "aspect")
"""The fields of ``Slots``, in the order of the work."""

COMPONENT_KEYS = frozenset({"use", "id"})
"""Keys of every component that are no options of it."""

OUTPUT_KEYS = frozenset({"name", *SLOT_NAMES})
"""Keys beside a writer's options that are its output's."""


@dataclass(frozen=True, kw_only=True)
class OutputSpec(Slots):
    """One picture of each frame: a writer, and what this output decides for itself.

    The writer's ``id`` is the output's; ``name`` is a template, empty for the input's own name.
    """

    writer: ComponentSpec
    name: str = ""
    name_location: Location = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class RuleSpec(Slots):
    """What is different for the instances whose attributes match.

    ``when`` maps a keyword, or ``GGGG,EEEE``, to the accepted values.  ``skip`` leaves the
    instances out; else what the rule says replaces what the chain says.
    """

    when: Mapping[str, tuple[Any, ...]]
    outputs: tuple[OutputSpec, ...] | None = None
    skip: bool = False
    location: Location = field(default=NOWHERE, compare=False, repr=False)
    when_locations: Mapping[str, Location] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class ChainSpec(Slots):
    """A whole chain, not yet checked against what is installed.

    ``read`` gives options to readers; every other reader is there without.  ``run`` holds settings
    by name as ``ComponentSpec.options`` does.  ``problems`` are what reading a file has found so
    far; ``compile_chain`` raises them together with its own.  ``extended`` are the chains below as
    they were written: what another chain replaces there is checked too.
    """

    read: tuple[ComponentSpec, ...] | None = None
    rules: tuple[RuleSpec, ...] | None = None
    outputs: tuple[OutputSpec, ...] | None = None
    frames: tuple[FrameRange, ...] | None = None
    tags: tuple[str, ...] | None = None
    run: ComponentSpec = field(default_factory=lambda: ComponentSpec("run"))
    executor: ComponentSpec | None = None
    tag_locations: Mapping[str, Location] = field(default_factory=dict, compare=False, repr=False)
    problems: tuple[ChainProblem, ...] = field(default=(), compare=False, repr=False)
    extended: tuple[ChainSpec, ...] = field(default=(), compare=False, repr=False)


DEFAULT_CHAIN = ChainSpec(
    normalize=ComponentSpec("auto", location=Location("default")),
    invert=False,
    steps=(),
    colormap=ComponentSpec("none", location=Location("default")),
    aspect="square",
    outputs=(OutputSpec(writer=ComponentSpec("png", location=Location("default"))),),
)
"""What is done where nothing else is said; below every preset."""


def components_of(spec: ChainSpec) -> Iterator[tuple[str, ComponentSpec]]:
    """Yield kind and spec of every component that a chain names."""
    yield from (("reader", reader) for reader in spec.read or ())
    if spec.executor is not None:
        yield "executor", spec.executor
    owners: list[ChainSpec | RuleSpec] = [spec, *(spec.rules or ())]
    outputs = [output for owner in owners for output in owner.outputs or ()]
    yield from (("writer", output.writer) for output in outputs)
    every_slots: list[Slots] = [*owners, *outputs]
    for slots in every_slots:
        yield from (("step", step) for step in slots.steps or ())
        if slots.normalize is not None:
            yield "normalizer", slots.normalize
        if slots.colormap is not None and slots.colormap.use != NO_COLORMAP.use:
            yield "colormap", slots.colormap


def output_ids(outputs: Sequence[OutputSpec]) -> list[str]:
    """Return what each output is called: its id, else its writer's name, made unique.

    >>> jpg = OutputSpec(writer=ComponentSpec("jpg"))
    >>> output_ids([jpg, jpg])
    ['jpg', 'jpg-2']
    """
    taken = {output.writer.id for output in outputs if output.writer.id}
    ids: list[str] = []
    for output in outputs:
        name = output.writer.id or _free_id(output.writer.use.rpartition("/")[2], taken)
        taken.add(name)
        ids.append(name)
    return ids


def _free_id(name: str, taken: set[str]) -> str:
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return next(free for free in itertools.chain([name], numbered) if free not in taken)
