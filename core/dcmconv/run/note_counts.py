"""The notes of many inputs, grouped by kind: notes that differ only in numbers are one kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["NoteCounts", "NoteKind"]

EXAMPLES = 3
"""Inputs that are kept for each kind; the rest are only counted."""

MOST_KINDS = 1000
"""Kinds that are counted separately; the limit bounds the memory, whatever the notes say."""

OTHERS = "other notes"

_NUMBER = r"(?<!\w)[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?(?!\w)"
_VARYING = re.compile(
    r"(?P<kept>\([0-9A-Fa-fx]{4},[0-9A-Fa-fx]{4}\)|(?<!\w)1\.2\.840\.10008(?:\.\d+)+)"
    rf"|(?<!\w)'[^']*'(?!\w)|{_NUMBER}(?:(?:, | and ){_NUMBER})*"
)
"""A tag or a UID of the standard distinguishes kinds; other numbers and quoted values do not."""

_VALUE = "\0"


@dataclass
class NoteKind:
    """One kind of note: how many inputs have it, and the first of them."""

    frame: str
    """The note with a zero character for each value."""
    values: list[str]
    """The values, or # and '...' where they differ between inputs."""
    inputs: int = 0
    examples: dict[str, str] = field(default_factory=dict)
    """Input → its note."""

    @property
    def text(self) -> str:
        """The note; # and '...' are values that differ between inputs."""
        parts = self.frame.split(_VALUE)
        return parts[0] + "".join(
            value + part for value, part in zip(self.values, parts[1:], strict=True)
        )

    def add(self, key: str, note: str, values: list[str]) -> None:
        """Count one input."""
        self.inputs += 1
        self.values = list(map(_common, self.values, values))
        if len(self.examples) < EXAMPLES:
            self.examples[key] = note


@dataclass
class NoteCounts:
    """Counts inputs with notes, and the inputs of each kind."""

    inputs: int = 0
    _kinds: dict[str, NoteKind] = field(default_factory=dict)

    def add(self, key: str, notes: Iterable[str]) -> None:
        """Count the notes of one input; several of the same kind count once."""
        found: dict[str, tuple[str, list[str]]] = {}
        for note in notes:
            frame, values = _taken_apart(note)
            if frame not in self._kinds and len(self._kinds) >= MOST_KINDS:
                frame, values = OTHERS, []
            known = self._kinds.setdefault(frame, NoteKind(frame, values))
            if frame in found:
                known.values = list(map(_common, known.values, values))
            found.setdefault(frame, (note, values))
        self.inputs += bool(found)
        for frame, (note, values) in found.items():
            self._kinds[frame].add(key, note, values)

    def most_common(self) -> list[NoteKind]:
        """Return the kinds, the most frequent first."""
        return sorted(self._kinds.values(), key=lambda kind: (-kind.inputs, kind.text))


def _taken_apart(note: str) -> tuple[str, list[str]]:
    """Return a note without its values, and the values."""
    values: list[str] = []

    def take(match: re.Match[str]) -> str:
        if match["kept"]:
            return match[0]
        values.append(match[0])
        return _VALUE

    return _VARYING.sub(take, note.replace(_VALUE, "")), values


def _common(first: str, second: str) -> str:
    if first == second:
        return first
    return "'...'" if second.startswith("'") else "#"
