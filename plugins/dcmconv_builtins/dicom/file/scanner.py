"""The usual header, read at the cost of what is asked for (PS3.5 7.1.2, A.2).

Explicit little endian, tags in ascending order, known VRs, lengths that fit, sequences and
character sets as the standard has them.  Where anything else stands, the scanner gives up, and
pydicom decides what it means: there is one judge of doubtful files, and this is not it.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from dcmconv_builtins.dicom.decoders.syntaxes import SYNTAXES
from dcmconv_builtins.dicom.file.bounded_stream import BoundedReader, HeldBytes
from dcmconv_builtins.dicom.file.elements import Elements, Notes
from dcmconv_builtins.dicom.file.encoding import LONG_VRS, SHORT_VRS
from dcmconv_builtins.dicom.file.file_parts import (
    PIXEL_KEYWORDS,
    PREAMBLE,
    UNDEFINED_LENGTH,
    Part10,
    PixelElement,
)
from dcmconv_builtins.dicom.file.layout import Layout, Places, Step
from dcmconv_builtins.dicom.file.scanned import ScannedDataset

__all__ = ["scan_part10"]

# Implicit, big endian, deflated.
_OTHERWISE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}
_SCANNED_SYNTAXES = frozenset(SYNTAXES) - _OTHERWISE

_HEAD_BYTES = 1 << 16
"""How much of a file that is not held is looked at; longer headers are rare, and pydicom's."""

_DATASET = 0x00030000
_FIRST_PIXELS = min(PIXEL_KEYWORDS)
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_NO_STOP = 1 << 32
_DEEPEST = 16
_MOST_LAYOUTS = 6
"""Series are read one after the other, sometimes a few at a time."""

_CHARACTER_SET = 0x00080005
_SETS = frozenset(
    f"ISO_IR {number}".encode()
    for number in (6, 13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 192)
) | {b"", b"GB18030", b"GBK"}
_FIRST_OF_SETS = frozenset({b"", b"ISO 2022 IR 6", b"ISO 2022 IR 13", b"ISO 2022 IR 100"})
_FURTHER_SETS = frozenset(
    f"ISO 2022 IR {number}".encode() for number in (87, 159, 149, 58, 100, 144, 166)
)
_PIXEL_VRS = frozenset({b"OB", b"OW", b"OF", b"OD"})

_header = struct.Struct("<HH2sH").unpack_from
_item_header = struct.Struct("<HHI").unpack_from
_length = struct.Struct("<I").unpack_from


class _UnusualError(Exception):
    """Something stands there that pydicom has to judge."""


def scan_part10(stream: BinaryIO, notes: Notes) -> Part10 | None:
    """Take a file apart whose header is as usual; None where pydicom has to.

    Parameters
    ----------
    stream : HeldBytes or BoundedReader
        Any other gives None.
    notes : Notes
        For what is found out later; the scanner itself tolerates nothing, and notes nothing.
    """
    if isinstance(stream, HeldBytes):
        content, size = stream.content, len(stream.content)
    elif isinstance(stream, BoundedReader):
        content, size = stream.read(_HEAD_BYTES), stream.size
    else:
        return None
    try:
        return _scanned(_Scanner(content), stream, size, notes)
    except (_UnusualError, struct.error):
        return None


def _scanned(scanner: _Scanner, stream: BinaryIO, size: int, notes: Notes) -> Part10:
    start = PREAMBLE + 4
    if scanner.content[PREAMBLE : start + 2] != b"DICM\x02\x00":
        raise _UnusualError
    meta_dataset = scanner.dataset(start, _META_LAYOUTS)
    meta = Elements(meta_dataset, notes)
    transfer_syntax = meta.text("TransferSyntaxUID")
    if transfer_syntax not in _SCANNED_SYNTAXES:
        raise _UnusualError
    dataset = scanner.dataset(meta_dataset.end, _DATASET_LAYOUTS)
    return Part10(
        top=Elements(dataset, notes),
        transfer_syntax=transfer_syntax,
        media_storage=meta.text("MediaStorageSOPClassUID"),
        encoding=ScannedDataset.original_encoding,
        stream=stream,
        pixels=_pixel_element(scanner.content, dataset.end, size),
        is_cut=False,
    )


