"""The container of PNG (W3C PNG, third edition): signature, chunks, and what goes in them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from isal import isal_zlib
from numpy.typing import NDArray

from dcmconv.plugin import Picture, Spacing
from dcmconv_builtins.writers.scale import per_length

__all__ = [
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
LARGEST = 2**31 - 1


def chunk(kind: bytes, content: bytes) -> bytes:
    """Frame a chunk: length, type, content, CRC over type and content."""
    return b"".join(chunk_parts(kind, content))


def chunk_parts(kind: bytes, content: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return what ``chunk`` joins, for who joins more: image data need not be copied twice."""
    crc = isal_zlib.crc32(content, isal_zlib.crc32(kind))
    return struct.pack(">I", len(content)), kind, content, struct.pack(">I", crc)


def header(columns: int, rows: int, depth: int, color_type: int) -> bytes:
    """Return the IHDR chunk; never interlaced."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, depth, color_type, 0, 0, 0))


def describing_chunks(picture: Picture) -> Iterator[bytes]:
    """Yield what stands between IHDR and IDAT: color profile, physical size, palette.

    No text, no time, nothing that names a patient.
    """
    in_color = picture.is_color or picture.palette is not None
    if picture.icc_profile and in_color:
        yield chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(picture.icc_profile, 9))
    if picture.spacing is not None:
        yield _physical_size(picture.spacing)
    if picture.palette is not None:
        yield chunk(b"PLTE", _bytes_of(picture.palette))


@lru_cache(maxsize=64)
def _physical_size(spacing: Spacing) -> bytes:
    """Return pHYs, in whole pixels per meter, and sCAL where rounding would change the spacing.

    sCAL states the size of a pixel in the subject as text, so that it is exact at any size.  Kept,
    because a series has one spacing and fractions are slow.
    """
    across, down = per_length(1000, spacing.columns), per_length(1000, spacing.rows)
    if across is None or down is None:
        return b""
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
