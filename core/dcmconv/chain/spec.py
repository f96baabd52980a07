"""A chain as it was written: the same model for flags, YAML and Python.

A field that is None was not given, so that one chain can be layered over another.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, NamedTuple, TypeVar

from dcmconv.chain.errors import NOWHERE, ChainProblem, Location
from dcmconv.model.options import Component
from dcmconv.model.records import record

__all__ = [
    "ASPECTS",
    "COMPONENT_KEYS",
    "DEFAULT_CHAIN",
    "NO_COLORMAP",
    "OUTPUT_KEYS",
    "SLOT_NAMES",
    "ChainSpec",
    "Change",
    "ComponentSpec",
    "Extent",
    "FrameRange",
    "OutputSpec",
    "RuleSpec",
    "Slots",
    "Written",
    "change_components",
    "change_slots",
    "component_ids",
    "components_of",
    "is_no_colormap",
    "output_ids",
    "split_extent",
]

FrameRange = tuple[int, int | None]
"""First and last frame number, from 1, both included; None for the instance's last frame."""


class Written(NamedTuple):
    """Where the key and the value of an option were written."""

    key: Location
    value: Location


@record(frozen=True)
class ComponentSpec:
    """A component by name, with the options that were given, not yet checked.

    Parameters
    ----------
    use : str
        A name in the registry, or ``plugin/name``.
    options : mapping
        Option to value as written: strings from flags, scalars and lists from YAML.
    id : str
        What ``--set`` calls it; empty for its name.
    bare : tuple
        Values without the name of an option, as in ``window:40,400``; see ``chain.validate``.
    location, written
        Where it and its options were written; two specs may be equal in spite of them.
    made : Component, optional
        An object from Python whose class no plugin offers; it has no name that a file could use.
    """

    use: str
    options: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    location: Location = field(default=NOWHERE, compare=False, repr=False)
    written: Mapping[str, Written] = field(default_factory=dict, compare=False, repr=False)
    made: Component | None = None
    bare: tuple[Any, ...] = ()

    @property
    def known_as(self) -> str:
        """The id, or the name if no id was given."""
        return self.id or self.use


NO_COLORMAP = ComponentSpec("none")
"""What ``colormap: none`` means: no colormap, whatever a lower layer says."""


@record(frozen=True, kw_only=True)
class Slots:
    """What a chain, a rule and an output can each set."""

    normalize: ComponentSpec | None = None
    invert: bool | None = None
    steps: tuple[ComponentSpec, ...] | None = None
    colormap: ComponentSpec | None = None
    aspect: str | None = None


SLOT_NAMES = ("normalize", "invert", "steps", "colormap", "aspect")
"""The fields of ``Slots``, in the order in which a frame meets them."""

ASPECTS = ("auto", "square", "keep")
"""What ``aspect`` can be; ``auto`` resamples display values, which are for looking at, and keeps
values to compute with."""

COMPONENT_KEYS = frozenset({"use", "id"})
"""Keys that every component can have and that are not options."""

OUTPUT_KEYS = frozenset({"name", *SLOT_NAMES})
"""Keys that belong to an output, not to its writer's options."""


@record(frozen=True, kw_only=True)
class OutputSpec(Slots):
    """One picture of each frame: a writer, and the slots that this output sets itself.

    The output's id is its writer's ``id``; ``name`` is a template, empty for the input's own name.
    """

    writer: ComponentSpec
    name: str = ""
    name_location: Location = field(default=NOWHERE, compare=False, repr=False)


@record(frozen=True, kw_only=True)
class RuleSpec(Slots):
    """What is different for the instances whose attributes match.

    ``when`` maps a keyword, or ``GGGG,EEEE``, to the accepted values.  With ``skip`` the instances
    are not converted; otherwise the slots and outputs of the rule replace those of the chain.
    """

    when: Mapping[str, tuple[Any, ...]]
    outputs: tuple[OutputSpec, ...] | None = None
    skip: bool = False
    location: Location = field(default=NOWHERE, compare=False, repr=False)
    when_locations: Mapping[str, Location] = field(default_factory=dict, compare=False, repr=False)


