"""The grammar of a chain file: nodes in, a ``ChainSpec`` out, every problem collected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dcmconv.chain.errors import NOWHERE, ChainProblem, InvalidChain, Location, unknown_word
from dcmconv.chain.spec import (
    NO_COLORMAP,
    OUTPUT_KEYS,
    SLOT_NAMES,
    ChainSpec,
    ComponentSpec,
    FrameRange,
    OutputSpec,
    RuleSpec,
    Written,
)
from dcmconv.chain.values import parse_component, parse_frames, read_output
from dcmconv.errors import UsageError
from dcmconv.model.template import plain_tag

__all__ = [
    "CHAIN_KEYS",
    "MOST_BYTES",
    "RULE_KEYS",
    "Document",
    "Entry",
    "Link",
    "ListNode",
    "MapNode",
    "Node",
    "ScalarNode",
    "node_of",
    "plain",
]


MOST_BYTES = 64 * 1024
"""No chain file is larger."""


@dataclass(frozen=True)
class ScalarNode:
    """A scalar: text, a number, true, false or null."""

    value: str | int | float | bool | None
    location: Location


@dataclass(frozen=True)
class ListNode:
    """A sequence."""

    items: tuple[Node, ...]
    location: Location


@dataclass(frozen=True)
class Entry:
    """One value of a mapping, and where its key stands."""

    key_location: Location
    node: Node


@dataclass(frozen=True)
class MapNode:
    """A mapping; keys are text."""

    entries: dict[str, Entry]
    location: Location


Node = ScalarNode | ListNode | MapNode


def plain(node: Node) -> Any:
    """Return a node as plain data."""
    if isinstance(node, MapNode):
        return {key: plain(entry.node) for key, entry in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value


def node_of(data: Any) -> Node:
    """Return plain data of Python as nodes without a location; what is no data becomes text."""
    if isinstance(data, Mapping):
        return MapNode({str(k): Entry(NOWHERE, node_of(v)) for k, v in data.items()}, NOWHERE)
    if isinstance(data, (list, tuple)):
        return ListNode(tuple(node_of(item) for item in data), NOWHERE)
    if data is None or isinstance(data, (str, bool, int, float)):
        return ScalarNode(data, NOWHERE)
    return ScalarNode(str(data), NOWHERE)


VERSION = 1
CHAIN_KEYS = (
    "version",
    "extends",
    "read",
    *SLOT_NAMES,
    "rules",
    "outputs",
    "frames",
    "tags",
    "run",
)
RULE_KEYS = ("when", "skip", *SLOT_NAMES, "outputs")
ASPECTS = ("square", "keep")
TAG_FORM = re.compile(r"[A-Z][A-Za-z0-9]*|[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}")

Read = TypeVar("Read")


@dataclass(frozen=True)
class Link:
    """One entry of ``extends``."""

    text: str
    location: Location


@dataclass
class Document:
    """Reads one document; what is wrong is left out of the spec and kept in ``problems``."""

    problems: list[ChainProblem] = field(default_factory=list)

    def chain(self, node: Node) -> tuple[ChainSpec, list[Link]]:
        """Return the chain as this document says it, and what it extends."""
        fields = self._fields(node, CHAIN_KEYS, "A chain has no key")
        self._check_version(fields.get("version"), node.location)
        run, executor = self._run(fields.get("run"))
        spec = ChainSpec(
            **self._slots(fields),
            read=self._several(fields.get("read"), self._component),
            rules=self._several(fields.get("rules"), self._rule),
            outputs=self._outputs(fields.get("outputs")),
            frames=self._said(fields.get("frames"), self._frames),
            tags=self._several(fields.get("tags"), self._tag),
            tag_locations=_locations(fields.get("tags")),
            run=run,
            executor=executor,
        )
        return spec, list(self._several(fields.get("extends"), self._link) or ())

    def _check_version(self, entry: Entry | None, location: Location) -> None:
        if entry is None:
            first_line = Location(location.source, 1, 1) if location.line else location
            self._report(
                first_line, "A chain needs its version.", f"Start it with: version: {VERSION}"
            )
        elif plain(entry.node) != VERSION or isinstance(plain(entry.node), bool):
            message = f"Version {plain(entry.node)} is not known; this dcmconv reads {VERSION}."
            self._report(entry.node.location, message, f"Write: version: {VERSION}")

    def _slots(self, fields: dict[str, Entry]) -> dict[str, Any]:
        return {
            "normalize": self._said(fields.get("normalize"), self._component),
            "invert": self._said(fields.get("invert"), self._truth),
            "steps": self._several(fields.get("steps"), self._component),
            "colormap": self._said(fields.get("colormap"), self._colormap),
            "aspect": self._said(fields.get("aspect"), self._aspect),
        }

    def _component(self, node: Node) -> ComponentSpec:
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            return parse_component(node.value, node.location)
        if not isinstance(node, MapNode):
            raise InvalidChain(
                node.location,
                f"{_shown(node)} is no component.",
                "Write a name, NAME:KEY=VALUE, or a mapping with 'use'.",
            )
        fields = dict(node.entries)
        use, identity = fields.pop("use", None), fields.pop("id", None)
        if use is None:
            raise InvalidChain(
                node.location,
                "This component has no name.",
                "Name it with use, as in {use: window}.",
            )
        name = parse_component(self._text(use.node), use.node.location)
        if name.options:
            raise InvalidChain(
                use.node.location, "use takes a name only.", "Write options as keys of their own."
            )
        return ComponentSpec(
            name.use,
            {key: plain(entry.node) for key, entry in fields.items()},
            self._text(identity.node) if identity else "",
            use.node.location,
            {
                key: Written(entry.key_location, entry.node.location)
                for key, entry in fields.items()
            },
        )

    def _colormap(self, node: Node) -> ComponentSpec:
        if isinstance(node, ScalarNode) and node.value in (None, "none"):
            return ComponentSpec(NO_COLORMAP.use, location=node.location)
        return self._component(node)

    def _outputs(self, entry: Entry | None) -> tuple[OutputSpec, ...] | None:
        found = self._several(entry, self._output)
        if entry is not None and isinstance(entry.node, ListNode) and not entry.node.items:
            self._report(entry.node.location, "outputs is empty.", "Name a writer: outputs: [png]")
        return found or None  # where none could be read, each has its own problem

    def _output(self, node: Node) -> OutputSpec:
        if not isinstance(node, MapNode):
            return read_output(self._component(node))
        fields = {key: entry for key, entry in node.entries.items() if key in OUTPUT_KEYS}
        rest = {key: entry for key, entry in node.entries.items() if key not in OUTPUT_KEYS}
        name = fields.get("name")
        return OutputSpec(
            writer=self._component(MapNode(rest, node.location)),
            name=self._said(name, self._text) or "",
            name_location=name.node.location if name else NOWHERE,
            **self._slots(fields),
        )

    def _rule(self, node: Node) -> RuleSpec:
        fields = self._fields(node, RULE_KEYS, "A rule has no key")
        if "when" not in fields:
            raise InvalidChain(
                node.location, "A rule needs 'when'.", "Write for example: when: {Modality: CT}"
            )
        rule = RuleSpec(
            when=self._said(fields["when"], self._when) or {},
            skip=self._said(fields.get("skip"), self._truth) or False,
            outputs=self._outputs(fields.get("outputs")),
            **self._slots(fields),
            location=node.location,
            when_locations=_locations(fields["when"]),
        )
        if rule.skip and len(fields) > 2:
            self._report(
                node.location, "A rule that skips decides nothing else.", "Take the rest out."
            )
        return rule

    def _when(self, node: Node) -> dict[str, tuple[Any, ...]]:
        if not isinstance(node, MapNode) or not node.entries:
            raise InvalidChain(
                node.location,
                f"when is {_shown(node)}.",
                "It takes a mapping: {Modality: [CT, MR]}",
            )
        for word, entry in node.entries.items():
            self._check_tag(plain_tag(word), entry.key_location)
        return {
            plain_tag(word): self._several(entry, self._accepted) or ()
            for word, entry in node.entries.items()
        }

    def _accepted(self, node: Node) -> str | int | float:
        if not isinstance(node, ScalarNode) or node.value is None or isinstance(node.value, bool):
            raise InvalidChain(
                node.location, f"{_shown(node)} is no value of an attribute.", "Quote text."
            )
        return node.value

    def _run(self, entry: Entry | None) -> tuple[ComponentSpec, ComponentSpec | None]:
        nothing = ComponentSpec("run")
        if entry is None:
            return nothing, None
        if not isinstance(entry.node, MapNode):
            self._report(
                entry.node.location, f"run is {_shown(entry.node)}.", "It takes a mapping."
            )
            return nothing, None
        fields = dict(entry.node.entries)
        executor = self._said(fields.pop("executor", None), self._component)
        written = {
            key: Written(item.key_location, item.node.location) for key, item in fields.items()
        }
        settings = {key: plain(item.node) for key, item in fields.items()}
        return ComponentSpec("run", settings, "", entry.node.location, written), executor

    def _frames(self, node: Node) -> tuple[FrameRange, ...]:
        value = plain(node)
        listed = value if isinstance(value, list) else [value]
        try:
            return parse_frames(",".join(str(item) for item in listed))
        except UsageError as error:
            raise InvalidChain(node.location, error.message, error.hint) from None

    def _link(self, node: Node) -> Link:
        return Link(self._text(node), node.location)

    def _tag(self, node: Node) -> str:
        word = plain_tag(self._text(node))
        self._check_tag(word, node.location)
        return word

    def _check_tag(self, word: str, location: Location) -> None:
        if not TAG_FORM.fullmatch(word):
            self._report(
                location,
                f"'{word}' names no attribute.",
                "Write a keyword such as PatientID, or a tag such as '0010,0020'.",
            )

    def _aspect(self, node: Node) -> str:
        value = plain(node)
        if value not in ASPECTS:
            raise InvalidChain(
                node.location, f"aspect is {_shown(node)}.", f"It takes {' or '.join(ASPECTS)}."
            )
        return str(value)

    def _truth(self, node: Node) -> bool:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, bool):
            raise InvalidChain(
                node.location, f"{_shown(node)} is neither true nor false.", "Write true or false."
            )
        return node.value

    def _text(self, node: Node) -> str:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            raise InvalidChain(node.location, f"{_shown(node)} is no text.", "Put text in quotes.")
        return node.value

    def _fields(self, node: Node, known: tuple[str, ...], subject: str) -> dict[str, Entry]:
        if not isinstance(node, MapNode):
            keys = f"It has the keys {', '.join(known)}."
            self._report(node.location, f"{_shown(node)} is no mapping.", keys)
            return {}
        for word, entry in node.entries.items():
            if word not in known:
                self.problems.append(unknown_word(entry.key_location, subject, word, known))
        return {word: entry for word, entry in node.entries.items() if word in known}

    def _said(self, entry: Entry | None, read: Callable[[Node], Read]) -> Read | None:
        return None if entry is None else self._collecting(entry.node, read)

    def _several(
        self, entry: Entry | None, read: Callable[[Node], Read]
    ) -> tuple[Read, ...] | None:
        """Read a list, or one item that stands for a list of one."""
        if entry is None:
            return None
        nodes = entry.node.items if isinstance(entry.node, ListNode) else (entry.node,)
        found = (self._collecting(node, read) for node in nodes)
        return tuple(item for item in found if item is not None)

    def _collecting(self, node: Node, read: Callable[[Node], Read]) -> Read | None:
        try:
            return read(node)
        except InvalidChain as invalid:
            self.problems.append(invalid.problem)
            return None

    def _report(self, location: Location, message: str, hint: str = "") -> None:
        self.problems.append(ChainProblem(location, message, hint))


def _locations(entry: Entry | None) -> dict[str, Location]:
    """Return where each attribute stands that a mapping or a list names."""
    node = entry.node if entry else ListNode((), NOWHERE)
    if isinstance(node, MapNode):
        return {plain_tag(word): item.key_location for word, item in node.entries.items()}
    nodes = node.items if isinstance(node, ListNode) else (node,)
    return {plain_tag(str(plain(item))): item.location for item in nodes}


def _shown(node: Node) -> str:
    if isinstance(node, MapNode):
        return "A mapping"
    if isinstance(node, ListNode):
        return "A list"
    if node.value is None:
        return "null"
    return str(node.value).lower() if isinstance(node.value, bool) else f"'{node.value}'"
