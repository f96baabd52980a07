"""The container format of PNG (W3C PNG, third edition): signature and chunks."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Any

from isal import isal_zlib
from numpy.typing import NDArray

from dcmconv.plugin import Picture, Spacing

__all__ = [
    "END",
    "GRAY",
    "PALETTE",
    "RGB",
    "RGBA",
    "SIGNATURE",
    "chunk",
    "chunk_parts",
    "describing_chunks",
    "header",
]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE, RGBA = 0, 2, 3, 6
METER_UNIT = 1
# PNG limits its four-byte unsigned integers to this (section 7.1).
LARGEST = 2**31 - 1


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk: length, type, content, and the CRC of type and content."""
    return b"".join(chunk_parts(kind, content))


def chunk_parts(kind: bytes, content: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return the parts of a chunk, so that large image data is not copied twice."""
    crc = isal_zlib.crc32(content, isal_zlib.crc32(kind))
    return len(content).to_bytes(4, "big"), kind, content, crc.to_bytes(4, "big")


END = chunk(b"IEND", b"")


@lru_cache(maxsize=64)  # the same for all pictures of a series
def header(columns: int, rows: int, depth: int, color_type: int) -> bytes:
    """Return the IHDR chunk; never interlaced."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, depth, color_type, 0, 0, 0))


def describing_chunks(picture: Picture) -> list[bytes]:
    """Return the chunks between IHDR and IDAT: color profile, physical size, palette.

    No text and no time is written, and nothing that identifies a patient.
    """
    chunks = []
    # The color profile must come before the palette (section 5.6).
    if picture.icc_profile and (picture.is_color or picture.palette is not None):
        # Any name, its end, and compression method 0, which is deflate.
        chunks = [chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(picture.icc_profile, 9))]
    if picture.spacing is not None:
        chunks += [_physical_size(picture.spacing)]
    if picture.palette is not None:
        chunks += [chunk(b"PLTE", _bytes_of(picture.palette))]
    return chunks


@lru_cache(maxsize=64)
def _physical_size(spacing: Spacing) -> bytes:
    """Return pHYs, in whole pixels per meter, and sCAL if rounding changes the spacing.

    sCAL gives the size of a pixel as text, so that it is exact at any size.  Cached, because a
    series has one spacing and fractions are slow.
    """
    pixels = spacing.pixels_per(1000)
    if pixels is None:
        return b""
    down, across = pixels
    chunks = b""
    if across.denominator > 1 or down.denominator > 1:
        width, height = (f"{length / 1000:.12g}" for length in (spacing.columns, spacing.rows))
        chunks += chunk(b"sCAL", bytes([METER_UNIT]) + f"{width}\0{height}".encode())
    x, y = int(across + 0.5), int(down + 0.5)
    if 1 <= x <= LARGEST and 1 <= y <= LARGEST:
        chunks += chunk(b"pHYs", struct.pack(">IIB", x, y, METER_UNIT))
    return chunks


def _bytes_of(palette: NDArray[Any]) -> bytes:
    return palette.astype("u1", copy=False).tobytes()
