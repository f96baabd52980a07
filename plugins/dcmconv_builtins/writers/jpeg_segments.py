"""The segments before the image in a JPEG file: JFIF density, EXIF resolution, ICC profile."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from dcmconv.plugin import Picture, Spacing

__all__ = ["copied_stream", "with_segments"]

SOI, APP0, APP1, APP2 = b"\xff\xd8", b"\xff\xe0", b"\xff\xe1", b"\xff\xe2"
NO_UNIT, INCH, CENTIMETER = 0, 1, 2
# The two bytes of a segment's length count themselves.
LARGEST_PAYLOAD = 65533
# Less the 12 bytes of the identifier, the number of the part and the count of parts.
LARGEST_ICC_PART = LARGEST_PAYLOAD - 14
UINT16, UINT32 = 2**16 - 1, 2**32 - 1
# Unlike in JFIF, the unit of centimeters is 3 in EXIF.
EXIF_X, EXIF_Y, EXIF_UNIT, EXIF_CENTIMETER = 0x011A, 0x011B, 0x0128, 3
SHORT, RATIONAL = 3, 5


START_OF_SCAN = 0xDA
KEPT = frozenset({0xC0, 0xC4, 0xDB, 0xDD})
"""Frame header, Huffman and quantization tables, restart interval: what baseline JPEG needs."""
_SCAN = re.compile(rb"[^\xff]*+(?:\xff[\x00\xd0-\xd7][^\xff]*+)*+\xff\xd9", re.DOTALL)
"""Entropy-coded data, in which ff is stuffed or starts a restart marker, and the end marker.

The possessive quantifiers (``*+``) never backtrack: a stream that does not match fails in one pass.
"""


class Density(NamedTuple):
    """Pixels per unit, across and down; ``is_exact`` if no rounding was needed."""

    unit: int
    across: int
    down: int
    is_exact: bool


def with_segments(stream: bytes, picture: Picture) -> bytes:
    """Replace the JFIF segment of a stream by segments for spacing and color.

    Parameters
    ----------
    stream : bytes
        A JPEG stream that begins with SOI and a JFIF APP0 segment.
    picture : Picture
        For its spacing and, if it is in color or has a palette, its ICC profile.
    """
    if not stream.startswith(SOI + APP0):
        raise ValueError("the encoder wrote no JFIF segment")
    after = len(SOI + APP0) + struct.unpack_from(">H", stream, len(SOI + APP0))[0]
    parts = [SOI, _resolution(picture.spacing)]
    if picture.icc_profile and (picture.is_color or picture.palette is not None):
        parts += _icc(picture.icc_profile)
    return b"".join((*parts, memoryview(stream)[after:]))


def copied_stream(stream: bytes, spacing: Spacing | None) -> bytes | None:
    """Return a YCbCr stream as a JPEG file: with JFIF, without application and comment segments.

    Those may identify the patient, or declare other colors.

    Parameters
    ----------
    stream : bytes
        Up to its end marker, perhaps with padding after it.

    Returns
    -------
    bytes or None
        None if there are segments between scans or no end marker: such a frame must be decoded.
    """
    parts, position = [SOI, _resolution(spacing)], len(SOI)
    while position + 4 <= len(stream) and stream[position] == 0xFF:
        marker = stream[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        end = position + 2 + int.from_bytes(stream[position + 2 : position + 4])
        if marker == START_OF_SCAN:
            # Ends with the end marker: padding to an even length (PS3.5 A.4) is not copied.
            scan = _SCAN.match(stream, end)
            return b"".join((*parts, stream[position : scan.end()])) if scan else None
        if marker in KEPT:
            parts.append(stream[position:end])
        position = end
    return None


@lru_cache(maxsize=64)
def _resolution(spacing: Spacing | None) -> bytes:
    """Return the JFIF segment, and an EXIF segment if the JFIF density is rounded.

    Cached, because a series has one spacing and fractions are slow.
    """
    density = _density(spacing)
    # Version 1.01, and a thumbnail of 0 x 0 pixels.
    jfif = _segment(APP0, b"JFIF\0" + struct.pack(">HBHHBB", 0x0101, *density[:3], 0, 0))
    if spacing is None or density.is_exact:
        return jfif
    return jfif + _exif(spacing)


def _segment(marker: bytes, payload: bytes) -> bytes:
    return marker + struct.pack(">H", len(payload) + 2) + payload


def _density(spacing: Spacing | None) -> Density:
    """Return whole pixels per inch, or per centimeter if only that is exact."""
    square = Density(NO_UNIT, 1, 1, is_exact=False)
    if spacing is None:
        return square
    found = [_density_in(unit, spacing) for unit in (INCH, CENTIMETER)]
    return next((density for density in found if density and density.is_exact), found[0] or square)


def _density_in(unit: int, spacing: Spacing) -> Density | None:
    pixels = spacing.pixels_per(25.4 if unit == INCH else 10)
    if pixels is None:
        return None
    down, across = pixels
    # Fractions, so halves are exact and always rounded up.
    x, y = int(across + Fraction(1, 2)), int(down + Fraction(1, 2))
    if not (1 <= x <= UINT16 and 1 <= y <= UINT16):
        return None
    return Density(unit, x, y, is_exact=x == across and y == down)


def _exif(spacing: Spacing) -> bytes:
    """Return an EXIF segment with the resolution as fractions, per centimeter."""
    pixels = spacing.pixels_per(10)
    if pixels is None:
        return b""
    down, across = pixels
    fields = 3
    # TIFF header, count of entries, 12 bytes for each, and the offset of the next directory.
    values_at = 8 + 2 + fields * 12 + 4
    tiff = b"MM\0\x2a" + struct.pack(">IH", 8, fields)
    tiff += struct.pack(">HHII", EXIF_X, RATIONAL, 1, values_at)
    tiff += struct.pack(">HHII", EXIF_Y, RATIONAL, 1, values_at + 8)
    # A value of two bytes occupies the first half of its field.
    tiff += struct.pack(">HHIHH", EXIF_UNIT, SHORT, 1, EXIF_CENTIMETER, 0)
    tiff += struct.pack(">IIIII", 0, *_rational(across), *_rational(down))
    return _segment(APP1, b"Exif\0\0" + tiff)


def _rational(value: Fraction) -> tuple[int, int]:
    """Return numerator and denominator in 32 bits, as close to the value as possible."""
    if max(value.numerator, value.denominator) > UINT32:
        # A denominator so small that the numerator has 32 bits as well.
        value = value.limit_denominator(max(1, int(UINT32 / max(value, Fraction(1)))))
    return min(value.numerator, UINT32), value.denominator


def _icc(profile: bytes) -> Iterator[bytes]:
    """Yield the profile in as many APP2 segments as it needs (ICC.1, annex B.4)."""
    count = -(-len(profile) // LARGEST_ICC_PART)
    for number in range(count):
        # Parts count from 1, in one byte.
        part = profile[number * LARGEST_ICC_PART : (number + 1) * LARGEST_ICC_PART]
        yield _segment(APP2, b"ICC_PROFILE\0" + bytes([number + 1, count]) + part)
