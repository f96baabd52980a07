"""Ultrasound regions: one part of the screen, with a scale of its own (PS3.3 C.8.5.5)."""

from __future__ import annotations

import math
from dataclasses import replace

from dcmconv.plugin import Frame, InputError, Spacing, View
from dcmconv_builtins.dicom.file.elements import Elements

__all__ = ["show_region"]

_CENTIMETERS = 3
_CORNERS = (
    "RegionLocationMinX0",
    "RegionLocationMinY0",
    "RegionLocationMaxX1",
    "RegionLocationMaxY1",
)


def show_region(frame: Frame, top: Elements, number: int) -> Frame:
    """Return a frame of which one ultrasound region is shown, with that region's spacing.

    Parameters
    ----------
    frame : Frame
        Whole.
    top : Elements
        The dataset.
    number : int
        Item of Sequence of Ultrasound Regions (0018,6011), from 1.

    Returns
    -------
    Frame
        Its view is the region; spacing comes from Physical Delta X and Y where both are lengths,
        and is unknown otherwise.

    Raises
    ------
    InputError
        If there is no such region, or it lies outside the frame.
    """
    regions = top.items("SequenceOfUltrasoundRegions")
    if number > len(regions):
        found = f"has {len(regions)} items" if regions else "is missing"
        raise InputError(
            f"Sequence of Ultrasound Regions (0018,6011) {found}; region {number} was asked for.",
            hint=f"Ask for a region from 1 to {len(regions)}."
            if regions
            else "Read the file without a region; crop cuts out a rectangle of any picture.",
            reason="no-region",
        )
    region = regions[number - 1]
    spacing = _spacing(region)
    view = replace(frame.view or View(), region=_rectangle(region, number, frame))
    aspect = spacing.rows / spacing.columns if spacing else 1.0
    return replace(frame, view=view, spacing=spacing, aspect=aspect)


def _rectangle(region: Elements, number: int, frame: Frame) -> tuple[int, int, int, int]:
    corners = [region.number(keyword) for keyword in _CORNERS]
    left, upper, right, lower = (-1 if corner is None else int(corner) for corner in corners)
    # Both corners belong to the region.
    if not (0 <= left <= right and 0 <= upper <= lower):
        raise _impossible(number, "has no rectangle that makes sense")
    if left >= frame.columns or upper >= frame.rows:
        raise _impossible(number, "lies outside the picture")
    columns = min(right, frame.columns - 1) - left + 1
    rows = min(lower, frame.rows - 1) - upper + 1
    return left, upper, columns, rows


def _spacing(region: Elements) -> Spacing | None:
    units = [region.number("PhysicalUnitsXDirection"), region.number("PhysicalUnitsYDirection")]
    deltas = [region.number("PhysicalDeltaX"), region.number("PhysicalDeltaY")]
    across, down = (abs(float(delta or 0)) * 10 for delta in deltas)
    is_length = units == [_CENTIMETERS, _CENTIMETERS]
    if not is_length or not (0 < across < math.inf and 0 < down < math.inf):
        return None
    return Spacing(rows=down, columns=across, attribute="Physical Delta X and Y")


def _impossible(number: int, what: str) -> InputError:
    return InputError(
        f"Ultrasound region {number} {what}; columns and rows inside the picture were needed.",
        hint="Read the file without a region; crop cuts out a rectangle of any picture.",
        reason="no-region",
    )
