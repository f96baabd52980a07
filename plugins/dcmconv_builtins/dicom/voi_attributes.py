"""What a file offers for its VOI LUT: windows and tables of one frame (PS3.3 C.11.2)."""

from __future__ import annotations

from dcmconv.plugin import Lut, VoiWindow
from dcmconv_builtins.dicom.elements import Elements
from dcmconv_builtins.dicom.functional_groups import FrameGroups
from dcmconv_builtins.dicom.lookup_table import find_lut

__all__ = ["find_voi_luts", "find_voi_windows"]

_MACRO = "FrameVOILUTSequence"


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


def find_voi_luts(groups: FrameGroups, *, greatest_input: float) -> tuple[Lut, ...]:
    """Return the usable items of the VOI LUT Sequence (0028,3010) of a frame.

    ``greatest_input`` is the greatest modality value that the stored bits allow.
    """
    place = groups.find(_MACRO, "VOILUTSequence")
    if place is None:
        return ()
    name = "VOI LUT Sequence (0028,3010)"
    found = (
        find_lut(item, greatest_input=greatest_input, name=name)
        for item in place.items("VOILUTSequence")
    )
    return tuple(lut for lut in found if lut is not None)


def _function(place: Elements) -> str:
    return place.text("VOILUTFunction").upper().replace(" ", "_") or "LINEAR"
