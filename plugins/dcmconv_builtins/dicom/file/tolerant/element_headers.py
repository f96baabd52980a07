"""Ways to read the header of an element whose VR or length is wrong.

A reading is checked by what follows: after the value there must be the header of another element,
a delimiter, or the end.  An unknown VR has a length of 32 bits (PS3.5 7.1.2); some writers differ.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from pydicom.datadict import dictionary_VR

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.file.bounded_stream import read_span
from dcmconv_builtins.dicom.file.encoding import (
    LONG_VRS,
    PIXEL_KEYWORDS,
    SHORT_VRS,
    UNDEFINED_LENGTH,
    Encoding,
)
from dcmconv_builtins.dicom.hints import DAMAGED

__all__ = [
    "ITEM",
    "ITEM_END",
    "SEQUENCE_END",
    "ElementHeader",
    "HeaderReader",
    "tag_name",
    "vr_of_dictionary",
]

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
DELIMITERS = (ITEM, ITEM_END, SEQUENCE_END)

_KNOWN = SHORT_VRS | LONG_VRS
_CHUNK = 1 << 20
_SWAPPED_ITEM = 0xFEFF
_LOOK_AHEAD = 3
"""How many headers in a row must be valid: one or two could be by chance."""
_MOST_READS = 1_000_000
"""The most headers read for one file, attempts included; real files have a tenth of that."""


class ElementHeader(NamedTuple):
    """One reading of an element's header.

    ``vr`` is None in implicit VR, and UN if the VR is unknown; ``length`` is None if it is
    undefined.  ``oddity`` says how the header deviates, empty if it does not; ``form`` is how it
    was read.
    """

    tag: int
    vr: str | None
    start: int
    length: int | None
    oddity: str = ""
    form: str = ""

    @property
    def end(self) -> int:
        """Where the value ends, or begins if its length is undefined."""
        return self.start + (self.length or 0)


class HeaderReader:
    """Reads the headers of elements anywhere in a stream, never past its end."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self.size = size
        self._reads = 0

    def bytes_at(self, position: int, length: int) -> bytes:
        """Return up to ``length`` bytes; fewer at the end of the file."""
        return bytes(read_span(self._stream, position, length))

    def tag_and_length(self, position: int, encoding: Encoding) -> tuple[int, int] | None:
        """Return the 8 bytes of an item or a delimiter; None at the end of the file."""
        self._reads += 1
        if self._reads > _MOST_READS:
            raise InputError("the dataset is too irregular to be read.", hint=DAMAGED)
        head = self.bytes_at(position, 8)
        if len(head) < 8:
            return None
        order = "<" if encoding.is_little_endian else ">"
        group, number, length = struct.unpack(f"{order}HHI", head)
        return group << 16 | number, length

    def element(self, position: int, end: int, encoding: Encoding) -> ElementHeader:
        """Return the one reasonable reading of the header at a position.

        Parameters
        ----------
        position, end : int
            Where the header begins, and where its item or the file ends.
        encoding : Encoding
            Of the dataset or item.

        Raises
        ------
        InputError
            If there are two reasonable readings.
        LookupError
            If there is none.
        """
        usual, *others = self._readings(position, encoding) or [None]
        if usual is not None and self._continues(usual, end, encoding, _LOOK_AHEAD):
            return usual
        found = [
            each
            for each in others
            if each is not None and self._continues(each, end, encoding, _LOOK_AHEAD)
        ]
        ends = {each.end for each in found}
        if len(ends) > 1:
            name = tag_name(found[0].tag)
            forms = " or ".join(dict.fromkeys(each.form for each in found))
            raise InputError(f"the element {name} can be read in two ways, {forms}.", hint=DAMAGED)
        if found:
            return found[0]
        if usual is None:
            raise LookupError(position)
        return usual

    def follows(self, position: int, end: int, last: int, encoding: Encoding) -> bool:
        """Whether an element above ``last``, a delimiter or the end is at a position."""
        return self._is_boundary(position, end, last, encoding, _LOOK_AHEAD)

    def has_only_zeros(self, position: int) -> bool:
        """Whether everything from a position to the end of the file is zero."""
        while position < self.size:
            if any(self.bytes_at(position, _CHUNK)):
                return False
            position += _CHUNK
        return True

    def has_whole_pixels(self, position: int, encoding: Encoding) -> bool:
        """Whether Pixel Data with all of its value is somewhere after a position."""
        order = "<" if encoding.is_little_endian else ">"
        wanted = struct.pack(f"{order}HH", 0x7FE0, 0x0010)
        while position < self.size:
            chunk = self.bytes_at(position, _CHUNK)
            found = chunk.find(wanted)
            while found >= 0:
                if self._are_whole_pixels(position + found, encoding):
                    return True
                found = chunk.find(wanted, found + 1)
            # Chunks overlap by 3 bytes, because the tag may lie across their border.
            position += max(len(chunk) - 3, 1)
        return False

    def _are_whole_pixels(self, position: int, encoding: Encoding) -> bool:
        try:
            header = self.element(position, self.size, encoding)
        except (InputError, LookupError):
            return False
        if header.length is None:
            return self._has_items(header, encoding)
        behind = self.follows(header.end, self.size, header.tag, encoding)
        return header.length > 0 and header.end <= self.size and behind

    def _readings(self, position: int, encoding: Encoding) -> list[ElementHeader | None]:
        """Return the usual reading, None if the VR is unknown, and then the others."""
        found = self.tag_and_length(position, encoding)
        if found is None:
            return []
        tag, long = found
        head = self.bytes_at(position, 12)
        vr = head[4:6]
        explicit = list(_explicit_readings(tag, head, position, encoding))
        implicit = _header(tag, None, position + 8, long)._replace(
            oddity="has no VR in an explicit dataset; its length was read as in implicit VR",
            form="without a VR",
        )
        if encoding.is_implicit:
            usual = implicit._replace(oddity="")
            return [usual, *_padded(usual), *(explicit if vr in _KNOWN else [])]
        if vr in _KNOWN:
            first, *others = explicit
            usual = first._replace(oddity="")
            return [usual, *_padded(usual), *others]
        return [None, *explicit, implicit]

    def _continues(self, header: ElementHeader, end: int, encoding: Encoding, steps: int) -> bool:
        """Whether what follows a value is valid."""
        if header.length is None:
            return self._has_items(header, encoding)
        if header.end > end:
            return False
        return self._is_boundary(header.end, end, header.tag, encoding, steps - 1)

    def _has_items(self, header: ElementHeader, encoding: Encoding) -> bool:
        orders = (encoding, encoding._replace(is_little_endian=not encoding.is_little_endian))
        found = [self.tag_and_length(header.start, order) for order in orders]
        return any(each and each[0] in (ITEM, SEQUENCE_END) for each in found)

    def _is_boundary(
        self, position: int, end: int, last: int, encoding: Encoding, steps: int
    ) -> bool:
        if position >= end or steps <= 0:
            return position <= end
        found = self.tag_and_length(position, encoding)
        if found is None:
            return not any(self.bytes_at(position, 8))
        tag, length = found
        if tag in DELIMITERS:
            return length in (0, UNDEFINED_LENGTH) or position + 8 + length <= end
        if tag == length == 0:
            return not any(self.bytes_at(position, min(end - position, 4096)))
        if tag in PIXEL_KEYWORDS and tag > last:
            return True
        return any(
            each is not None
            and _is_plausible(each, last)
            and self._continues(each, end, encoding, steps)
            for each in self._readings(position, encoding)
        )


