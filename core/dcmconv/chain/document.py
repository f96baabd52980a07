"""The grammar of a chain file: a document's nodes in, a ``ChainSpec`` out.

Reading does not stop at a mistake: what is wrong is left out and reported, and the rest is read.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from types import NoneType
from typing import Any, TypeVar

from dcmconv.chain.conditions import condition
from dcmconv.chain.errors import (
    NOWHERE,
    ChainProblem,
    InvalidChainError,
    Location,
    invalid_chain,
    unknown_word,
)
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
from dcmconv.chain.values import (
    as_output,
    check_aspect,
    check_column,
    check_tag,
    parse_component,
    parse_frames,
)
from dcmconv.errors import UsageError
from dcmconv.model.records import record
from dcmconv.model.template import plain_tag

__all__ = [
    "CHAIN_KEYS",
    "MAX_BYTES",
    "RULE_KEYS",
    "VERSION",
    "Entry",
    "Extended",
    "ListNode",
    "MapNode",
    "Node",
    "ScalarNode",
    "node_of",
    "plain",
    "read_document",
]

VERSION = 1
MAX_BYTES = 64 * 1024
"""A larger file is not a chain; it is rejected before it is parsed."""

CHAIN_KEYS = (
    "version",
    "extends",
    "read",
    "decoders",
    *SLOT_NAMES,
    "rules",
    "outputs",
    "frames",
    "tags",
    "run",
)
RULE_KEYS = ("when", "skip", *SLOT_NAMES, "outputs")

Value = TypeVar("Value")


@record(frozen=True)
class ScalarNode:
    """A scalar: text, a number, true, false or null; in Python also a component."""

    value: str | int | float | bool | ComponentSpec | None
    location: Location


@record(frozen=True)
class ListNode:
    """A sequence."""

    items: tuple[Node, ...]
    location: Location


@record(frozen=True)
class Entry:
    """One value of a mapping, and the location of its key."""

    key_location: Location
    node: Node


@record(frozen=True)
class MapNode:
    """A mapping; all keys are text."""

    entries: dict[str, Entry]
    location: Location


Node = ScalarNode | ListNode | MapNode


def plain(node: Node) -> Any:
    """Return a node as plain data, without locations."""
    if isinstance(node, MapNode):
        return {key: plain(entry.node) for key, entry in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value


def node_of(data: Any, location: Location = NOWHERE) -> Node:
    """Return plain Python data as nodes of one location; any other object becomes text."""
    if isinstance(data, Mapping):
        entries = {str(k): Entry(location, node_of(v, location)) for k, v in data.items()}
        return MapNode(entries, location)
    if isinstance(data, (list, tuple)):
        return ListNode(tuple(node_of(item, location) for item in data), location)
    if data is None or isinstance(data, (str, bool, int, float, ComponentSpec)):
        return ScalarNode(data, location)
    return ScalarNode(str(data), location)


@record(frozen=True)
class Extended:
    """One chain that ``extends`` names: a file or ``preset:NAME``."""

    name: str
    location: Location


def read_document(node: Node) -> tuple[ChainSpec, list[Extended]]:
    """Return the chain that one document describes, and the chains that it extends.

    The spec's ``problems`` list everything in the document that does not follow the grammar.
    """
    grammar = _Grammar()
    spec, extended = grammar.chain(node)
    return replace(spec, problems=tuple(grammar.problems)), extended


@record
class _Grammar:
    """One method for each rule of the grammar; each returns what a node means."""

    problems: list[ChainProblem] = field(default_factory=list)

    def chain(self, node: Node) -> tuple[ChainSpec, list[Extended]]:
        fields = self._fields(node, CHAIN_KEYS, "A chain has no key")
        self._check_version(fields.get("version"), node.location)
        run, executor = self._run(fields.get("run"))
        spec = ChainSpec(
            **self._slots(fields),
            read=self._one_or_many(fields.get("read"), self._component),
            decoders=self._one(fields.get("decoders"), self._decoders),
            decoder_locations=_key_locations(fields.get("decoders")),
            rules=self._rules(fields.get("rules")),
            outputs=self._outputs(fields.get("outputs")),
            frames=self._one(fields.get("frames"), self._frames),
            tags=self._one_or_many(fields.get("tags"), self._tag),
            tag_locations=_attribute_locations(fields.get("tags")),
            run=run,
            executor=executor,
        )
        return spec, list(self._one_or_many(fields.get("extends"), self._extended) or ())

    def _check_version(self, entry: Entry | None, location: Location) -> None:
        if entry is None:
            # A chain made in Python has no lines.
            first_line = Location(location.source, 1, 1) if location.line else location
            hint = f"Start the chain with: version: {VERSION}"
            self._report(first_line, "The version of the chain is missing.", hint)
        # True == 1 in Python: without the second test, 'version: true' would be valid.
        elif plain(entry.node) != VERSION or isinstance(plain(entry.node), bool):
            message = f"Unknown version {_shown(entry.node)}; expected {VERSION}."
            self._report(entry.node.location, message, f"Write: version: {VERSION}")

    def _slots(self, fields: dict[str, Entry]) -> dict[str, Any]:
        return {
            "normalize": self._one(fields.get("normalize"), self._component),
            "invert": self._one(fields.get("invert"), self._truth),
            "steps": self._one_or_many(fields.get("steps"), self._component),
            "colormap": self._one(fields.get("colormap"), self._colormap),
            "aspect": self._one(fields.get("aspect"), self._aspect),
        }

    def _component(self, node: Node) -> ComponentSpec:
        if isinstance(node, ScalarNode) and isinstance(node.value, ComponentSpec):
            return node.value
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            return parse_component(node.value, node.location)
        if not isinstance(node, MapNode):
            hint = "Write a name, NAME:KEY=VALUE, or a mapping with 'use'."
            if isinstance(node, ListNode):
                hint = "Several pictures of a frame are several outputs, each with its own: "
                hint += "outputs: ['png:id=a,normalize=minmax', 'png:id=b,normalize=voi']"
            raise _unexpected(node, "a component", hint)
        fields = dict(node.entries)
        use, identity = fields.pop("use", None), fields.pop("id", None)
        if use is None:
            hint = _how_to_name(node)
            raise invalid_chain(node.location, "This component has no name.", hint)
        name = parse_component(self._text(use.node), use.node.location)
        if name.options or name.bare:
            hint = "Write each option as a separate key."
            raise invalid_chain(use.node.location, "'use' takes a name without options.", hint)
        return ComponentSpec(
            name.use,
            {key: plain(entry.node) for key, entry in fields.items()},
            self._text(identity.node) if identity else "",
            use.node.location,
            _written(fields),
        )

    def _colormap(self, node: Node) -> ComponentSpec:
        if isinstance(node, ScalarNode) and node.value in (None, "none"):
            return ComponentSpec(NO_COLORMAP.use, location=node.location)
        return self._component(node)

    def _decoders(self, node: Node) -> dict[str, ComponentSpec]:
        if not isinstance(node, MapNode):
            hint = "Write UIDs or names of Transfer Syntaxes: {UID: DECODER}"
            raise _unexpected(node, "a mapping", hint)
        chosen = {key: self._one(entry, self._component) for key, entry in node.entries.items()}
        return {key: decoder for key, decoder in chosen.items() if decoder is not None}

    def _outputs(self, entry: Entry | None) -> tuple[OutputSpec, ...] | None:
        outputs = self._one_or_many(entry, self._output)
        if entry is not None and isinstance(entry.node, ListNode) and not entry.node.items:
            hint = "Name a writer: outputs: [png]"
            self._report(entry.node.location, "The list of outputs is empty.", hint)
        # If no output could be read, each has its own problem; the list is not reported as empty
        # too.
        return outputs or None

    def _output(self, node: Node) -> OutputSpec:
        if not isinstance(node, MapNode):
            return as_output(self._component(node))
        fields = {key: entry for key, entry in node.entries.items() if key in OUTPUT_KEYS}
        of_writer = {key: entry for key, entry in node.entries.items() if key not in OUTPUT_KEYS}
        name = fields.get("name")
        return OutputSpec(
            writer=self._component(MapNode(of_writer, node.location)),
            name=self._one(name, self._text) or "",
            name_location=name.node.location if name else NOWHERE,
            **self._slots(fields),
        )

    def _rules(self, entry: Entry | None) -> tuple[RuleSpec, ...] | None:
        rules = self._one_or_many(entry, self._rule)
        for before, rule in itertools.pairwise(rules or ()):
            if not before.when:
                message = "This rule is never used: the rule before it matches everything."
                self._report(rule.location, message, "Put the rule with 'when: {}' last.")
        return rules

    def _rule(self, node: Node) -> RuleSpec:
        fields = self._fields(node, RULE_KEYS, "A rule has no key")
        if "when" not in fields:
            hint = "For example: when: {Modality: CT}"
            raise invalid_chain(node.location, "This rule has no 'when'.", hint)
        rule = RuleSpec(
            when=self._one(fields["when"], self._when) or {},
            skip=self._one(fields.get("skip"), self._truth) or False,
            outputs=self._outputs(fields.get("outputs")),
            **self._slots(fields),
            location=node.location,
            when_locations=_attribute_locations(fields["when"]),
        )
        # More than 'when' and 'skip'.
        if rule.skip and len(fields) > 2:
            message = "A rule with 'skip: true' cannot set anything else."
            self._report(node.location, message, "Remove its other keys, or skip.")
        return rule

    def _when(self, node: Node) -> dict[str, tuple[Any, ...]]:
        hint = "For example: when: {Modality: [CT, MR]}"
        if not isinstance(node, MapNode):
            raise _unexpected(node, "a mapping of attributes", hint)
        for word, entry in node.entries.items():
            self._check_tag(plain_tag(word), entry.key_location)
        return {
            plain_tag(word): self._one_or_many(entry, self._attribute_value) or ()
            for word, entry in node.entries.items()
        }

    def _attribute_value(self, node: Node) -> str | int | float:
        if not isinstance(node, ScalarNode) or isinstance(
            node.value, (bool, ComponentSpec, NoneType)
        ):
            hint = "Put text in quotes; a range is text too: '>=1.5' or '1..5'."
            raise _unexpected(node, "text or a number", hint)
        try:
            condition(node.value)
        except UsageError as error:
            raise invalid_chain(node.location, error.message, error.hint) from None
        return node.value

    def _run(self, entry: Entry | None) -> tuple[ComponentSpec, ComponentSpec | None]:
        nothing = ComponentSpec("run")
        if entry is None:
            return nothing, None
        if not isinstance(entry.node, MapNode):
            unexpected = _unexpected(entry.node, "a mapping", "For example: run: {workers: 4}")
            self.problems.append(unexpected.problem)
            return nothing, None
        fields = dict(entry.node.entries)
        # A component with its own options; everything else in 'run' is a setting.
        executor = self._one(fields.pop("executor", None), self._component)
        settings = {key: plain(item.node) for key, item in fields.items()}
        run = ComponentSpec("run", settings, "", entry.node.location, _written(fields))
        return run, executor

    def _frames(self, node: Node) -> tuple[FrameRange, ...]:
        try:
            return parse_frames(plain(node))
        except UsageError as error:
            raise invalid_chain(node.location, error.message, error.hint) from None

    def _extended(self, node: Node) -> Extended:
        return Extended(self._text(node), node.location)

    def _tag(self, node: Node) -> str:
        word = plain_tag(self._text(node))
        self._check_tag(word, node.location, check_column)
        return word

    def _check_tag(
        self,
        word: str,
        location: Location,
        check: Callable[[str, Location], None] = check_tag,
    ) -> None:
        try:
            check(word, location)
        except InvalidChainError as invalid:
            self.problems.append(invalid.problem)

    def _aspect(self, node: Node) -> str:
        return check_aspect(plain(node), node.location)

    def _truth(self, node: Node) -> bool:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, bool):
            raise _unexpected(node, "true or false", "Write true or false, without quotes.")
        return node.value

    def _text(self, node: Node) -> str:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            raise _unexpected(node, "text", "Put text in quotes.")
        return node.value

    def _fields(self, node: Node, known: tuple[str, ...], subject: str) -> dict[str, Entry]:
        """Return the entries with known keys, and report the others."""
        if not isinstance(node, MapNode):
            hint = f"Its keys are {', '.join(known)}."
            self.problems.append(_unexpected(node, "a mapping", hint).problem)
            return {}
        for word, entry in node.entries.items():
            if word not in known:
                self.problems.append(unknown_word(entry.key_location, subject, word, known))
        return {word: entry for word, entry in node.entries.items() if word in known}

    def _one(self, entry: Entry | None, read: Callable[[Node], Value]) -> Value | None:
        return None if entry is None else self._read_or_report(entry.node, read)

    def _one_or_many(
        self, entry: Entry | None, read: Callable[[Node], Value]
    ) -> tuple[Value, ...] | None:
        """Read a list, or a single item that means a list of one."""
        if entry is None:
            return None
        nodes = entry.node.items if isinstance(entry.node, ListNode) else (entry.node,)
        values = (self._read_or_report(node, read) for node in nodes)
        return tuple(value for value in values if value is not None)

    def _read_or_report(self, node: Node, read: Callable[[Node], Value]) -> Value | None:
        try:
            return read(node)
        except InvalidChainError as invalid:
            # Not raised: the rest is read too, so that one run shows every problem.
            self.problems.append(invalid.problem)
            return None

    def _report(self, location: Location, message: str, hint: str) -> None:
        self.problems.append(ChainProblem(location, message, hint))


def _unexpected(node: Node, expected: str, hint: str) -> InvalidChainError:
    return invalid_chain(node.location, f"Expected {expected}, got {_shown(node)}.", hint)


def _how_to_name(node: MapNode) -> str:
    """Return the hint for a component without 'use': perhaps a space follows the colon."""
    values = [(key, entry.node) for key, entry in node.entries.items()]
    if len(values) == 1 and isinstance(values[0][1], ScalarNode):
        key, value = values[0][0], plain(values[0][1])
        return f"Write it as text, '{key}:{value}', or name it with 'use', as in {{use: {key}}}."
    return "Name it with 'use', as in {use: window}."


def _written(fields: Mapping[str, Entry]) -> dict[str, Written]:
    return {key: Written(item.key_location, item.node.location) for key, item in fields.items()}


def _key_locations(entry: Entry | None) -> dict[str, Location]:
    entries = entry.node.entries if entry and isinstance(entry.node, MapNode) else {}
    return {key: item.key_location for key, item in entries.items()}


def _attribute_locations(entry: Entry | None) -> dict[str, Location]:
    """Return the location of each attribute that a mapping or a list names."""
    node = entry.node if entry else ListNode((), NOWHERE)
    if isinstance(node, MapNode):
        return {plain_tag(word): item.key_location for word, item in node.entries.items()}
    nodes = node.items if isinstance(node, ListNode) else (node,)
    return {plain_tag(str(plain(item))): item.location for item in nodes}


def _shown(node: Node) -> str:
    if isinstance(node, MapNode):
        return "a mapping" if node.entries else "an empty mapping"
    if isinstance(node, ListNode):
        return "a list"
    if node.value is None:
        return "null"
    if isinstance(node.value, str):
        return f"'{node.value}'"
    return str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
