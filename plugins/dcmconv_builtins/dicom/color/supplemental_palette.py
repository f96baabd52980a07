"""Palettes that color a gray frame: supplemental (PS3.3 C.7.6.19) and enhanced (C.7.6.23)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dcmconv.plugin import Frame, Palette
from dcmconv_builtins.dicom.color.data_paths import data_inputs, data_type_of, palette_item
from dcmconv_builtins.dicom.color.palette_color import read_palette
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange

__all__ = ["find_enhanced_palette", "find_supplemental_palette", "with_palette"]

# Each enhanced SOP Class has Pixel Presentation in its own macro.
_FRAME_TYPES = (
    "CTImageFrameTypeSequence",
    "MRImageFrameTypeSequence",
    "PETFrameTypeSequence",
    "XAXRFFrameCharacteristicsSequence",
    "ParametricMapFrameTypeSequence",
    "USImageDescriptionSequence",
    "XRay3DFrameTypeSequence",
)
_DESCRIPTOR = "RedPaletteColorLookupTableDescriptor"


def with_palette(frame: Frame, groups: FrameGroups, *, enhanced: bool = True) -> Frame:
    """Return a gray frame with the palette for all of its values, or for some of them.

    With ``enhanced`` False the palette of its data path is ignored.
    """
    is_signed = frame.stored_values.dtype.kind == "i"
    inputs = StoredRange.of(frame.bits_stored, is_signed=is_signed)
    palette = find_supplemental_palette(groups, inputs=inputs)
    if palette is not None:
        return replace(frame, palette=palette, icc_profile=groups.top.data("ICCProfile"))
    # Data paths need unsigned integers; float pixels have 0 bits stored.
    if not enhanced or is_signed or not frame.bits_stored:
        return frame
    palette = find_enhanced_palette(groups, bits_stored=frame.bits_stored)
    if palette is None:
        return frame
    profile = groups.top.data("ICCProfile")
    return replace(
        frame,
        palette=palette,
        photometric_interpretation="PALETTE COLOR",
        icc_profile=profile,
    )


def find_supplemental_palette(groups: FrameGroups, *, inputs: StoredRange) -> Palette | None:
    """Return the palette for stored values from its first one up; lower values stay gray.

    None if Pixel Presentation (0008,9205) of the frame is neither COLOR nor MIXED, or if there is
    no palette.
    """
    top = groups.top
    if _DESCRIPTOR not in top or _pixel_presentation(groups) not in {"COLOR", "MIXED"}:
        return None
    return replace(read_palette(top, inputs=inputs), is_supplemental=True)


def _pixel_presentation(groups: FrameGroups) -> str:
    for macro in _FRAME_TYPES:
        for group in groups.groups:
            for item in group.items(macro)[:1]:
                return item.text("PixelPresentation").upper()
    return groups.top.text("PixelPresentation").upper()


def find_enhanced_palette(groups: FrameGroups, *, bits_stored: int) -> Palette | None:
    """Return the palette of an image with a single data path; several paths are blended instead.

    None if the path is plain gray, or the frame is of another Data Type (0018,9808).
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
    # The alpha of a data path is a weight, not transparency.  No value reaches later entries.
    colors = palette.table[: 1 << bits_mapped, :3]
    # Only the uppermost bits are the index: each entry serves 2**shift stored values.
    return Palette(np.repeat(colors, 1 << shift, axis=0), palette.first << shift)