def tag_name(tag: int) -> str:
    """Return a tag as messages write it: ``(0028,0010)``."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _explicit_readings(
    tag: int, head: bytes, position: int, encoding: Encoding
) -> Iterator[ElementHeader]:
    """Yield the readings with a VR; that of a known VR first."""
    order = "<" if encoding.is_little_endian else ">"
    written = head[4:6]
    vr = written if written in _KNOWN else written.upper()
    name = vr.decode("latin-1") if vr in _KNOWN else "UN"
    (short,) = struct.unpack_from(f"{order}H", head, 6)
    known = written in _KNOWN
    problem = "has a length of the wrong size" if known else "has an unknown VR"
    if encoding.is_implicit:
        problem = "has a VR in an implicit dataset"
    as_short = ElementHeader(tag, name, position + 8, short)._replace(
        oddity=f"{problem}; its length was read as 16 bits", form="with a length of 16 bits"
    )
    if len(head) < 12:
        yield as_short
        return
    (long,) = struct.unpack_from(f"{order}I", head, 8)
    as_long = _header(tag, name, position + 12, long)._replace(
        oddity=f"{problem}; its length was read as 32 bits", form="with a length of 32 bits"
    )
    if vr in LONG_VRS and known:
        # Some writers leave the two reserved bytes unset, others give all VRs a short length.
        yield as_long
        if short:
            yield as_short
        return
    yield as_short
    # In the long form these two bytes are reserved and 0.
    if short == 0:
        yield as_long


def _header(tag: int, vr: str | None, start: int, length: int) -> ElementHeader:
    return ElementHeader(tag, vr, start, None if length == UNDEFINED_LENGTH else length)


def _padded(header: ElementHeader) -> list[ElementHeader]:
    """Return the reading of an odd length that leaves out the padding."""
    if header.length is None or header.length % 2 == 0:
        return []
    return [
        header._replace(
            length=header.length + 1,
            oddity="has an odd length, without the byte of padding after it",
            form="with a byte of padding",
        )
    ]


def _is_plausible(header: ElementHeader, last: int) -> bool:
    """Whether an element may follow another: a higher tag, or one that the dictionary confirms."""
    group, number = header.tag >> 16, header.tag & 0xFFFF
    if group == _SWAPPED_ITEM:
        return False
    # Group Length is UL (PS3.5 7.2).
    if number == 0:
        return header.tag > last and header.length == 4
    # PS3.5 7.8: no private groups below 0009, and no elements below 0010 in them.
    if group % 2:
        return header.tag > last and group > 8 and number > 0xF
    expected = vr_of_dictionary(header.tag)
    if header.tag > last:
        return bool(expected) or (bool(header.vr) and header.oddity == "")
    return header.vr is not None and header.vr in expected.split(" or ") and not header.oddity


@lru_cache(maxsize=4096)
def vr_of_dictionary(tag: int) -> str:
    """Return the VR of the standard, such as ``US or SS``; empty if it does not know the tag."""
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""
