"""Windows and VOI LUTs that a dataset gives for one frame, or implies (PS3.3 C.11.2)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from dcmconv.plugin import Lut, VoiWindow
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.tone.lookup_table import find_lut

__all__ = ["find_implied_window", "find_voi_luts", "find_voi_windows", "is_binary_segment"]

_MACRO = "FrameVOILUTSequence"
_LUTS = "VOI LUT Sequence (0028,3010)"
_LEAST_BITS = 8
"""A VOI LUT has 8 bits at least (PS3.3 C.11.2.1.1)."""
_DEFAULT_FRACTIONAL_MAXIMUM = 255
"""Used if Maximum Fractional Value (0062,000E) is missing or 0."""


def find_voi_windows(groups: FrameGroups) -> tuple[VoiWindow, ...]:
    """Return the windows of a frame in the file's order; their numbers are not checked here.

    Centers and widths are paired; unpaired ones are left out, with a note.
    """
    found = groups.find(_MACRO, "WindowCenter", "WindowWidth")
    if found is None:
        return ()
    centers, widths = found.numbers("WindowCenter"), found.numbers("WindowWidth")
    if len(centers) != len(widths):
        found.notes.add(
            f"Window Center (0028,1050) and Window Width (0028,1051) have {len(centers)} and "
            f"{len(widths)} values; used only pairs."
        )
    function = _function(found)
    explanations = found.texts("WindowCenterWidthExplanation")
    return tuple(
        VoiWindow(
            float(center),
            float(width),
            function,
            explanations[index] if index < len(explanations) else "",
        )
        for index, (center, width) in enumerate(zip(centers, widths, strict=False))
    )


def find_voi_luts(groups: FrameGroups, *, inputs: StoredRange) -> tuple[Lut, ...]:
    """Return the usable items of the VOI LUT Sequence (0028,3010) of a frame.

    ``inputs`` are the smallest and largest modality value that the stored bits allow.  Many tables
    whose descriptor says 16 bits have entries of 12 or 14; white is then the greatest number of the
    bits that the entries use, with a note.
    """
    found = groups.find(_MACRO, "VOILUTSequence")
    if found is None:
        return ()
    tables = (find_lut(item, inputs=inputs, name=_LUTS) for item in found.items("VOILUTSequence"))
    return tuple(_in_its_bits(lut, found) for lut in tables if lut is not None)


def _in_its_bits(lut: Lut, item: Elements) -> Lut:
    used = max(int(lut.entries.max()).bit_length(), _LEAST_BITS)
    # A table of zeros is black whatever its bits are, so there is nothing to note.
    if used >= lut.bits or not lut.entries.any():
        return lut
    item.notes.add(
        f"{_LUTS}: LUT Descriptor (0028,3002) says {lut.bits} bits, but the entries use {used}; "
        f"scaled them as {used} bits."
    )
    return replace(lut, bits=used)


def _function(item: Elements) -> str:
    # PS3.3 C.11.2.1.3: LINEAR if missing.  Some writers put a space for the underscore.
    return item.text("VOILUTFunction").upper().replace(" ", "_") or "LINEAR"


def find_implied_window(
    top: Elements, modality_values: StoredRange, *, bits_stored: int
) -> dict[str, Any]:
    """Return the window of segments and of 1-bit pixels whose file has no window and no table.

    Min-max would draw a segment that fills its frame black, and a faint one bright.  A segment's
    window goes from 0 to Maximum Fractional Value, or to 1 if it is BINARY (PS3.3 C.8.20.2); that
    of 1-bit pixels from the lower to the upper of their two values.

    Parameters
    ----------
    top : Elements
        The dataset.
    modality_values : StoredRange
        The range that the stored bits allow.
    bits_stored : int
        0 for float pixels.

    Returns
    -------
    dict
        The Frame fields ``voi_windows`` and ``voi_source``; empty for all other frames.
    """
    kind = top.text("SegmentationType").upper()
    if kind == "FRACTIONAL":
        maximum = top.number("MaximumFractionalValue") or _DEFAULT_FRACTIONAL_MAXIMUM
        return _window(0, maximum, "Segmentation")
    if kind == "BINARY":
        return _window(0, 1, "Segmentation")
    # Not for LABELMAP, the third type: its values are segment numbers.
    if bits_stored == 1 and not kind:
        return _window(*modality_values, "1-bit pixels")
    return {}


def is_binary_segment(top: Elements) -> bool:
    """Whether the frames are masks of 0 and 1, which must not be interpolated."""
    return top.text("SegmentationType").upper() == "BINARY"


def _window(black: float, white: float, subject: str) -> dict[str, Any]:
    # Float pixels have no range, and a wrong maximum may be below 0.
    if not math.isfinite(white - black) or white <= black:
        return {}
    limits = f"{black:.10g}..{white:.10g}"
    # LINEAR would draw a width of 1, that of masks, as a step above 0 (PS3.3 C.11.2.1.2.1).
    window = VoiWindow((black + white) / 2, white - black, "LINEAR_EXACT", limits)
    return {"voi_windows": (window,), "voi_source": f"{subject} {limits}"}
