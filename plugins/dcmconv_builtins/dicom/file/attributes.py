"""Attributes as plain values: what rules, names, tables and plugins ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dcmconv.plugin import AttributeValue
from dcmconv_builtins.dicom.file.elements import (
    Elements,
    Notes,
    convert_element,
    find_tag,
    named,
)
from dcmconv_builtins.dicom.file.notes import parse_errors

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["ARTICLE_KEYWORDS", "DicomAttributes"]

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
# pydicom leaves the escape sequences of GB 2312 (ISO 2022 IR 58) in the text that it decodes.
_ESCAPE_SEQUENCE = re.compile("\x1b[ -/]+[0-~]")


class DicomAttributes(Mapping[str, AttributeValue]):
    """The elements of a dataset by keyword or ``GGGG,EEEE``, converted on demand.

    Text is decoded by Specific Character Set (0008,0005), names included; DS and IS are numbers;
    several values are a tuple; an empty element is None.  Sequences and binary values are absent.
    An unreadable element is a missing key and a note.  Attributes in the functional groups of a
    frame take precedence.

    Parameters
    ----------
    datasets : tuple of Elements
        Where to look, in this order: macros of the frame, of all frames, then the top level.
    notes : Notes
        Where unreadable elements are noted.
    """

    def __init__(self, datasets: tuple[Elements, ...], notes: Notes) -> None:
        self._elements = datasets
        self._notes = notes

    @cached_property
    def _datasets(self) -> tuple[Dataset, ...]:
        # The first attribute costs the parsing of the whole dataset.
        return tuple(elements.dataset for elements in self._elements)

    @classmethod
    def of_frame(cls, top: Elements, groups: tuple[Elements, ...]) -> DicomAttributes:
        """Return the attributes of one frame, from its functional groups and the top level."""
        macros: list[Elements] = []
        for group in groups:
            for tag in list(group.tags):
                if group.is_sequence(keyword := _keyword_of(tag)):
                    macros.extend(group.items(keyword)[:1])
            # Some vendors put attributes directly into the group, without a macro's sequence.
            macros.append(group)
        return cls((*macros, top), top.notes)

    def __getitem__(self, key: str) -> AttributeValue:
        tag = find_tag(key)
        for dataset in self._datasets:
            if tag is not None and tag in dataset:
                return self._value(dataset, tag, key)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        seen: set[int] = set()
        for dataset in self._datasets:
            for tag in dataset.keys():  # noqa: SIM118 - iterating a Dataset converts every element
                name = _keyword_of(tag) or f"{tag >> 16:04X},{tag & 0xFFFF:04X}"
                if tag not in seen and name in self:
                    seen.add(tag)
                    yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _value(self, dataset: Dataset, tag: int, key: str) -> AttributeValue:
        try:
            with self._notes.catching_warnings():
                element = convert_element(dataset, tag)
            if element.VR not in _BINARY_VRS and not isinstance(element.value, bytes):
                return _plain(element.value, element.VR)
        except parse_errors():
            self._notes.add(f"{_label(key)} cannot be read; ignored it.")
        raise KeyError(key)


def _keyword_of(tag: int) -> str:
    from pydicom.datadict import keyword_for_tag

    return keyword_for_tag(tag)


def _label(key: str) -> str:
    return f"({key})" if "," in key else named(key)


def _plain(value: Any, vr: str) -> AttributeValue:
    if value is None or value == "":
        return None
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
        return float(value or "nan")
    text = _ESCAPE_SEQUENCE.sub("", str(value)).strip(" \0")
    if vr == "PN":
        # Empty components and groups carry nothing: "Wang^Xiao=王^小" stays, "Doe^^^" is "Doe".
        return "=".join(group.rstrip("^ ") for group in text.split("=")).rstrip("=")
    return text
