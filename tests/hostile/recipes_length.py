"""Pixel data with a wrong length, position or number of frames."""

from __future__ import annotations

import struct

import numpy as np
from support.dicom_files import as_bytes, monochrome
from support.reading import with_bytes

from hostile.base import RAMP, ramp, spoiled, swapped

PIXELS = RAMP.tobytes()
HEAD = struct.pack("<HH2sH", 0x7FE0, 0x10, b"OW", 0)


def pixel_length(length: int) -> bytes:
    """Return the valid file with another length in the header of Pixel Data."""
    old = HEAD + struct.pack("<I", len(PIXELS))
    return with_bytes(as_bytes(ramp()), old, HEAD + struct.pack("<I", length))


def twice() -> bytes:
    content = as_bytes(ramp())
    return content + content[content.index(HEAD) :]


def with_float_too() -> bytes:
    made = ramp()
    made.FloatPixelData = np.zeros((64, 64), "<f4").tobytes()
    return as_bytes(made)


RECIPES = {
    "one-byte-short": lambda: as_bytes(ramp())[:-1],
    "half-the-file": lambda: as_bytes(ramp())[: -len(PIXELS) // 2],
    "half-the-pixels": spoiled(PixelData=PIXELS[: len(PIXELS) // 2]),
    "pixel-data-header-only": lambda: as_bytes(ramp())[: -len(PIXELS)],
    "pixels-empty": spoiled(PixelData=b""),
    "pixels-missing": spoiled(PixelData=None),
    "pixels-twice-as-long": spoiled(PixelData=PIXELS * 2),
    "pixels-one-word-long": spoiled(PixelData=PIXELS + b"\0\0"),
    "pixels-length-of-4-gb": lambda: pixel_length(0xFFFFFFFE),
    "pixels-length-of-spaces": lambda: pixel_length(0x20202020),
    "pixels-length-0-before-pixels": lambda: pixel_length(0),
    "pixels-undefined-length": lambda: pixel_length(0xFFFFFFFF),
    "pixels-two-elements": twice,
    "pixels-integer-and-float": with_float_too,
    "pixels-odd-length": lambda: as_bytes(
        monochrome(np.arange(63 * 63, dtype=np.uint8).reshape(63, 63))
    ),
    "frames-10-of-1": spoiled(NumberOfFrames=10),
    "frames-a-billion": spoiled(NumberOfFrames=1000000000),
    "frames-beyond-64-bits": swapped(
        b"123456789012", b"999999999999", NumberOfFrames="123456789012"
    ),
    "frames-0": spoiled(NumberOfFrames=0),
    "frames-0-of-many-tiny": lambda: as_bytes(
        monochrome(np.zeros((1, 1), np.uint8), NumberOfFrames=0, PixelData=bytes(3_000_000))
    ),
    "frames-negative": spoiled(NumberOfFrames=-5),
    "frames-as-text": swapped(b"12345678", b"one     ", NumberOfFrames="12345678"),
    "frames-a-fraction": swapped(b"12345678", b"1.5     ", NumberOfFrames="12345678"),
    "frames-two-numbers": swapped(b"12345678", b"1\\1     ", NumberOfFrames="12345678"),
    "frames-empty": spoiled(NumberOfFrames=""),
    "three-frames": lambda: as_bytes(monochrome(np.stack([RAMP] * 3))),
    "three-frames-one-byte-short": lambda: as_bytes(monochrome(np.stack([RAMP] * 3)))[:-1],
}
