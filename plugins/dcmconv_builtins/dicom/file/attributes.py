"""Attributes as plain values: what rules, names, tables and plugins ask for."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from dcmconv.plugin import AttributeValue, split_path
from dcmconv_builtins.dicom.file.character_sets import convert_element
from dcmconv_builtins.dicom.file.elements import (
    AnyElement,
    Elements,
    Notes,
    find_tag,
    named,
    pair_of,
    vr_of,
)
from dcmconv_builtins.dicom.file.header_scanner import Excerpt
from dcmconv_builtins.dicom.file.notes import parse_errors
from dcmconv_builtins.dicom.file.plain_values import (
    BINARY_VRS,
    ODD,
    Odd,
    plain_value,
    value_of_pydicom,
)

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

_LONGEST_CACHED = 4096
"""Bytes of an element whose value is remembered; what most texts have is far below."""
_TAG = re.compile("[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}")


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

    def _places(self, tag: int | None = None) -> Iterator[Elements]:
        """Yield where an element may be, the nearest place first; without a tag every place."""
        for group in self._groups:
            for macro in list(group.tags):
                if _may_hold(group.element(macro), tag):
                    yield from group.items(_name_of(macro))[:1]
            # Some vendors put attributes directly into the group, without a macro's sequence.
            yield group
        yield from self._datasets

    def __getitem__(self, key: str) -> AttributeValue:
        sequences, tag = _resolved(key)
        if tag is None:
            raise KeyError(key)
        first = find_tag(sequences[0][0]) if sequences else tag
        for place in self._places(first) if self._groups else self._datasets:
            found = _item_behind(place, sequences) if sequences else place
            element = None if found is None else found.element(tag)
            if found is not None and element is not None:
                return self._value(found, element, key)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        seen: set[int] = set()
        for place in self._places():
            for tag in list(place.tags):
                name = _name_of(tag)
                if tag not in seen and name in self:
                    seen.add(tag)
                    yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _value(self, elements: Elements, element: AnyElement, key: str) -> AttributeValue:
        # Only a raw element has a byte order.
        if element.is_raw and element.is_little_endian:  # type: ignore[union-attr]
            # Not vr_of: pydicom has to decide what an element of VR UN is.
            value = plain_value(element.VR or vr_of(element), element.value or b"")
            if value is not ODD:
                return value
        try:
            value = self._odd_value(elements, int(element.tag))
        except parse_errors():
            self._notes.add(f"{_label(key)} cannot be read; ignored it.")
            raise KeyError(key) from None
        if value is ODD:
            raise KeyError(key)
        return value

    def _odd_value(self, elements: Elements, tag: int) -> AttributeValue | Odd:
        """Let pydicom decode one value; ``ODD`` if it is none that names and tables can show."""
        scanned = elements.scanned
        excerpt = None if scanned is None else scanned.excerpt(tag)
        if excerpt is None or len(excerpt.content) > _LONGEST_CACHED:
            return _by_pydicom(elements.dataset_with(tag), tag, self._notes)
        value, notes = _of_excerpt(excerpt, tag)
        for line in notes:
            self._notes.add(line)
        return value


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


# Bounded: keys of private elements come from the files.
@lru_cache(maxsize=2048)
def _resolved(key: str) -> tuple[tuple[tuple[str, int], ...], int | None]:
    """Return the sequences on the way to an attribute, and its tag; None if there is none."""
    *sequences, (name, _) = split_path(key)
    return tuple(sequences), find_tag(name)


@lru_cache(maxsize=256)
def _of_excerpt(excerpt: Excerpt, tag: int) -> tuple[AttributeValue | Odd, tuple[str, ...]]:
    """Decode an element once for all files that have the same bytes, and return what was noted.

    Names and descriptions are the same in all files of a series, and those beyond ASCII are left to
    pydicom.
    """
    notes = Notes()
    return _by_pydicom(excerpt.parse(), tag, notes), notes.lines()


def _by_pydicom(dataset: Dataset, tag: int, notes: Notes) -> AttributeValue | Odd:
    with notes.catching_warnings():
        element = convert_element(dataset, tag, notes)
    if element.VR in BINARY_VRS or isinstance(element.value, bytes):
        return ODD
    return value_of_pydicom(element.value, element.VR)


def _may_hold(macro: AnyElement | None, tag: int | None) -> bool:
    """Whether an element is a sequence, and its bytes do not prove that a tag is not in it.

    pydicom takes 300 calls to parse the macros of one frame.
    """
    if macro is None or vr_of(macro) != "SQ":
        return False
    if tag is None or not isinstance(macro.value, bytes):
        return True
    order = "<" if macro.is_little_endian else ">"  # type: ignore[union-attr]
    return struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF) in macro.value


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

    return keyword_for_tag(tag) or pair_of(tag)


def _label(key: str) -> str:
    return f"({key})" if _TAG.fullmatch(key) else named(key)
