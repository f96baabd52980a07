"""The palette of an image that has one data path (PS3.3 C.7.6.23); several are blended."""

from __future__ import annotations

import numpy as np

from dcmconv.plugin import Palette
from dcmconv_builtins.dicom.color.data_paths import data_inputs, data_type_of, palette_item
from dcmconv_builtins.dicom.color.palette_color import read_palette
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange

__all__ = ["find_enhanced_palette"]


def find_enhanced_palette(groups: FrameGroups, *, bits_stored: int) -> Palette | None:
    """Return the palette of the one data path of a frame.

    None where the path is plain gray, or the frame is of another Data Type (0018,9808).
    """
    top = groups.top
    inputs = data_inputs(top)
    if [data.path for data in inputs] != ["PRIMARY_SINGLE"]:
        return None
    item = palette_item(top, "PRIMARY")
    if item is None or item.text("RGBLUTTransferFunction").upper() != "TABLE":
        return None
    if data_type_of(groups) not in ("", inputs[0].data_type):
        return None
    bits_mapped = inputs[0].bits_mapped(bits_stored)
    palette = read_palette(item, inputs=StoredRange.of(bits_mapped, is_signed=False))
    shift = bits_stored - bits_mapped
    # The alpha of a data path is a weight, not transparency; further entries are never reached.
    colors = palette.table[: 1 << bits_mapped, :3]
    return Palette(np.repeat(colors, 1 << shift, axis=0), palette.first << shift)
