"""What a chain document is made of, with the location of everything; it needs no YAML library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dcmconv.chain.errors import NOWHERE, Location

__all__ = ["MOST_BYTES", "Entry", "ListNode", "MapNode", "Node", "ScalarNode", "node_of", "plain"]

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