class _Scanner:
    """Walks elements from one to the next; every method returns where it has come to."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def dataset(self, start: int, known: KnownLayouts) -> ScannedDataset:
        """Return the elements from an offset on, up to the first tag from ``known.stop`` on."""
        places = known.find(self, start) or self._walked(start, known)
        return ScannedDataset(self.content[: places.end], start, places)

    def _walked(self, start: int, known: KnownLayouts) -> Places:
        places: dict[int, int] = {}
        end = self._elements(start, len(self.content), known.stop, places)
        index = {tag: (0, place) for tag, place in places.items()}
        if places and end < len(self.content):
            known.add(Layout(self._steps(places, end), self.content[end : end + 4]))
        return Places(index, [0], end)

    def _steps(self, places: dict[int, int], end: int) -> tuple[Step, ...]:
        ends = [*list(places.values())[1:], end]
        steps = []
        for (tag, place), behind in zip(places.items(), ends, strict=True):
            size = 12 if self.content[place + 4 : place + 6] in LONG_VRS else 8
            steps.append(Step(tag, self.content[place : place + size], behind - place - size))
        return tuple(steps)

    def sequence(self, vr: bytes, position: int) -> int:
        """Walk a sequence of undefined length at the top, its delimiter included."""
        return self._sequence(vr, position, 0)

    def _elements(
        self, position: int, end: int, stop: int, places: dict[int, int], *, depth: int = 0
    ) -> int:
        content, last = self.content, -1
        header, short_vrs = _header, SHORT_VRS  # names of a function are found faster
        while position < end:
            group, number, vr, length = header(content, position)
            tag = group << 16 | number
            if not last < tag < stop:
                break
            places[tag] = position
            last = tag
            if vr in short_vrs:
                position += 8 + length
            else:
                position = self._long_element(vr, position + 8, depth)
        if position < end and tag <= last:
            raise _UnusualError
        if position > end:
            raise _UnusualError
        self.check_character_set(places)
        return position

    def _long_element(self, vr: bytes, position: int, depth: int) -> int:
        if vr not in LONG_VRS:
            raise _UnusualError
        (length,) = _length(self.content, position)
        if length == UNDEFINED_LENGTH:
            return self._sequence(vr, position + 4, depth)
        return position + 4 + int(length)

    def _sequence(self, vr: bytes, position: int, depth: int) -> int:
        """Walk a sequence of undefined length, its delimiter included."""
        if vr != b"SQ" or depth > _DEEPEST:
            raise _UnusualError
        while True:
            group, number, length = _item_header(self.content, position)
            tag, position = group << 16 | number, position + 8
            if tag == _SEQUENCE_END and length == 0:
                return position
            if tag != _ITEM:
                raise _UnusualError
            position = self._item(position, length, depth + 1)

    def _item(self, position: int, length: int, depth: int) -> int:
        if length != UNDEFINED_LENGTH:
            end = position + length
            if (
                end > len(self.content)
                or self._elements(position, end, _NO_STOP, {}, depth=depth) != end
            ):
                raise _UnusualError
            return end
        position = self._elements(position, len(self.content), _ITEM_END, {}, depth=depth)
        if _item_header(self.content, position) != (0xFFFE, 0xE00D, 0):
            raise _UnusualError
        return position + 8

    def check_character_set(self, places: Places | dict[int, int]) -> None:
        """Leave what is no defined term or no legal combination to pydicom (PS3.3 C.12.1.1.2)."""
        place = places.get(_CHARACTER_SET)
        if place is None:
            return
        _, _, vr, length = _header(self.content, place)
        value = self.content[place + 8 : place + 8 + length]
        first, *further = (part.strip(b" ") for part in value.split(b"\\"))
        is_one = not further and first in _SETS
        are_several = first in _FIRST_OF_SETS and _FURTHER_SETS.issuperset(further)
        if vr != b"CS" or not (is_one or are_several):
            raise _UnusualError


class KnownLayouts:
    """The layouts of the headers that were met last, the latest first."""

    def __init__(self, stop: int) -> None:
        self.stop = stop
        self._layouts: list[Layout] = []

    def find(self, scanner: _Scanner, start: int) -> Places | None:
        """Return where the elements lie, if a layout fits."""
        for number, layout in enumerate(self._layouts):
            try:
                places = layout.match(scanner.content, start, scanner.sequence)
            except (_UnusualError, struct.error):
                continue
            if places is not None:
                scanner.check_character_set(places)
                if number:
                    self._layouts.insert(0, self._layouts.pop(number))
                return places
        return None

    def add(self, layout: Layout) -> None:
        """Keep a layout, and let the oldest go."""
        self._layouts = [layout, *self._layouts[: _MOST_LAYOUTS - 1]]


_META_LAYOUTS, _DATASET_LAYOUTS = KnownLayouts(_DATASET), KnownLayouts(_FIRST_PIXELS)


def _pixel_element(content: bytes, position: int, size: int) -> PixelElement:
    group, number, vr, _ = _header(content, position)
    (length,) = _length(content, position + 8)
    keyword = PIXEL_KEYWORDS.get(group << 16 | number)
    if keyword is None or vr not in _PIXEL_VRS:
        raise _UnusualError
    offset = position + 12
    return PixelElement(
        keyword=keyword,
        value_representation=vr.decode("latin-1"),
        offset=offset,
        length=None if length == UNDEFINED_LENGTH else length,
        available=max(size - offset, 0),
    )
