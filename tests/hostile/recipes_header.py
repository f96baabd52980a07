"""Wrong descriptions of the pixels (PS3.3 C.7.6.3)."""

from __future__ import annotations

import struct

import numpy as np
from support.dicom_files import as_bytes, color, monochrome
from support.reading import explicit_element

from hostile.base import BYTES, RAMP, ROWS, SAMPLES, SIDE, ramp, spoiled, swapped

BITS_16 = explicit_element(0x28, 0x100, b"US", struct.pack("<H", 16))

RECIPES = {
    "rows-0": spoiled(Rows=0),
    "rows-missing": spoiled(Rows=None),
    "columns-missing": spoiled(Columns=None),
    "rows-empty": swapped(ROWS, explicit_element(0x28, 0x10, b"US", b"")),
    "rows-in-4-bytes": swapped(ROWS, explicit_element(0x28, 0x10, b"UL", struct.pack("<I", SIDE))),
    "rows-negative": swapped(ROWS, explicit_element(0x28, 0x10, b"SS", struct.pack("<h", -64))),
    "rows-as-text": swapped(ROWS, explicit_element(0x28, 0x10, b"IS", b"64")),
    "rows-as-a-fraction": swapped(ROWS, explicit_element(0x28, 0x10, b"DS", b"63.5")),
    "rows-as-raw-bytes": swapped(
        ROWS, struct.pack("<HH2sHI", 0x28, 0x10, b"UN", 0, 2) + struct.pack("<H", SIDE)
    ),
    "rows-as-a-sequence": swapped(ROWS, struct.pack("<HH2sHI", 0x28, 0x10, b"SQ", 0, 0)),
    "rows-same-value-twice": swapped(
        ROWS, explicit_element(0x28, 0x10, b"US", struct.pack("<HH", SIDE, SIDE))
    ),
    "rows-two-values": swapped(
        ROWS, explicit_element(0x28, 0x10, b"US", struct.pack("<HH", SIDE, 32))
    ),
    "rows-in-3-bytes": swapped(ROWS, explicit_element(0x28, 0x10, b"US", b"@\0\0")),
    "65535-squared": spoiled(Rows=65535, Columns=65535),
    "rows-halved-columns-doubled": spoiled(Rows=32, Columns=128),
    "bits-allocated-0": spoiled(BitsAllocated=0),
    "bits-allocated-8-over-16": spoiled(BitsAllocated=8, BitsStored=8, HighBit=7),
    "bits-allocated-12": spoiled(BitsAllocated=12),
    "bits-allocated-13": spoiled(BitsAllocated=13),
    "bits-allocated-missing": spoiled(BitsAllocated=None),
    "bits-stored-20-of-16": spoiled(BitsStored=20, HighBit=19),
    "bits-stored-0": spoiled(BitsStored=0, HighBit=0),
    "bits-stored-missing": spoiled(BitsStored=None),
    "high-bit-200": spoiled(HighBit=200),
    "high-bit-missing": spoiled(HighBit=None),
    "high-bit-above-the-bits": lambda: as_bytes(monochrome(RAMP << 4, BitsStored=12, HighBit=15)),
    "garbage-above-bits-stored": lambda: as_bytes(
        monochrome(RAMP | 0xF000, BitsStored=12, HighBit=11)
    ),
    "pixel-representation-missing": spoiled(PixelRepresentation=None),
    "pixel-representation-2": spoiled(PixelRepresentation=2),
    "samples-missing": spoiled(SamplesPerPixel=None),
    "samples-0": spoiled(SamplesPerPixel=0),
    "samples-2": spoiled(SamplesPerPixel=2),
    "samples-of-gray-3": spoiled(SamplesPerPixel=3, PlanarConfiguration=0),
    "samples-of-gray-3-and-bytes": lambda: as_bytes(
        color(np.zeros((4, 4, 3), np.uint8), PhotometricInterpretation="MONOCHROME2")
    ),
    "samples-as-text": swapped(SAMPLES, explicit_element(0x28, 2, b"LO", b"one ")),
    "photometric-missing": spoiled(PhotometricInterpretation=None),
    "photometric-unknown": spoiled(PhotometricInterpretation="SEPIA"),
    "photometric-lower-case": spoiled(PhotometricInterpretation="monochrome2"),
    "photometric-monochrome": spoiled(PhotometricInterpretation="MONOCHROME"),
    "photometric-two": spoiled(PhotometricInterpretation=["MONOCHROME2", "RGB"]),
    "photometric-hsv": lambda: as_bytes(
        color(np.zeros((4, 4, 3), np.uint8), PhotometricInterpretation="HSV")
    ),
    "photometric-with-escapes": spoiled(PhotometricInterpretation="\x1b]0;PWNED\x07"),
    "argb-of-4-samples": lambda: as_bytes(
        color(np.zeros((4, 4, 4), np.uint8), PhotometricInterpretation="ARGB", SamplesPerPixel=4)
    ),
    "smallest-above-largest": spoiled(SmallestImagePixelValue=9, LargestImagePixelValue=8),
    "one-bit": lambda: as_bytes(
        monochrome(
            BYTES,
            BitsAllocated=1,
            BitsStored=1,
            HighBit=0,
            PixelData=np.packbits((BYTES > 127).ravel(), bitorder="little").tobytes(),
        )
    ),
    "one-bit-short": lambda: as_bytes(
        monochrome(BYTES, BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=bytes(510))
    ),
    "signed": lambda: as_bytes(monochrome(RAMP.astype(np.int16) - 2000)),
    "32-bit": lambda: as_bytes(monochrome(RAMP.astype(np.uint32) * 100000)),
    "64-bit": lambda: as_bytes(monochrome(RAMP.astype(np.uint64) << 40)),
    "monochrome1": spoiled(PhotometricInterpretation="MONOCHROME1"),
    "one-pixel": lambda: as_bytes(monochrome(np.array([[7]], np.uint16))),
    "aspect-of-zero": spoiled(PixelAspectRatio=[0, 0]),
    "aspect-of-a-million": spoiled(PixelAspectRatio=[1, 1000000]),
    "aspect-of-one-number": spoiled(PixelAspectRatio=[1]),
    "spacing-of-zero": spoiled(PixelSpacing=[0, 0]),
    "spacing-of-a-million": spoiled(PixelSpacing=[1000000, 1]),
    "spacing-negative": spoiled(PixelSpacing=[-1, -1]),
    "spacing-of-one-number": swapped(b"1.25\\1.25 ", b"1.25 1.25 ", PixelSpacing=["1.25", "1.25"]),
    "overlay-larger-than-its-data": lambda: as_bytes(overlaid()),
}


def overlaid():
    made = ramp()
    made.add_new(0x60000010, "US", 65535)
    made.add_new(0x60000011, "US", 65535)
    made.add_new(0x60000050, "SS", [1, 1])
    made.add_new(0x60000100, "US", 1)
    made.add_new(0x60000102, "US", 0)
    made.add_new(0x60003000, "OW", bytes(8))
    return made
