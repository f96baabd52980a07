"""Ultrasound regions: parts of the screen, each with its own scale (PS3.3 C.8.5.5)."""

from __future__ import annotations

import math
from dataclasses import replace

from dcmconv.plugin import Frame, InputError, Spacing, View
from dcmconv_builtins.dicom.file.elements import Elements

__all__ = ["show_region"]

# A code of Physical Units X Direction (0018,6024).
_CENTIMETERS = 3
_CROP_HINT = "Leave out the region; to cut a rectangle out of any picture, use the step crop."
_CORNERS = (
    "RegionLocationMinX0",
    "RegionLocationMinY0",
    "RegionLocationMaxX1",
    "RegionLocationMaxY1",
)


def show_region(frame: Frame, top: Elements, number: int) -> Frame:
    """Return a frame whose view is one ultrasound region, with that region's spacing.

    Parameters
    ----------
    frame : Frame
        The whole frame.
    top : Elements
        The dataset.
    number : int
        Item of Sequence of Ultrasound Regions (0018,6011), from 1.

    Returns
    -------
    Frame
        Spacing comes from Physical Delta X and Y if both are lengths, and is unknown otherwise.

    Raises
    ------
    InputError
        If there is no such region, or it is outside the frame.
    """
    regions = top.items("SequenceOfUltrasoundRegions")
    if number > len(regions):
        found = f"has {len(regions)} items" if regions else "is missing"
        raise InputError(
            f"Sequence of Ultrasound Regions (0018,6011) {found}; there is no region {number}.",
            hint=f"Use a region from 1 to {len(regions)}." if regions else _CROP_HINT,
            reason="no-region",
        )
    region = regions[number - 1]
    spacing = _spacing(region)
    view = replace(frame.view or View(), region=_rectangle(region, number, frame))
    aspect = spacing.rows / spacing.columns if spacing else 1.0
    return replace(frame, view=view, spacing=spacing, aspect=aspect)


def _rectangle(region: Elements, number: int, frame: Frame) -> tuple[int, int, int, int]:
    corners = [region.number(keyword) for keyword in _CORNERS]
    # A missing corner becomes -1, which the check below refuses.
    left, upper, right, lower = (-1 if corner is None else int(corner) for corner in corners)
    # Both corners belong to the region.
    if not (0 <= left <= right and 0 <= upper <= lower):
        raise _unusable(number, "has no valid rectangle")
    if left >= frame.columns or upper >= frame.rows:
        raise _unusable(number, "is outside the frame")
    columns = min(right, frame.columns - 1) - left + 1
    rows = min(lower, frame.rows - 1) - upper + 1
    return left, upper, columns, rows


def _spacing(region: Elements) -> Spacing | None:
    units = [region.number("PhysicalUnitsXDirection"), region.number("PhysicalUnitsYDirection")]
    deltas = [region.number("PhysicalDeltaX"), region.number("PhysicalDeltaY")]
    # Spacing is in mm.  A negative delta only reverses the direction.
    across, down = (abs(float(delta or 0)) * 10 for delta in deltas)
    is_length = units == [_CENTIMETERS, _CENTIMETERS]
    if not is_length or not (0 < across < math.inf and 0 < down < math.inf):
        return None
    return Spacing(rows=down, columns=across, attribute="Physical Delta X and Y")


def _unusable(number: int, what: str) -> InputError:
    return InputError(
        f"Ultrasound region {number} {what}; expected columns and rows inside the frame.",
        hint=_CROP_HINT,
        reason="no-region",
    )
