"""YAML text as nodes that remember where they stand.

The scalars are those of the YAML 1.2 core schema: ``no`` is text, and so are dates and ``12:30``;
``1e3`` is a number.  Numbers with leading zeros stay text, because identifiers have them; a number
option reads them all the same.  Aliases, anchors and tags are refused, and so is what is too large
or too deep to be a chain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from dcmconv.chain.document import MOST_BYTES, Entry, ListNode, MapNode, Node, ScalarNode
from dcmconv.chain.errors import ChainProblem, InvalidChain, Location

__all__ = ["read_yaml"]

MOST_LEVELS = 20

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,30})")
_BASED = re.compile(r"0o[0-7]{1,30}|0x[0-9a-fA-F]{1,30}")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]{1,60}|(0|[1-9][0-9]{0,60})(\.[0-9]{0,60})?)([eE][-+]?[0-9]{1,9})?"
)
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def read_yaml(content: bytes, source: str) -> tuple[Node, list[ChainProblem]]:
    """Read one document.

    Returns
    -------
    node, problems
        The root, and what is wrong but did not stop the reading: keys that are written twice.

    Raises
    ------
    InvalidChain
        If it is not YAML, or YAML that a chain cannot have.
    """
    if len(content) > MOST_BYTES:
        raise InvalidChain(
            Location(source),
            f"{len(content)} bytes; a chain has at most {MOST_BYTES}.",
            "Is this the right file?",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"Byte {error.start} is not UTF-8; a chain is UTF-8 text."
        raise InvalidChain(Location(source), message, "Save the file as UTF-8.") from None
    return _Reading(text, source).document()


@dataclass
class _Reading:
    text: str
    source: str
    problems: list[ChainProblem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines = self.text.splitlines()
        # Events, not yaml.compose: the parser of events does not recurse, so the depth is ours.
        self.events: Iterator[Any] = yaml.parse(self.text, Loader=yaml.SafeLoader)

    def document(self) -> tuple[Node, list[ChainProblem]]:
        try:
            root = self._first_document()
        except yaml.MarkedYAMLError as error:
            raise self._syntax(error) from None
        except yaml.reader.ReaderError as error:
            location = self._location_of_index(error.position)
            message = f"The character {self.text[error.position]!a} cannot stand in YAML."
            raise InvalidChain(location, message, "Take it out.") from None
        return root, self.problems

    def _first_document(self) -> Node:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise InvalidChain(
                        self._location(event), "A chain file has one document, not two."
                    )
                root = self._node(next(self.events), 1)
        if root is None:
            raise InvalidChain(
                Location(self.source), "The file is empty.", "Start it with: version: 1"
            )
        return root

    def _node(self, event: Any, level: int) -> Node:
        location = self._location(event)
        self._refuse_cleverness(event, location, level)
        if isinstance(event, yaml.SequenceStartEvent):
            return ListNode(tuple(self._items(level)), location)
        if isinstance(event, yaml.MappingStartEvent):
            return MapNode(self._entries(level), location)
        is_plain = event.style is None
        return ScalarNode(_resolved(event.value) if is_plain else event.value, location)

    def _items(self, level: int) -> Iterator[Node]:
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self._node(event, level + 1)

    def _entries(self, level: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            location = self._location(event)
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse_cleverness(event, location, level)
                raise InvalidChain(location, "A key is a word, not a list or a mapping.")
            self._refuse_cleverness(event, location, level)
            node = self._node(next(self.events), level + 1)
            if event.value in entries:
                first = entries[event.value].key_location.line
                message = f"'{event.value}' is written twice; first in line {first}."
                self.problems.append(ChainProblem(location, message, "Leave one of them out."))
            else:
                entries[event.value] = Entry(location, node)
        return entries

    def _refuse_cleverness(self, event: Any, location: Location, level: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise InvalidChain(
                location, f"The alias '*{event.anchor}' is refused.", "Write it out."
            )
        if event.anchor:
            raise InvalidChain(
                location, f"The anchor '&{event.anchor}' is refused.", "Take it out."
            )
        if event.tag:
            raise InvalidChain(
                location, f"The tag '{event.tag}' is refused; a chain is data.", "Take it out."
            )
        if level > MOST_LEVELS:
            raise InvalidChain(
                location, f"More than {MOST_LEVELS} levels deep; no chain is that deep."
            )

    def _syntax(self, error: yaml.MarkedYAMLError) -> InvalidChain:
        mark = error.problem_mark or error.context_mark
        location = self._at(mark.line, mark.column) if mark else Location(self.source)
        what = " ".join(part for part in (error.context, error.problem) if part)
        hint = "Indent with spaces." if "\\t" in what else "Is a bracket, quote or colon missing?"
        return InvalidChain(location, f"This is not YAML: {what}.", hint)

    def _location(self, event: Any) -> Location:
        return self._at(event.start_mark.line, event.start_mark.column)

    def _location_of_index(self, index: int) -> Location:
        before = self.text[:index].splitlines() or [""]
        return Location(self.source, len(before), len(before[-1]) + 1)

    def _at(self, line_index: int, column_index: int) -> Location:
        text = self.lines[line_index] if line_index < len(self.lines) else ""
        return Location(self.source, line_index + 1, column_index + 1, text)


def _resolved(text: str) -> str | int | float | bool | None:
    """Return what a plain scalar means in the core schema of YAML 1.2, leading zeros left alone."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text
