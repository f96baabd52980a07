"""Elements of a dataset, read so that a broken one is a note and never the end (PS3.5 7)."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard

from dcmconv_builtins.dicom.file.notes import Notes
from dcmconv_builtins.dicom.file.parse_errors import parse_errors
from dcmconv_builtins.dicom.file.scanned import RawElement, ScannedDataset
from dcmconv_builtins.dicom.file.tags import TAGS

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement, RawDataElement
    from pydicom.dataset import Dataset

__all__ = ["Elements", "Notes", "converted", "named"]

_TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""Those that Specific Character Set (0008,0005) speaks of (PS3.5 6.1.2.3)."""

_BINARY_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"} | {
    "US or SS": "H",
    "US or OW": "H",
    "US or SS or OW": "H",
    "AT": "H",
    "UV": "Q",
    "SV": "q",
}


@cache
def _tag_of(keyword: str) -> int | None:
    # pydicom's dictionary takes long to import; what every image is asked for needs none.
    if keyword in TAGS:
        return TAGS[keyword]
    if re.fullmatch("[0-9A-F]{4},[0-9A-F]{4}", keyword):
        # Elements of a repeating group, such as 6002,0010, have no keyword of their own.
        return int(keyword.replace(",", ""), 16)
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(keyword)


@cache
def named(keyword: str) -> str:
    """Return an attribute as messages write it: ``Rows (0028,0010)``."""
    from pydicom.datadict import dictionary_description

    tag = _tag_of(keyword)
    if tag is None:
        return keyword
    return f"{dictionary_description(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})"


def converted(dataset: Dataset, tag: int) -> DataElement:
    """Return an element as pydicom converts it, and leave the dataset as it was read.

    pydicom keeps what it has converted, so whoever asked later would find another value: a decimal
    comma gone, a text decoded.
    """
    as_read: RawDataElement | DataElement = dataset.get_item(tag)
    element = dataset[tag]
    if as_read.is_raw and element.VR != "SQ":
        dataset[tag] = as_read
    return element


