"""Which part of the image is shown, which way up, how wide a pixel is (PS3.3 C.10.4, C.10.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

from dcmconv.plugin import Frame, Spacing, View
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.presentation_state.references import Target, refers_to

__all__ = ["MAX_PIXELS", "find_view", "pixel_size_changes"]

MAX_PIXELS = 2**26
"""A displayed area larger than this is a typing mistake, or an attack on the memory."""
_SQUARE = 0.01


def find_view(top: Elements, target: Target, *, shape: tuple[int, int]) -> View | None:
    """Return the view that a state asks for; None where that is the whole image as stored.

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
    return None if view == View() else view


def pixel_size_changes(top: Elements, target: Target, frame: Frame) -> dict[str, Any]:
    """Return spacing and aspect of the Frame, where the state has its own (PS3.3 C.10.4)."""
    area = _area(top, target)
    if area is None:
        return {}
    mode = area.text("PresentationSizeMode").upper()
    if mode == "MAGNIFY":
        ratio = area.number("PresentationPixelMagnificationRatio") or 1
        area.notes.add(
            f"its magnification of {ratio:g} is for a screen; the picture has the image's pixels."
        )
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
            f"its Presentation Pixel Aspect Ratio (0070,0102) of {aspect:.4g} is not that of the "
            f"image's {image_spacing.attribute}, which was left out."
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
    # The upper left after rotation and flip need not be the upper left before them.
    column, last_column = sorted((corners[0], corners[2]))
    row, last_row = sorted((corners[1], corners[3]))
    columns, rows = last_column - column + 1, last_row - row + 1
    if (column, row, rows, columns) == (1, 1, *shape):
        return None
    is_beside = last_row < 1 or last_column < 1 or row > shape[0] or column > shape[1]
    if is_beside or rows * columns > MAX_PIXELS:
        area.notes.add(
            f"its displayed area of {columns}x{rows} pixels at {column}\\{row} makes no sense for "
            "the image; all of it was shown."
        )
        return None
    return column - 1, row - 1, columns, rows


def _corners(area: Elements) -> Sequence[int] | None:
    upper = area.integers("DisplayedAreaTopLeftHandCorner")
    lower = area.integers("DisplayedAreaBottomRightHandCorner")
    if len(upper) != 2 or len(lower) != 2:
        area.notes.add("its displayed area has no corners; all of the image was shown.")
        return None
    return (*upper, *lower)


def _rotation(top: Elements) -> Literal[0, 90, 180, 270]:
    degrees = top.number("ImageRotation") or 0
    if degrees in (0, 90, 180, 270):
        return cast("Literal[0, 90, 180, 270]", int(degrees))
    top.notes.add(f"Image Rotation (0070,0042) is {degrees:g}, no quarter turn; it was left out.")
    return 0


def _pair(area: Elements, keyword: str) -> tuple[float, float] | None:
    numbers = area.numbers(keyword)
    if len(numbers) == 2 and all(0 < number < float("inf") for number in numbers):
        return float(numbers[0]), float(numbers[1])
    return None
