"""One valid file, from which most recipes start, and ways to break it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset
from support.dicom_files import as_bytes, encapsulated, monochrome
from support.reading import explicit_element, with_bytes
from support.streams import SYNTAX, encoded

SIDE = 64
RAMP = np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE)
"""0 to 4095, row by row: every value is different, the minimum black, the maximum white."""

BYTES = (RAMP >> 4).astype(np.uint8)
"""The same in 8 bits."""

ROWS = explicit_element(0x28, 0x10, b"US", struct.pack("<H", SIDE))
COLUMNS = explicit_element(0x28, 0x11, b"US", struct.pack("<H", SIDE))
SAMPLES = explicit_element(0x28, 0x02, b"US", struct.pack("<H", 1))


def ramp(**attributes: Any) -> FileDataset:
    """Return the valid Instance: 64x64, 12 of 16 bits, unsigned; keywords change it."""
    return monochrome(RAMP, **{"BitsStored": 12, "HighBit": 11, **attributes})


def spoiled(**attributes: Any) -> Callable[[], bytes]:
    """Return a recipe: the valid file with other attributes."""
    return lambda: as_bytes(ramp(**attributes))


def swapped(old: bytes, new: bytes, **attributes: Any) -> Callable[[], bytes]:
    """Return a recipe: the valid file with some bytes replaced."""
    return lambda: with_bytes(as_bytes(ramp(**attributes)), old, new)


def before_rows(extra: bytes) -> Callable[[], bytes]:
    """Return a recipe: the valid file with extra bytes before Rows."""
    return swapped(ROWS, extra + ROWS)


def coded(syntax: str, values: Any, **attributes: Any) -> FileDataset:
    """Return a valid Instance with one freshly encoded frame."""
    made = monochrome(values, **attributes)
    return encapsulated(made, SYNTAX[syntax], [encoded(syntax, values)])


def streams(syntax: str, values: Any, *made: bytes, **attributes: Any) -> Callable[[], bytes]:
    """Return a recipe: a file whose codestreams are the given bytes."""
    offsets = attributes.pop("offsets", "basic")
    return lambda: as_bytes(
        encapsulated(monochrome(values, **attributes), SYNTAX[syntax], list(made), offsets=offsets)
    )
