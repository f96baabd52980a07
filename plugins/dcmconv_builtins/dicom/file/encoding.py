"""How the elements of a dataset are encoded, detected from the first of them (PS3.5 7.1)."""

from __future__ import annotations

import struct
from typing import NamedTuple

__all__ = [
    "FIRST_DELIMITER",
    "KNOWN_VRS",
    "LONG_VRS",
    "PIXEL_KEYWORDS",
    "SHORT_VRS",
    "UNDEFINED_LENGTH",
    "Encoding",
    "guess_encoding",
]

SHORT_VRS = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN"}
    | {b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
)
"""VRs whose explicit elements have a length of 16 bits: a header of 8 bytes."""
LONG_VRS = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)
"""VRs whose explicit elements have a length of 32 bits: a header of 12 bytes."""
KNOWN_VRS = frozenset(vr.decode() for vr in SHORT_VRS | LONG_VRS)
UNDEFINED_LENGTH = 0xFFFFFFFF
FIRST_DELIMITER = 0xFFFEE000
"""The tag of an item; those of the two delimiters follow.  No element has a higher tag."""

PIXEL_KEYWORDS = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
"""The elements that hold pixels, by tag; the header of a file ends before them."""

_USUAL_FIRST_GROUPS = (0x0002, 0x0008)
_LAST_EARLY_GROUP = 0x0028
_LONGEST_EARLY_VALUE = 0x10000
_NEEDED = 2
_NEEDED_OF_OTHERS = 4
"""A dataset may begin with any group, such as 0000, 0010 or 0028, but that is weaker evidence."""


class Encoding(NamedTuple):
    """What a parser has to know about a dataset before it reads the first element."""

    is_implicit: bool
    is_little_endian: bool


# No Transfer Syntax is implicit VR and big endian (PS3.5 Annex A).
_CANDIDATES = (Encoding(False, True), Encoding(True, True), Encoding(False, False))


class _ElementSpan(NamedTuple):
    tag: int
    end: int


def guess_encoding(head: bytes) -> Encoding | None:
    """Return the encoding in which bytes start a dataset, or None.

    Two elements in ascending order must be valid if the first is of group 0002 or 0008, else
    four; otherwise text or another binary format could pass for a dataset without a preamble.
    """
    return next((candidate for candidate in _CANDIDATES if _is_dataset(head, candidate)), None)


def _is_dataset(head: bytes, encoding: Encoding) -> bool:
    position, last_tag, count, needed = 0, -1, 0, _NEEDED
    while count < needed:
        element = _element_at(head, position, encoding)
        if element is None or element.tag <= last_tag:
            return False
        if count == 0 and element.tag >> 16 not in _USUAL_FIRST_GROUPS:
            needed = _NEEDED_OF_OTHERS
        count += 1
        position, last_tag = element.end, element.tag
        if position >= len(head):
            # A first value that fills the whole head proves nothing, unless the file ends there.
            return count >= needed or position == len(head)
    return True


def _element_at(head: bytes, position: int, encoding: Encoding) -> _ElementSpan | None:
    if len(head) - position < 8:
        return None
    order = "<" if encoding.is_little_endian else ">"
    group, number = struct.unpack_from(f"{order}HH", head, position)
    if group > _LAST_EARLY_GROUP:
        return None
    start = position + 8
    if encoding.is_implicit:
        (length,) = struct.unpack_from(f"{order}I", head, position + 4)
    else:
        vr = head[position + 4 : position + 6]
        if vr not in SHORT_VRS | LONG_VRS:
            return None
        if vr in LONG_VRS:
            # PS3.5 7.1.2: two reserved bytes follow these VRs, then a length of 32 bits.
            start += 4
            if len(head) < start:
                return None
            (length,) = struct.unpack_from(f"{order}I", head, position + 8)
        else:
            (length,) = struct.unpack_from(f"{order}H", head, position + 6)
    # An undefined length, FFFFFFFF, is rejected here too.
    if length >= _LONGEST_EARLY_VALUE:
        return None
    return _ElementSpan(group << 16 | number, start + length)
