"""The grayscale and pseudo-color pipelines of a state, which replace the image's (PS3.4 N.2)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Frame, InputError, Lut, Rescale, VoiWindow
from dcmconv_builtins.dicom.color.palette_color import read_palette
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.presentation_state.references import Target, refers_to
from dcmconv_builtins.dicom.tone.lookup_table import find_presentation_lut
from dcmconv_builtins.dicom.tone.modality_lut import find_modality_lut, find_units, modality_range
from dcmconv_builtins.dicom.tone.voi_attributes import find_voi_luts, find_voi_windows

__all__ = ["grayscale_changes", "pseudo_colors"]


def grayscale_changes(
    top: Elements, frame: Frame, target: Target, stored: StoredRange, *, name: str
) -> dict[str, Any]:
    """Return the fields of a gray Frame that a state replaces (PS3.4 N.2.1).

    A step that the state leaves out is the identity: the image's own Modality LUT, VOI LUT and
    polarity are ignored.

    Parameters
    ----------
    top : Elements
        The state.
    frame : Frame
        As the image alone describes it.
    target : Target
        The image and frame number; items of the state may be limited to some of them.
    stored : StoredRange
        The range that the bits of a stored value allow.
    name : str
        The name of the state in outcomes.
    """
    modality_groups = _modality_groups(top, target)
    modality = find_modality_lut(modality_groups, stored)
    if modality == Rescale() and frame.modality != Rescale():
        top.notes.add("it has no Modality LUT, so the image's own was ignored too (PS3.4 N.2.1.1).")
    units = find_units(modality_groups, modality)
    return {
        "photometric_interpretation": "MONOCHROME2",
        "modality": modality,
        "units": units or (frame.units if modality == frame.modality else ""),
        # Not None, which would leave the polarity of the image in place.
        "presentation": find_presentation_lut(top) or "IDENTITY",
        "voi_source": name,
        **_voi_changes(top, target, _output_range(modality, stored)),
    }


def pseudo_colors(top: Elements) -> NDArray[np.uint8] | None:
    """Return a Pseudo-Color state's palette as colors of display values (PS3.4 N.2.2).

    Returns
    -------
    uint8 array, shape (256, 3)
        Row *i* for display value *i*; None, with a note, if the palette is broken.
    """
    try:
        table = read_palette(top, inputs=StoredRange(0, math.inf)).table
    except InputError as error:
        top.notes.add(f"{error.message} The picture stays gray.")
        return None
    # The output of the VOI LUT is spread evenly over all entries.
    # i * (n - 1) / 255, rounded half up, in integers only.
    index = (np.arange(256) * (2 * len(table) - 2) + 255) // 510
    colors = table[index].astype(np.uint32)
    if table.dtype == np.uint16:
        # Multiply before dividing; 32767 rounds to nearest.
        colors = (colors * 255 + 32767) // 65535
    return colors.astype(np.uint8)


def _modality_groups(top: Elements, target: Target) -> FrameGroups:
    # The class for variable Modality LUTs has one item for each group of frames.
    for item in top.items("VariableModalityLUTSequence"):
        if refers_to(item, target):
            return FrameGroups(item)
    return FrameGroups(top)


def _voi_changes(top: Elements, target: Target, output: StoredRange) -> dict[str, Any]:
    for item in top.items("SoftcopyVOILUTSequence"):
        if not refers_to(item, target):
            continue
        windows = find_voi_windows(FrameGroups(item))
        luts = find_voi_luts(FrameGroups(item), inputs=output)
        if windows or luts:
            return {"voi_windows": windows, "voi_luts": luts}
    return {"voi_windows": _identity_window(output), "voi_luts": ()}


def _identity_window(output: StoredRange) -> tuple[VoiWindow, ...]:
    """Return the window over the whole output of the Modality LUT; none for float pixels."""
    least, greatest = output
    if not math.isfinite(greatest - least) or greatest <= least:
        return ()
    center, width = (least + greatest) / 2, greatest - least
    return (VoiWindow(center, width, "LINEAR_EXACT", "identity"),)


def _output_range(modality: Rescale | Lut, stored: StoredRange) -> StoredRange:
    if isinstance(modality, Lut):
        # All that the bits allow, not only what the entries happen to use.
        return StoredRange(0, 2**modality.bits - 1)
    return modality_range(modality, stored)
