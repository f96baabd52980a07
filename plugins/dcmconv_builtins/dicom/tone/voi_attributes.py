"""What a file offers for its VOI LUT: windows and tables of one frame (PS3.3 C.11.2)."""

from __future__ import annotations

from dcmconv.plugin import Lut, VoiWindow
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.tone.lookup_table import find_lut

__all__ = ["find_voi_luts", "find_voi_windows"]

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
