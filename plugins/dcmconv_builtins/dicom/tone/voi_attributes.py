"""What a file offers for its VOI LUT: windows and tables of one frame (PS3.3 C.11.2)."""

from __future__ import annotations

import math
from typing import Any

from dcmconv.plugin import Lut, VoiWindow
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.tone.lookup_table import find_lut

__all__ = ["find_implied_window", "find_voi_luts", "find_voi_windows", "is_binary_segment"]

_MACRO = "FrameVOILUTSequence"
_LUTS = "VOI LUT Sequence (0028,3010)"
_SMALL = 4096
"""What a table of 12 bits ends before; many that say 16 bits were made for those."""


def find_voi_windows(groups: FrameGroups) -> tuple[VoiWindow, ...]:
    """Return the windows of a frame in the file's order, also those that make no sense.

    Centers and widths pair up; what is left over is left out, with a note.
    """
    place = groups.find(_MACRO, "WindowCenter", "WindowWidth")
    if place is None:
        return ()
    centers, widths = place.numbers("WindowCenter"), place.numbers("WindowWidth")
    if len(centers) != len(widths):
        place.notes.add(
            f"there are {len(centers)} Window Center (0028,1050) and {len(widths)} Window Width "
            "(0028,1051); only pairs were used."
        )
    function = _function(place)
    explanations = place.texts("WindowCenterWidthExplanation")
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

    ``inputs`` are the least and the greatest modality value that the stored bits allow.  Entries
    count as they stand, also where a table of 16 bits uses few of them; that is noted.
    """
    place = groups.find(_MACRO, "VOILUTSequence")
    if place is None:
        return ()
    found = (find_lut(item, inputs=inputs, name=_LUTS) for item in place.items("VOILUTSequence"))
    luts = tuple(lut for lut in found if lut is not None)
    for lut in luts:
        greatest = int(lut.entries.max())
        if lut.bits == 16 and greatest < _SMALL:
            place.notes.add(
                f"{_LUTS}: the table has 16 bits, and its greatest entry is {greatest}; it was "
                "taken as it stands, which is dark."
            )
    return luts


def _function(place: Elements) -> str:
    return place.text("VOILUTFunction").upper().replace(" ", "_") or "LINEAR"


_WHOLE_BYTE = 255
"""What Maximum Fractional Value (0062,000E) is taken for, where it is missing or 0."""


def find_implied_window(
    top: Elements, modality_values: StoredRange, *, bits_stored: int
) -> dict[str, Any]:
    """Return window and source of a Frame whose file offers neither window nor table.

    A segment goes from 0, which is black, to Maximum Fractional Value, or to 1 where it is BINARY
    (PS3.3 C.8.20.2); 1-bit pixels go from the lower to the upper of their two values.

    Parameters
    ----------
    top : Elements
        The dataset.
    modality_values : StoredRange
        What the stored bits allow.
    bits_stored : int
        0 for float pixels.

    Returns
    -------
    dict
        ``voi_windows`` and ``voi_source``; empty for all other pictures.
    """
    kind = top.text("SegmentationType").upper()
    if kind == "FRACTIONAL":
        greatest = top.number("MaximumFractionalValue") or _WHOLE_BYTE
        return _window(0, greatest, "Segmentation")
    if kind == "BINARY":
        return _window(0, 1, "Segmentation")
    if bits_stored == 1 and not kind:
        return _window(*modality_values, "1-bit pixels")
    return {}


def is_binary_segment(top: Elements) -> bool:
    """Whether the frames are segments of 0 and 1, between which there is nothing."""
    return top.text("SegmentationType").upper() == "BINARY"


def _window(black: float, white: float, subject: str) -> dict[str, Any]:
    if not math.isfinite(white - black) or white <= black:
        return {}
    words = f"{black:.10g}..{white:.10g}"
    window = VoiWindow((black + white) / 2, white - black, "LINEAR_EXACT", words)
    return {"voi_windows": (window,), "voi_source": f"{subject} {words}"}
