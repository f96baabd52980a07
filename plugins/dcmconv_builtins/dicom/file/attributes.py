"""Attributes as plain values: what rules, names, tables and plugins ask for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dcmconv.plugin import AttributeValue, split_path
from dcmconv_builtins.dicom.file.character_sets import convert_element
from dcmconv_builtins.dicom.file.elements import (
    Elements,
    Notes,
    find_tag,
    named,
)
from dcmconv_builtins.dicom.file.notes import parse_errors

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["ARTICLE_KEYWORDS", "DicomAttributes", "InstanceAttributes"]

ARTICLE_KEYWORDS = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientAge",
    "PatientSex",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "InstitutionName",
    "Manufacturer",
    "StudyDescription",
)
"""The tag table of the article."""

_BINARY_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN", "SQ", "OB or OW"})
_TAG = re.compile("[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}")
# pydicom leaves the escape sequences of GB 2312 (ISO 2022 IR 58) in the text that it decodes.
_ESCAPE_SEQUENCE = re.compile("\x1b[ -/]+[0-~]")


class DicomAttributes(Mapping[str, AttributeValue]):
    """The elements of a dataset by keyword, ``GGGG,EEEE`` or a path, converted on demand.

    Text is decoded by Specific Character Set (0008,0005), names included; DS and IS are numbers;
    several values are a tuple; an empty element is None.  Sequences and binary values are absent.
    An unreadable element is a missing key and a note.  Attributes in the functional groups of a
    frame take precedence.  Only what is looked up is decoded.

    Parameters
    ----------
    datasets : tuple of Elements
        Where to look, in this order: the top level, then File Meta Information.
    notes : Notes
        Where unreadable elements are noted.
    groups : tuple of Elements
        Functional groups, which come before the datasets: of the frame, then of all frames.
    """

    def __init__(
        self, datasets: tuple[Elements, ...], notes: Notes, groups: tuple[Elements, ...] = ()
    ) -> None:
        self._datasets = datasets
        self._notes = notes
        self._groups = groups

    @cached_property
    def _places(self) -> tuple[Elements, ...]:
        macros: list[Elements] = []
        for group in self._groups:
            for tag in list(group.tags):
                if group.is_sequence(name := _name_of(tag)):
                    macros.extend(group.items(name)[:1])
            # Some vendors put attributes directly into the group, without a macro's sequence.
            macros.append(group)
        return (*macros, *self._datasets)

    def __getitem__(self, key: str) -> AttributeValue:
        *sequences, (name, _) = split_path(key)
        tag = find_tag(name)
        if tag is None:
            raise KeyError(key)
        for place in self._places:
            found = _item_behind(place, sequences)
            if found is not None and tag in found.tags:
                return self._value(found.dataset, tag, key)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        seen: set[int] = set()
        for place in self._places:
            for tag in list(place.tags):
                name = _name_of(tag)
                if tag not in seen and name in self:
                    seen.add(tag)
                    yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _value(self, dataset: Dataset, tag: int, key: str) -> AttributeValue:
        try:
            with self._notes.catching_warnings():
                element = convert_element(dataset, tag, self._notes)
            if element.VR not in _BINARY_VRS and not isinstance(element.value, bytes):
                return _plain(element.value, element.VR)
        except parse_errors():
            self._notes.add(f"{_label(key)} cannot be read; ignored it.")
        raise KeyError(key)


class InstanceAttributes(Mapping[str, AttributeValue]):
    """The attributes of an instance whose frames have their own functional groups.

    An attribute in which the frames differ is a missing key, and a note.

    Parameters
    ----------
    of_frame : callable
        Returns the attributes of a frame, counted from 0.
    own : sequence of Elements
        The functional groups of each frame, at least one.
    notes : Notes
        For attributes in which frames differ.
    """

    def __init__(
        self,
        of_frame: Callable[[int], DicomAttributes],
        own: Sequence[Elements],
        notes: Notes,
    ) -> None:
        self._of_frame = of_frame
        self._own = own
        self._notes = notes

    @cached_property
    def _first(self) -> DicomAttributes:
        return self._of_frame(0)

    def __getitem__(self, key: str) -> AttributeValue:
        value = self._first[key]
        if not self._is_shared(key, value):
            self._notes.add(f"The frames differ in {_label(key)}; no rule can match it.")
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._first if self._is_shared(key, self._first[key]))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _is_shared(self, key: str, value: AttributeValue) -> bool:
        # Most attributes are at the top level, and there may be 100,000 frames: checking the first
        # of them is enough.
        if key not in DicomAttributes((), self._notes, (self._own[0],)):
            return True
        others = range(1, len(self._own))
        return all(self._of_frame(index).get(key) == value for index in others)


def _item_behind(place: Elements, sequences: Sequence[tuple[str, int]]) -> Elements | None:
    """Return the item that a path leads to; None if it does not exist."""
    for name, number in sequences:
        items = place.items(name) if place.is_sequence(name) else ()
        if number >= len(items):
            return None
        place = items[number]
    return place


def _name_of(tag: int) -> str:
    from pydicom.datadict import keyword_for_tag

    return keyword_for_tag(tag) or f"{tag >> 16:04X},{tag & 0xFFFF:04X}"


def _label(key: str) -> str:
    return f"({key})" if _TAG.fullmatch(key) else named(key)


def _plain(value: Any, vr: str) -> AttributeValue:
    if value is None or value == "":
        return None
    # pydicom's MultiValue is not a list.
    if isinstance(value, list | tuple) or hasattr(value, "append"):
        parts = tuple(_plain_single(part, vr) for part in value)
        return parts or None
    return _plain_single(value, vr)


def _plain_single(value: Any, vr: str) -> str | int | float:
    if vr == "AT":
        return f"{int(value) >> 16:04X},{int(value) & 0xFFFF:04X}"
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float) or vr == "DS":
        return math.nan if value in ("", None) else float(value)
    text = _ESCAPE_SEQUENCE.sub("", str(value)).strip(" \0")
    if vr == "PN":
        # Empty components and groups carry nothing: "Wang^Xiao=王^小" stays, "Doe^^^" is "Doe".
        return "=".join(group.rstrip("^ ") for group in text.split("=")).rstrip("=")
    return text