class Elements:
    """The elements of a dataset or of a sequence item; absent and unreadable ones are empty.

    They are asked for by keyword, or by ``GGGG,EEEE`` where a group repeats.

    Parameters
    ----------
    source : pydicom Dataset or ScannedDataset
        Read, and never changed but for pydicom's own lazy conversion.
    notes : Notes
        Where an unreadable element is noted.
    """

    def __init__(self, source: Dataset | ScannedDataset, notes: Notes) -> None:
        self._source = source
        self.notes = notes

    @property
    def dataset(self) -> Dataset:
        """The dataset as pydicom has it; where that is not yet so, this takes a moment."""
        source = self._source
        return source.whole if isinstance(source, ScannedDataset) else source

    @property
    def scanned(self) -> ScannedDataset | None:
        """The dataset as it was scanned; None where pydicom parsed it."""
        return self._source if isinstance(self._source, ScannedDataset) else None

    @property
    def tags(self) -> Iterable[int]:
        """The tags of all elements; no value is read."""
        return self._source.keys()

    def __contains__(self, keyword: str) -> bool:
        """Whether the element is there; it may still be empty."""
        return self._element(keyword) is not None

    def has_value(self, keyword: str) -> bool:
        """Whether the element holds anything.

        Blank text is nothing; of numbers and bytes every one counts, also those that would be
        blanks in a text, such as 9, 10, 13 and 32.
        """
        element = self._element(keyword)
        if element is None:
            return False
        vr = _vr_of(element)
        if vr == "SQ":
            return bool(self.items(keyword))
        if isinstance(element.value, bytes) and (vr in _BINARY_NUMBERS or vr.startswith("O")):
            return bool(element.value)
        return bool(self.texts(keyword))

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """Return every number of an element; whole numbers of integer VRs as int."""
        try:
            return self._numbers(keyword)
        except parse_errors():
            self.notes.add(f"{named(keyword)} cannot be read and was left out.")
            return ()

    def number(self, keyword: str) -> float | None:
        """Return the first number, or None."""
        return next(iter(self.numbers(keyword)), None)

    def integers(self, keyword: str) -> tuple[int, ...]:
        """Return the numbers of an element without their fractions; none if one is infinite."""
        numbers = self.numbers(keyword)
        if all(map(math.isfinite, numbers)):
            return tuple(map(int, numbers))
        self.notes.add(f"{named(keyword)} is no whole number and was left out.")
        return ()

    def integer(self, keyword: str) -> int | None:
        """Return the first number without its fraction, or None."""
        return next(iter(self.integers(keyword)), None)

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Return every value of a code string, UID or text, without padding; none of a sequence."""
        element = self._element(keyword)
        if element is None or element.VR == "SQ" or element.value is None:
            return ()
        value = element.value
        if isinstance(value, bytes):
            value = self._decoded(element, value, keyword)
        if isinstance(value, str):
            value = value.split("\\")
        values = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
        texts = tuple(str(part).strip(" \0\t\r\n") for part in values)
        return () if texts == ("",) else texts

    def _decoded(
        self, element: RawElement | RawDataElement | DataElement, value: bytes, keyword: str
    ) -> Any:
        if value.isascii() and b"\x1b" not in value:
            return value.decode("latin-1")
        try:
            if _vr_of(element) in _TEXT_VRS:
                with self.notes.catching_warnings():
                    return converted(self.dataset, element.tag).value
        except parse_errors():
            self.notes.add(f"{named(keyword)} is not in its character set.")
        return value.decode("latin-1")

    def text(self, keyword: str) -> str:
        """Return the first value as text; empty if there is none."""
        return next(iter(self.texts(keyword)), "")

    def items(self, keyword: str) -> tuple[Elements, ...]:
        """Return the items of a sequence."""
        tag = _tag_of(keyword)
        if tag is None or self._element(keyword) is None:
            return ()
        try:
            with self.notes.catching_warnings():
                value = self.dataset[tag].value
            return tuple(Elements(item, self.notes) for item in value or ())
        except parse_errors():
            self.notes.add(f"{named(keyword)} cannot be read and was left out.")
            return ()

    def data(self, keyword: str) -> bytes:
        """Return a binary element's bytes, in the file's byte order; empty if there is none."""
        value = self._raw_value(keyword)
        if value is None:
            return b""
        if isinstance(value, bytes):
            return value
        words = [value] if isinstance(value, int) else list(value)
        order = "<" if self.is_little_endian else ">"
        return struct.pack(f"{order}{len(words)}H", *(int(word) & 0xFFFF for word in words))

    @property
    def is_little_endian(self) -> bool:
        """The byte order of the file, for ``data``."""
        return self._source.original_encoding[1] is not False

    def _element(self, keyword: str) -> RawElement | RawDataElement | DataElement | None:
        tag = _tag_of(keyword)
        if tag is None:
            return None
        if isinstance(self._source, ScannedDataset):
            return self._source.find(tag)
        try:
            return self._source.get_item(tag)
        except KeyError:
            return None
        except parse_errors():
            # Where the file ends before the value, pydicom tries to read it once more.
            self.notes.add(f"{named(keyword)} cannot be read and was left out.")
            return None

    def _raw_value(self, keyword: str) -> Any:
        element = self._element(keyword)
        return None if element is None else element.value

    def _numbers(self, keyword: str) -> tuple[float, ...]:
        element = self._element(keyword)
        if element is None:
            return ()
        if not _is_raw(element):
            return _as_numbers(element.value)
        value = element.value
        if not value:
            return ()
        vr = _vr_of(element)
        if vr == "SQ":
            raise ValueError("a sequence is no number")
        if vr in _BINARY_NUMBERS:
            code = _BINARY_NUMBERS[vr]
            count = len(value) // struct.calcsize(code)
            order = "<" if element.is_little_endian else ">"
            return struct.unpack_from(f"{order}{count}{code}", value)
        return self._decimal_numbers(value.decode("latin-1"), keyword)

    def _decimal_numbers(self, text: str, keyword: str) -> tuple[float, ...]:
        # Straight from the text: pydicom refuses a decimal comma and too long numbers.
        parts = [part.strip(" \0") for part in text.split("\\")]
        if "," in text:
            self.notes.add(f"{named(keyword)} has a decimal comma; it was read as a point.")
            parts = [part.replace(",", ".") for part in parts]
        return tuple(_whole_if_exact(float(part)) for part in parts if part)


def _is_raw(
    element: RawElement | RawDataElement | DataElement,
) -> TypeGuard[RawElement | RawDataElement]:
    # Not isinstance: pydicom need not have been imported.
    return element.is_raw


def _vr_of(element: RawElement | RawDataElement | DataElement) -> str:
    if element.VR not in (None, "UN"):
        return element.VR
    from pydicom.datadict import dictionary_VR

    return dictionary_VR(element.tag)


def _as_numbers(value: Any) -> tuple[float, ...]:
    if value is None or value == "":
        return ()
    values = value if hasattr(value, "append") or isinstance(value, tuple) else [value]
    return tuple(_whole_if_exact(float(part)) for part in values if part not in (None, ""))


def _whole_if_exact(number: float) -> float:
    return int(number) if number.is_integer() else number
