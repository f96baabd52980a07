"""Color: wrong planes, subsampling, palettes and profiles."""

from __future__ import annotations

from typing import Any

import numpy as np
from support.dicom_files import as_bytes, changed, color, palette_color

from hostile.base import BYTES

RGB = np.stack([BYTES, BYTES[::-1], BYTES.T], axis=-1).copy()
TABLE = np.arange(256, dtype=np.uint16)[:, None].repeat(3, 1) * 257


def rgb(**attributes: Any):
    return lambda: as_bytes(color(RGB, **attributes))


def palette(table=TABLE, **attributes: Any):
    return lambda: as_bytes(palette_color(BYTES, table, **attributes))


def described(*descriptor: int):
    """Return a recipe: a palette whose three descriptors have this value."""
    return palette(
        **{f"{name}PaletteColorLookupTableDescriptor": list(descriptor) for name in NAMES}
    )


NAMES = ("Red", "Green", "Blue")

RECIPES = {
    "rgb": rgb(),
    "rgb-by-plane": rgb(PlanarConfiguration=1, PixelData=RGB.transpose(2, 0, 1).tobytes()),
    "rgb-planar-missing": rgb(PlanarConfiguration=None),
    "rgb-planar-2": rgb(PlanarConfiguration=2),
    "rgb-one-plane-short": rgb(PlanarConfiguration=1, PixelData=RGB.tobytes()[: 2 * 4096]),
    "rgb-of-16-bits": lambda: as_bytes(color(RGB.astype(np.uint16) * 257)),
    "rgb-of-1-bit": rgb(BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=bytes(1536)),
    "rgb-signed": rgb(PixelRepresentation=1),
    "rgb-with-a-broken-profile": rgb(ICCProfile=b"not a profile" * 11 + b"\0"),
    "ybr-422-odd-width": lambda: as_bytes(
        changed(
            color(np.zeros((64, 63, 3), np.uint8)),
            PhotometricInterpretation="YBR_FULL_422",
            PixelData=bytes(64 * 63 * 2),
        )
    ),
    "ybr-422-of-full-length": rgb(PhotometricInterpretation="YBR_FULL_422"),
    "ybr-422-of-full-length-unclear": rgb(
        # Neither gray in either reading, nor outside of what YBR can show.
        PhotometricInterpretation="YBR_FULL_422",
        PixelData=bytes([90, 120, 140]) * (64 * 64),
    ),
    "ybr-420-native": rgb(PhotometricInterpretation="YBR_PARTIAL_420", PixelData=bytes(64 * 96)),
    "palette": palette(),
    "palette-without-tables": palette(
        **{
            f"{name}PaletteColorLookupTable{part}": None
            for name in NAMES
            for part in ("Data", "Descriptor")
        }
    ),
    "palette-without-data": palette(RedPaletteColorLookupTableData=None),
    "palette-data-short": palette(RedPaletteColorLookupTableData=bytes(10)),
    "palette-of-10-entries": palette(TABLE[:10]),
    "palette-first-beyond-the-values": described(256, 5000, 16),
    "palette-of-0-bits": described(256, 0, 0),
    "palette-descriptor-wrong": described(65535, 0, 16),
    "palette-tables-differ": palette(GreenPaletteColorLookupTableDescriptor=[100, 0, 16]),
}