@record(frozen=True, kw_only=True)
class ChainSpec(Slots):
    """A whole chain, not yet checked against what is installed.

    Parameters
    ----------
    read : tuple of ComponentSpec, optional
        Readers that get options; the others are used without options.
    decoders : mapping, optional
        UID or name of a Transfer Syntax to the decoder that is used instead of the pinned one.
        Those of a higher layer come last.
    run : ComponentSpec
        Its ``options`` are the settings of the run.
    problems : tuple of ChainProblem
        Found while the chain was read; ``compile_chain`` raises them together with its own.
    extended : tuple of ChainSpec
        The chains below as they were written, so that what another chain replaced is checked too.
    files : tuple of str
        The chain files that were read.
    notes : tuple of str
        What explicit flags replaced, or could not change; to be shown to the user.
    """

    read: tuple[ComponentSpec, ...] | None = None
    decoders: Mapping[str, ComponentSpec] | None = None
    rules: tuple[RuleSpec, ...] | None = None
    outputs: tuple[OutputSpec, ...] | None = None
    frames: tuple[FrameRange, ...] | None = None
    tags: tuple[str, ...] | None = None
    run: ComponentSpec = field(default_factory=lambda: ComponentSpec("run"))
    executor: ComponentSpec | None = None
    tag_locations: Mapping[str, Location] = field(default_factory=dict, compare=False, repr=False)
    decoder_locations: Mapping[str, Location] = field(
        default_factory=dict, compare=False, repr=False
    )
    problems: tuple[ChainProblem, ...] = field(default=(), compare=False, repr=False)
    extended: tuple[ChainSpec, ...] = field(default=(), compare=False, repr=False)
    files: tuple[str, ...] = field(default=(), compare=False, repr=False)
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)


DEFAULT_CHAIN = ChainSpec(
    normalize=ComponentSpec("auto", location=Location("default")),
    invert=False,
    steps=(),
    colormap=ComponentSpec("none", location=Location("default")),
    aspect="auto",
    outputs=(OutputSpec(writer=ComponentSpec("png", location=Location("default"))),),
)
"""The lowest layer: used for everything that is not given."""


Extent = str
"""Which outputs of a chain an explicit writer replaces: ``all`` changes the format of each of them,
``only`` replaces all of them by one; empty if the chain has just one."""

_EXTENTS = ("all", "only")


def split_extent(text: str) -> tuple[Extent, str]:
    """Split a writer such as ``all:jpg:95`` into its extent and the writer.

    >>> split_extent("all:jpg:95"), split_extent("jpg:95")
    (('all', 'jpg:95'), ('', 'jpg:95'))
    """
    head, colon, rest = text.partition(":")
    return (head, rest) if colon and head in _EXTENTS else ("", text)


def is_no_colormap(colormap: ComponentSpec) -> bool:
    """Say whether a colormap slot says that there is none."""
    return colormap.use == NO_COLORMAP.use


def components_of(spec: ChainSpec) -> Iterator[tuple[str, ComponentSpec]]:
    """Yield kind and spec of every component that a chain names."""
    yield from (("reader", reader) for reader in spec.read or ())
    yield from (("decoder", decoder) for decoder in (spec.decoders or {}).values())
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
        if slots.colormap is not None and not is_no_colormap(slots.colormap):
            yield "colormap", slots.colormap


Change = Callable[[str, ComponentSpec], ComponentSpec]
"""From the kind and the spec of a component to the spec that replaces it."""

Owner = TypeVar("Owner", bound=Slots)


def change_slots(owner: Owner, change: Change) -> Owner:
    """Return the owner with every component in its slots changed."""
    normalize, steps, colormap = owner.normalize, owner.steps, owner.colormap
    return replace(
        owner,
        normalize=normalize and change("normalizer", normalize),
        steps=steps and tuple(change("step", step) for step in steps),
        # `none` means no component, so there are no options to change.
        colormap=colormap
        if colormap is None or is_no_colormap(colormap)
        else change("colormap", colormap),
    )


def change_components(
    spec: ChainSpec, change: Change, outputs: Callable[[tuple[OutputSpec, ...]], Any]
) -> ChainSpec:
    """Return the chain with every component changed; ``outputs`` changes a list of outputs."""
    rules = spec.rules and tuple(
        replace(change_slots(rule, change), outputs=rule.outputs and outputs(rule.outputs))
        for rule in spec.rules
    )
    decoders = spec.decoders
    return replace(
        change_slots(spec, change),
        read=spec.read and tuple(change("reader", each) for each in spec.read),
        decoders=decoders and {uid: change("decoder", each) for uid, each in decoders.items()},
        rules=rules,
        outputs=spec.outputs and outputs(spec.outputs),
        executor=spec.executor and change("executor", spec.executor),
    )


def component_ids(spec: ChainSpec) -> set[str]:
    """Return what the components of a chain can be called by, writers by the id of their output."""
    owners: list[ChainSpec | RuleSpec] = [spec, *(spec.rules or ())]
    of_outputs = (name for owner in owners for name in output_ids(owner.outputs or ()))
    others = (each.known_as for kind, each in components_of(spec) if kind != "writer")
    return {*of_outputs, *others}


def output_ids(outputs: Sequence[OutputSpec]) -> list[str]:
    """Return the id of each output: as given, or its writer's name, made unique with a number.

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
