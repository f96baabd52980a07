"""YAML text as nodes with locations.

Scalars follow the core schema of YAML 1.2: ``no``, dates and ``12:30`` are text, and ``1e3`` is a
number.  One difference: numbers with leading zeros stay text, because identifiers have them; an
option that is a number still reads them.  Aliases, anchors and tags are rejected, and so is text
that is too large or nested too deeply to be a chain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from typing import Any

import yaml

from dcmconv.chain.document import (
    MAX_BYTES,
    VERSION,
    Entry,
    ListNode,
    MapNode,
    Node,
    ScalarNode,
)
from dcmconv.chain.errors import ChainProblem, InvalidChainError, Location, invalid_chain
from dcmconv.model.records import record

__all__ = ["read_yaml"]

MAX_LEVELS = 20

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# Lengths are bounded because Python takes quadratic time for long numbers.
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
        The root, and the problems that do not prevent reading on: keys that are given twice.

    Raises
    ------
    InvalidChainError
        If the content is not YAML, or uses a part of YAML that chains do not support.
    """
    if len(content) > MAX_BYTES:
        raise invalid_chain(
            Location(source),
            f"The file is larger than {MAX_BYTES} bytes, the limit for a chain.",
            "Is this the right file?",
        )
    try:
        # Editors on Windows may write a byte order mark.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"Byte {error.start} is not valid UTF-8."
        raise invalid_chain(Location(source), message, "Save the file as UTF-8.") from None
    return _Parser(text, source).document()


@record
class _Parser:
    text: str
    source: str
    problems: list[ChainProblem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines = self.text.splitlines()
        # Events, not yaml.compose: it recurses, so that deep nesting would exhaust the stack before
        # MAX_LEVELS is checked.
        self.events: Iterator[Any] = yaml.parse(self.text, Loader=yaml.SafeLoader)

    def document(self) -> tuple[Node, list[ChainProblem]]:
        try:
            root = self._only_document()
        except yaml.MarkedYAMLError as error:
            raise self._syntax_error(error) from None
        except yaml.reader.ReaderError as error:
            location = self._location_of_index(error.position)
            message = f"The character {self.text[error.position]!a} is not allowed in YAML."
            raise invalid_chain(location, message, "Remove it.") from None
        return root, self.problems

    def _only_document(self) -> Node:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    message = "Expected one document, found a second one."
                    hint = "Put each chain in its own file."
                    raise invalid_chain(self._location(event), message, hint)
                root = self._node(next(self.events), 1)
        if root is None:
            hint = f"Start it with: version: {VERSION}"
            raise invalid_chain(Location(self.source), "The file is empty.", hint)
        return root

    def _node(self, event: Any, level: int) -> Node:
        location = self._location(event)
        self._check_supported(event, location, level)
        if isinstance(event, yaml.SequenceStartEvent):
            return ListNode(tuple(self._items(level)), location)
        if isinstance(event, yaml.MappingStartEvent):
            return MapNode(self._entries(level), location)
        # PyYAML gives plain scalars no style.
        is_quoted = event.style is not None
        return ScalarNode(event.value if is_quoted else _resolved(event.value), location)

    def _items(self, level: int) -> Iterator[Node]:
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self._node(event, level + 1)

    def _entries(self, level: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            location = self._location(event)
            self._check_supported(event, location, level)
            if not isinstance(event, yaml.ScalarEvent):
                message = "A key must be text, not a list or a mapping."
                raise invalid_chain(location, message, "Write: KEY: VALUE")
            node = self._node(next(self.events), level + 1)
            # The text as written, not resolved: a key such as 1 or null is a word here.
            if event.value in entries:
                first = entries[event.value].key_location.line
                message = f"'{event.value}' is given twice, first in line {first}."
                self.problems.append(ChainProblem(location, message, "Remove one of them."))
            else:
                entries[event.value] = Entry(location, node)
        return entries

    def _check_supported(self, event: Any, location: Location, level: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            message = f"Aliases such as '*{event.anchor}' are not supported."
            raise invalid_chain(location, message, "Write out the value that it refers to.")
        if event.anchor:
            message = f"Anchors such as '&{event.anchor}' are not supported."
            raise invalid_chain(location, message, "Remove it.")
        if event.tag:
            message = f"Tags such as '{event.tag}' are not supported."
            raise invalid_chain(location, message, "Remove it.")
        if level > MAX_LEVELS:
            message = f"Nested more than {MAX_LEVELS} levels deep."
            raise invalid_chain(location, message, "Is this a chain file?")

    def _syntax_error(self, error: yaml.MarkedYAMLError) -> InvalidChainError:
        mark = error.problem_mark or error.context_mark
        location = self._at(mark.line, mark.column) if mark else Location(self.source)
        fault = " ".join(part for part in (error.context, error.problem) if part)
        # PyYAML names the tab that it found as a backslash and a t.
        hint = "Indent with spaces." if "\\t" in fault else "Is a bracket, quote or colon missing?"
        return invalid_chain(location, f"This is not YAML: {fault}.", hint)

    def _location(self, event: Any) -> Location:
        return self._at(event.start_mark.line, event.start_mark.column)

    def _location_of_index(self, index: int) -> Location:
        before = self.text[:index].splitlines() or [""]
        return Location(self.source, len(before), len(before[-1]) + 1)

    def _at(self, line_index: int, column_index: int) -> Location:
        # What is missing at the end of a file is reported in the line after the last.
        text = self.lines[line_index] if line_index < len(self.lines) else ""
        return Location(self.source, line_index + 1, column_index + 1, text)


def _resolved(text: str) -> str | int | float | bool | None:
    """Return the value of an unquoted scalar."""
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
        # Python writes inf and nan without the leading dot of YAML.
        return float(text.replace(".", "", 1))
    return text
