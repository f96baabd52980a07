"""The elements of a dataset, one value at a time; an unreadable one is a note (PS3.5 7).

``Elements`` gives the same answers whether the header was scanned or parsed by pydicom.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterable
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from dcmconv_builtins.dicom.file.encoding import FIRST_DELIMITER, KNOWN_VRS, UNDEFINED_LENGTH
from dcmconv_builtins.dicom.file.header_scanner import RawElement, ScannedDataset
from dcmconv_builtins.dicom.file.notes import Notes, parse_errors

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement, RawDataElement
    from pydicom.dataset import Dataset

AnyElement: TypeAlias = "RawElement | RawDataElement | DataElement"

__all__ = [
    "TAGS",
    "AnyElement",
    "Elements",
    "Notes",
    "find_tag",
    "named",
    "pair_of",
    "vr_of",
]

TAGS = {
    "MediaStorageSOPClassUID": 0x00020002,
    "TransferSyntaxUID": 0x00020010,
    "ImageType": 0x00080008,
    "SOPClassUID": 0x00080016,
    "ImagerPixelSpacing": 0x00181164,
    "ShutterShape": 0x00181600,
    "FrameDisplayShutterSequence": 0x00189472,
    "NominalScannedPixelSpacing": 0x00182010,
    "SamplesPerPixel": 0x00280002,
    "PhotometricInterpretation": 0x00280004,
    "PlanarConfiguration": 0x00280006,
    "NumberOfFrames": 0x00280008,
    "Rows": 0x00280010,
    "Columns": 0x00280011,
    "PixelSpacing": 0x00280030,
    "PixelAspectRatio": 0x00280034,
    "BitsAllocated": 0x00280100,
    "BitsStored": 0x00280101,
    "HighBit": 0x00280102,
    "PixelRepresentation": 0x00280103,
    "PixelPaddingValue": 0x00280120,
    "PixelPaddingRangeLimit": 0x00280121,
    "BurnedInAnnotation": 0x00280301,
    "WindowCenter": 0x00281050,
    "WindowWidth": 0x00281051,
    "RescaleIntercept": 0x00281052,
    "RescaleSlope": 0x00281053,
    "RescaleType": 0x00281054,
    "WindowCenterWidthExplanation": 0x00281055,
    "VOILUTFunction": 0x00281056,
    "RedPaletteColorLookupTableDescriptor": 0x00281101,
    "GreenPaletteColorLookupTableDescriptor": 0x00281102,
    "BluePaletteColorLookupTableDescriptor": 0x00281103,
    "RedPaletteColorLookupTableData": 0x00281201,
    "GreenPaletteColorLookupTableData": 0x00281202,
    "BluePaletteColorLookupTableData": 0x00281203,
    "AlphaPaletteColorLookupTableData": 0x00281204,
    "DataFrameAssignmentSequence": 0x00281401,
    "EnhancedPaletteColorLookupTableSequence": 0x0028140B,
    "ICCProfile": 0x00282000,
    "ModalityLUTSequence": 0x00283000,
    "VOILUTSequence": 0x00283010,
    "PixelMeasuresSequence": 0x00289110,
    "FrameVOILUTSequence": 0x00289132,
    "PixelValueTransformationSequence": 0x00289145,
    "MeasurementUnitsCodeSequence": 0x004008EA,
    "RealWorldValueMappingSequence": 0x00409096,
    "TotalPixelMatrixColumns": 0x00480006,
    "TotalPixelMatrixRows": 0x00480007,
    "OpticalPathSequence": 0x00480105,
    "Units": 0x00541001,
    "SegmentationType": 0x00620001,
    "PresentationLUTSequence": 0x20500010,
    "PresentationLUTShape": 0x20500020,
    "DoseUnits": 0x30040002,
    "SharedFunctionalGroupsSequence": 0x52009229,
    "PerFrameFunctionalGroupsSequence": 0x52009230,
    "ExtendedOffsetTable": 0x7FE00001,
    "ExtendedOffsetTableLengths": 0x7FE00002,
}
"""Keyword to tag of what every image is asked for (PS3.6).

