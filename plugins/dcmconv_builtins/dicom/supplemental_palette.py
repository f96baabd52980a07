"""Palettes over gray: supplemental and enhanced ones (PS3.3 C.7.6.19, C.7.6.23, C.8.16.2.1.1.1)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dcmconv.plugin import Frame, Palette
from dcmconv_builtins.dicom.elements import Elements
from dcmconv_builtins.dicom.functional_groups import FrameGroups
from dcmconv_builtins.dicom.palette_color import read_palette
from dcmconv_builtins.dicom.pixel_values import StoredRange

__all__ = ["find_enhanced_palette", "find_supplemental_palette", "has_palettes", "with_palette"]

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


def has_palettes(top: Elements) -> bool:
    """Whether a grayscale image has a palette at all; most have none, and need no search."""
    return _DESCRIPTOR in top or "EnhancedPaletteColorLookupTableSequence" in top


def with_palette(frame: Frame, groups: FrameGroups) -> Frame:
    """Return a gray frame with the palette that colors all of it, or some of its values."""
    is_signed = frame.stored_values.dtype.kind == "i"
    inputs = StoredRange.of(frame.bits_stored, is_signed=is_signed)
    palette = find_supplemental_palette(groups, inputs=inputs)
    if palette is not None:
        return replace(frame, palette=palette, icc_profile=groups.top.data("ICCProfile"))
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
    """Return the palette for stored values from its first one on; those below stay gray.

    None where Pixel Presentation (0008,9205) of the frame says neither COLOR nor MIXED, or there is
    no palette.
    """
    top = groups.top
    if _DESCRIPTOR not in top or _pixel_presentation(groups) not in {"COLOR", "MIXED"}:
        return None
    return replace(read_palette(top, inputs=inputs), is_supplemental=True)


def find_enhanced_palette(groups: FrameGroups, *, bits_stored: int) -> Palette | None:
    """Return the palette of the one data path of a frame, from the color pipeline of C.7.6.23.

    Frames that blend two paths, or whose path is plain gray, give None; a blend is noted.
    """
    top = groups.top
    assigned = [
        item.text("DataPathAssignment").upper()
        for item in groups.top.items("DataFrameAssignmentSequence")
    ]
    tables = top.items("EnhancedPaletteColorLookupTableSequence")
    if not tables or assigned == ["PRIMARY_PVALUES"]:
        return None
    if assigned != ["PRIMARY_SINGLE"]:
        top.notes.add(
            "Data Frame Assignment Sequence (0028,1401) blends several data paths, which is not "
            "done here; the gray values are shown."
        )
        return None
    mapped = [item for item in tables if item.text("DataPathID").upper() == "PRIMARY"]
    if not mapped or mapped[0].text("RGBLUTTransferFunction").upper() != "TABLE":
        return None
    return _over_most_significant_bits(top, mapped[0], bits_stored)


def _over_most_significant_bits(top: Elements, item: Elements, bits_stored: int) -> Palette:
    """Return the palette for whole stored values: its input are their uppermost bits."""
    assignment = top.items("DataFrameAssignmentSequence")[0]
    bits_mapped = int(assignment.number("BitsMappedToColorLookupTable") or bits_stored)
    palette = read_palette(item, inputs=StoredRange.of(bits_mapped, is_signed=False))
    shift = max(bits_stored - bits_mapped, 0)
    if shift == 0:
        return palette
    return Palette(np.repeat(palette.table, 1 << shift, axis=0), palette.first << shift)


def _pixel_presentation(groups: FrameGroups) -> str:
    for macro in _FRAME_TYPES:
        for group in groups.groups:
            for item in group.items(macro)[:1]:
                return item.text("PixelPresentation").upper()
    return groups.top.text("PixelPresentation").upper()
