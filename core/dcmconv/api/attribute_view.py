"""Attributes by keyword, by tag however it is written, or by a path into sequences."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dcmconv.errors import UsageError
from dcmconv.model.template import plain_tag

if TYPE_CHECKING:
    from dcmconv.model.frame import Attributes, AttributeValue

__all__ = ["AttributeKey", "AttributeView"]

AttributeKey = str | int | tuple[int, int]
"""``"PatientID"``, ``"0010,0020"``, ``(0x0010, 0x0020)``, ``0x00100020`` or a path."""


class AttributeView(Mapping[AttributeKey, "AttributeValue"]):
    """The attributes of an input or of a frame as plain values, decoded when they are looked up.

    Text is a str, numbers are int or float, several values are a tuple, and an empty element is
    None.  Sequences and binary values are absent; ``"SEQUENCE[0].KEYWORD"`` looks into one.

    >>> view = AttributeView({"Modality": "CT", "0010,0020": "P1"})
    >>> view["Modality"], view[0x0010, 0x0020], view["(0010,0020)"], view.get("Rows")
    ('CT', 'P1', 'P1', None)
    """

    def __init__(self, attributes: Attributes) -> None:
        self._attributes = attributes

    def __getitem__(self, key: AttributeKey) -> AttributeValue:
        return self._attributes[_name_of(key)]

    def __contains__(self, key: object) -> bool:
        try:
            return _name_of(key) in self._attributes
        except UsageError:  # cannot be the key of anything
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __len__(self) -> int:
        return len(self._attributes)

    def __repr__(self) -> str:
        # Not the values: they may identify a patient.
        return f"<AttributeView of {len(self)} attributes>"


def _name_of(key: object) -> str:
    if isinstance(key, str):
        return plain_tag(key)
    try:
        # Whole numbers of NumPy too.
        numbers = [operator.index(part) for part in (key if isinstance(key, tuple) else (key,))]
    except TypeError:
        numbers = []
    if len(numbers) == 1 and 0 <= numbers[0] <= 0xFFFFFFFF:
        numbers = [numbers[0] >> 16, numbers[0] & 0xFFFF]
    if len(numbers) != 2 or not all(0 <= number <= 0xFFFF for number in numbers):
        raise UsageError(
            f"{key!r:.40} is not an attribute; expected a keyword or a tag.",
            hint='Write "PatientID", "0010,0020" or (0x0010, 0x0020).',
        )
    return f"{numbers[0]:04X},{numbers[1]:04X}"
