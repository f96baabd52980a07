"""Displayed area, rotation, flip and pixel size of a state (PS3.3 C.10.4, C.10.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

from dcmconv.plugin import Frame, Spacing, View
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.presentation_state.references import Target, refers_to

__all__ = ["MAX_PIXELS", "find_view", "pixel_size_changes"]

MAX_PIXELS = 2**26
"""A larger displayed area is a typing mistake or an attempt to exhaust memory."""
# Ratios that differ by less count as equal, because spacing is rounded decimal text.
_SQUARE = 0.01


def find_view(top: Elements, target: Target, *, shape: tuple[int, int]) -> View | None:
    """Return the view that a state asks for; None if it shows the whole image as stored.

    Parameters
    ----------
    top : Elements
        The state.
    target : Target
        The image and the frame.
    shape : tuple
        Rows and columns of the frame.
    """
    area = _area(top, target)
    view = View(
        region=_region(area, shape) if area else None,
        rotation=_rotation(top),
        is_flipped=top.text("ImageHorizontalFlip").upper() == "Y",
    )
    # None instead of an empty view, so that the image's own view stays in place.
    return None if view == View() else view


def pixel_size_changes(top: Elements, target: Target, frame: Frame) -> dict[str, Any]:
    """Return the Frame's spacing and aspect, if the state defines them (PS3.3 C.10.4)."""
    area = _area(top, target)
    if area is None:
        return {}
    mode = area.text("PresentationSizeMode").upper()
    if mode == "MAGNIFY":
        ratio = area.number("PresentationPixelMagnificationRatio") or 1
        area.notes.add(
            f"its magnification of {ratio:g} is for a screen; the picture is not magnified."
        )
    # PS3.3 C.10.4: a state has either the spacing or the aspect ratio.
    spacing = _pair(area, "PresentationPixelSpacing")
    if spacing:
        own = Spacing(*spacing, "Presentation Pixel Spacing")
        return {"spacing": own, "aspect": own.rows / own.columns}
    ratio_pair = _pair(area, "PresentationPixelAspectRatio")
    if not ratio_pair:
        return {}
    aspect = ratio_pair[0] / ratio_pair[1]
    image_spacing = frame.spacing
    if image_spacing and abs(image_spacing.rows / image_spacing.columns / aspect - 1) > _SQUARE:
        area.notes.add(
            f"its Presentation Pixel Aspect Ratio (0070,0102) of {aspect:.4g} contradicts the "
            f"image's {image_spacing.attribute}; ignored the latter."
        )
        return {"spacing": None, "aspect": aspect}
    return {"aspect": aspect}


def _area(top: Elements, target: Target) -> Elements | None:
    items = top.items("DisplayedAreaSelectionSequence")
    return next((item for item in items if refers_to(item, target)), None)


def _region(area: Elements, shape: tuple[int, int]) -> tuple[int, int, int, int] | None:
    corners = _corners(area)
    if corners is None:
        return None
    # The corners are named as displayed, so rotation and flip may have exchanged them.
    column, last_column = sorted((corners[0], corners[2]))
    row, last_row = sorted((corners[1], corners[3]))
    columns, rows = last_column - column + 1, last_row - row + 1
    # The whole image, as most states have it, needs no view.
    if (column, row, rows, columns) == (1, 1, *shape):
        return None
    is_outside = last_row < 1 or last_column < 1 or row > shape[0] or column > shape[1]
    if is_outside or rows * columns > MAX_PIXELS:
        why = "is outside the image" if is_outside else "is too large"
        area.notes.add(
            f"its displayed area of {columns}x{rows} pixels at {column}\\{row} {why}; showed the "
            "whole image."
        )
        return None
    # The attribute counts from 1 and may reach beyond the image, which is then background.
    return column - 1, row - 1, columns, rows


def _corners(area: Elements) -> Sequence[int] | None:
    upper = area.integers("DisplayedAreaTopLeftHandCorner")
    lower = area.integers("DisplayedAreaBottomRightHandCorner")
    if len(upper) != 2 or len(lower) != 2:
        area.notes.add("its displayed area does not have two corners; showed the whole image.")
        return None
    return (*upper, *lower)


def _rotation(top: Elements) -> Literal[0, 90, 180, 270]:
    degrees = top.number("ImageRotation") or 0
    if degrees in (0, 90, 180, 270):
        return cast("Literal[0, 90, 180, 270]", int(degrees))
    top.notes.add(
        f"Image Rotation (0070,0042) is {degrees:g}; expected 0, 90, 180 or 270; ignored it."
    )
    return 0


def _pair(area: Elements, keyword: str) -> tuple[float, float] | None:
    numbers = area.numbers(keyword)
    if len(numbers) == 2 and all(0 < number < float("inf") for number in numbers):
        return float(numbers[0]), float(numbers[1])
    return None