pydicom's dictionary, which knows the others, takes longer to import than a typical file to convert.
"""

_BINARY_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"} | {
    # Where PS3.6 leaves a choice of VRs, an implicit element does not say which one it has.
    "US or SS": "H",
    "US or OW": "H",
    "US or SS or OW": "H",
    "AT": "H",  # two words: group and element
    "UV": "Q",
    "SV": "q",
}


# Bounded: keys of private elements come from the files.
@lru_cache(maxsize=2048)
def find_tag(keyword: str) -> int | None:
    """Return the tag of a keyword or of ``GGGG,EEEE``; None if it is neither.

    The elements of a repeating group, such as 6002,0010, have no separate keyword.
    """
    if keyword in TAGS:
        return TAGS[keyword]
    if re.fullmatch("[0-9A-Fa-f]{4},?[0-9A-Fa-f]{4}", keyword):
        return int(keyword.replace(",", ""), 16)
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(keyword)


def pair_of(tag: int) -> str:
    """Return a tag as ``GGGG,EEEE``."""
    return f"{tag >> 16:04X},{tag & 0xFFFF:04X}"


@cache
def named(keyword: str) -> str:
    """Return an attribute as messages write it: ``Rows (0028,0010)``."""
    from pydicom.datadict import dictionary_description

    tag = find_tag(keyword)
    if tag is None:
        return keyword
    return f"{dictionary_description(tag)} ({pair_of(tag)})"


class Elements:
    """The elements of a dataset or of a sequence item; absent and unreadable ones are empty.

    The keys are keywords, or ``GGGG,EEEE`` where a group repeats.

    Parameters
    ----------
    source : pydicom Dataset or ScannedDataset
        Never changed, except by pydicom's own lazy conversion of sequences.
    notes : Notes
        For unreadable elements.
    """

    element: Callable[[int], AnyElement | None]
    """Returns the element of a tag as it was read; None if there is none."""

    def __init__(self, source: Dataset | ScannedDataset, notes: Notes) -> None:
        self._source = source
        self.notes = notes
        # Not a method: a scanned dataset is asked some 15 times for each file.
        if isinstance(source, ScannedDataset):
            self.element = source.find
        else:
            self.element = partial(_parsed_element, source, notes)
        self._items: dict[str, tuple[Elements, ...]] = {}

    @property
    def dataset(self) -> Dataset:
        """The dataset as pydicom parses it; slow the first time if it was scanned."""
        source = self._source
        return source.whole if isinstance(source, ScannedDataset) else source

    def dataset_with(self, tag: int) -> Dataset:
        """Return the dataset as pydicom parses it; of a scanned one perhaps only this element."""
        source = self._source
        return source.parsed(tag) if isinstance(source, ScannedDataset) else source

    def use_character_set(self, name: str) -> None:
        """Decode texts by this set instead of Specific Character Set (0008,0005)."""
        if isinstance(self._source, ScannedDataset):
            self._source.character_set = name
            return
        from dcmconv_builtins.dicom.file.character_sets import use_character_set

        use_character_set(self._source, name)

    @property
    def scanned(self) -> ScannedDataset | None:
        """The scanned dataset; None if pydicom parsed it."""
        return self._source if isinstance(self._source, ScannedDataset) else None

    @property
    def tags(self) -> Iterable[int]:
        """The tags of all elements; no value is read."""
        return self._source.keys()

    def __contains__(self, keyword: str) -> bool:
        """Whether the element is present; it may be empty."""
        return self._element(keyword) is not None

    def has_value(self, keyword: str) -> bool:
        """Whether the element has a value other than blank text.

        Every number and byte is a value, even one that would be a blank in a text (9, 10, 13, 32).
        """
        element = self._element(keyword)
        if element is None:
            return False
        vr = vr_of(element)
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
            self.notes.add(f"{named(keyword)} cannot be read; ignored it.")
            return ()

    def number(self, keyword: str) -> float | None:
        """Return the first number, or None."""
        return next(iter(self.numbers(keyword)), None)

    def integers(self, keyword: str) -> tuple[int, ...]:
        """Return the numbers of an element without their fractions; none if one is not finite."""
        numbers = self.numbers(keyword)
        if all(map(math.isfinite, numbers)):
            return tuple(map(int, numbers))
        self.notes.add(f"{named(keyword)} is infinite or not a number; ignored it.")
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
            value = self._decode(element, value, keyword)
        if isinstance(value, str):
            value = value.split("\\")
        values = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
        # PS3.5 6.2: text is padded with a space, a UID with a NULL.
        texts = tuple(str(part).strip(" \0\t\r\n") for part in values)
        return () if texts == ("",) else texts

    def _decode(self, element: AnyElement, value: bytes, keyword: str) -> Any:
        # After an escape sequence ASCII bytes code other letters, as kanji in ISO 2022 IR 87.
        if value.isascii() and b"\x1b" not in value:
            return value.decode("latin-1")
        # Most texts are ASCII.
        from dcmconv_builtins.dicom.file.character_sets import TEXT_VRS, convert_element

        try:
            if vr_of(element) in TEXT_VRS:
                with self.notes.catching_warnings():
                    dataset = self.dataset_with(element.tag)
                    return convert_element(dataset, element.tag, self.notes).value
        except parse_errors():
            self.notes.add(f"{named(keyword)} is not in the character set of the file.")
        return value.decode("latin-1")

    def text(self, keyword: str) -> str:
        """Return the first value as text; empty if there is none."""
        return next(iter(self.texts(keyword)), "")

    def is_sequence(self, keyword: str) -> bool:
        """Whether the element is present and a sequence; no value is read."""
        element = self._element(keyword)
        return element is not None and vr_of(element) == "SQ"

    def items(self, keyword: str) -> tuple[Elements, ...]:
        """Return the items of a sequence."""
        # Of a scanned dataset they are not kept: it records what is looked up.
        if keyword in self._items:
            return self._items[keyword]
        found = self._find_items(keyword)
        if found and self.scanned is None:
            # The frames of an enhanced image ask for the same shared groups, one after the other.
            self._items[keyword] = found
        return found

    def _find_items(self, keyword: str) -> tuple[Elements, ...]:
        tag = find_tag(keyword)
        if tag is None or self._element(keyword) is None:
            return ()
        try:
            with self.notes.catching_warnings():
                element = self.dataset_with(tag)[tag]
            if element.VR != "SQ":
                raise ValueError("not a sequence")
            items = tuple(element.value or ())
            is_explicit = self._source.original_encoding[0] is False
            if not all(_makes_sense(item, is_explicit=is_explicit) for item in items):
                self.notes.add(f"{named(keyword)} has items that are damaged.")
            return tuple(Elements(item, self.notes) for item in items)
        except parse_errors():
            self.notes.add(f"{named(keyword)} cannot be read; ignored it.")
            return ()

    def data(self, keyword: str) -> bytes:
        """Return a binary element's bytes, in the file's byte order; empty if there is none."""
        element = self._element(keyword)
        value = None if element is None else element.value
        if value is None:
            return b""
        if isinstance(value, bytes):
            return value
        # pydicom has read words as numbers; masked below, a negative one keeps its bits.
        words = [value] if isinstance(value, int) else list(value)
        order = "<" if self.is_little_endian else ">"
        return struct.pack(f"{order}{len(words)}H", *(int(word) & 0xFFFF for word in words))

    @property
    def is_little_endian(self) -> bool:
        """Whether ``data`` is little endian."""
        return self._source.original_encoding[1] is not False

    def _element(self, keyword: str) -> AnyElement | None:
        tag = find_tag(keyword)
        return None if tag is None else self.element(tag)

    def _numbers(self, keyword: str) -> tuple[float, ...]:
        element = self._element(keyword)
        if element is None:
            return ()
        if not _is_raw(element):
            return _as_numbers(element.value)
        value = element.value
        if not value:
            return ()
        vr = vr_of(element)
        if vr == "SQ":
            raise ValueError("a sequence is not a number")
        if vr in _BINARY_NUMBERS:
            code = _BINARY_NUMBERS[vr]
            count = len(value) // struct.calcsize(code)
            order = "<" if element.is_little_endian else ">"
            return struct.unpack_from(f"{order}{count}{code}", value)
        return self._decimal_numbers(value.decode("latin-1"), keyword)

    def _decimal_numbers(self, text: str, keyword: str) -> tuple[float, ...]:
        # From the text itself: pydicom rejects decimal commas and numbers that are too long.
        parts = [part.strip(" \0") for part in text.split("\\")]
        if "," in text:
            self.notes.add(f"{named(keyword)} has a decimal comma; read it as a point.")
            parts = [part.replace(",", ".") for part in parts]
        return tuple(_whole_if_exact(float(part)) for part in parts if part)


def _parsed_element(dataset: Dataset, notes: Notes, tag: int) -> AnyElement | None:
    try:
        return dataset.get_item(tag)
    except KeyError:
        return None
    except parse_errors():
        # Where the file ended before the value, pydicom tries to read it again.
        notes.add(f"{named(pair_of(tag))} cannot be read; ignored it.")
        return None


def _makes_sense(item: Dataset, *, is_explicit: bool) -> bool:
    """Whether an item has only elements that may be there.

    pydicom reads a delimiter, an unknown VR, and a value that is cut off, as if they were valid.
    """
    from pydicom.datadict import dictionary_has_tag

    is_implicit = item.original_encoding[0]
    for element in item.values():
        tag = element.tag
        length = getattr(element, "length", 0)
        is_short = len(element.value or b"") < length < UNDEFINED_LENGTH if length else False
        if tag >= FIRST_DELIMITER or tag.group == 0 or is_short:
            return False
        if not is_implicit and element.is_raw and element.VR not in KNOWN_VRS:
            return False
        # pydicom took an item of an explicit dataset for implicit: an unknown tag disproves it.
        if is_implicit and is_explicit and not tag.is_private and not dictionary_has_tag(tag):
            return False
    return True


def _is_raw(element: AnyElement) -> TypeGuard[RawElement | RawDataElement]:
    # Not isinstance, which would have to import pydicom.
    return element.is_raw


def vr_of(element: AnyElement) -> str:
    """Return the VR of an element, from the dictionary if the file does not say it."""
    return _usual_vr(element.tag) if element.VR in (None, "UN") else element.VR


@lru_cache(maxsize=2048)
def _usual_vr(tag: int) -> str:
    from pydicom.datadict import dictionary_VR

    try:
        return dictionary_VR(tag)
    except KeyError:  # a private element of an implicit dataset
        return "UN"


def _as_numbers(value: Any) -> tuple[float, ...]:
    if value is None or value == "":
        return ()
    values = value if hasattr(value, "append") or isinstance(value, tuple) else [value]
    return tuple(_whole_if_exact(float(part)) for part in values if part not in (None, ""))


def _whole_if_exact(number: float) -> float:
    return int(number) if number.is_integer() else number
