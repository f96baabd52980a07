"""Draw the text objects of an annotation in a box or next to an anchor (PS3.3 C.10.5.1.1)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv_builtins.dicom.file.attributes import DicomAttributes
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.presentation_state.display_space import DisplaySpace, Point
from dcmconv_builtins.dicom.presentation_state.drawing import Coverage, draw_path, paste
from dcmconv_builtins.lettering.fonts import FontSet
from dcmconv_builtins.lettering.text import TextBlock, fit_text

__all__ = ["draw_text"]

_MIN_SIZE = 8.0
_MAX_SIZE = 64.0
_MAX_BOX = 2**26
"""In pixels; in a larger box, far beyond any picture, text is drawn at the corner."""
_LINES = 32
"""The default text size is chosen so that this many lines would fill the displayed area."""


def draw_text(coverage: Coverage, text_object: Elements, space: DisplaySpace) -> bool:
    """Draw one item of the Text Object Sequence (0070,0008) into coverage, in place.

    Text is upright in the finished picture, even if the state rotates or flips the image.

    Returns
    -------
    bool
        Whether the item has text and a position.
    """
    lines = _lines(text_object)
    box = _box(text_object, space)
    anchor = _anchor(text_object, space)
    if not lines or (box is None and anchor is None):
        return False
    nominal = min(max(min(space.shown_size) / _LINES, _min_size(space)), _MAX_SIZE)
    block = TextBlock(lines, nominal, FontSet())
    if box is not None:
        corner = _draw_in_box(coverage, block, text_object, box, space)
        if anchor is not None and text_object.text("AnchorPointVisibility").upper() == "Y":
            draw_path(coverage, [_nearest(corner, anchor), anchor], width=space.pen)
    elif anchor is not None:
        _draw_next_to(coverage, block, anchor, space)
    return True


def _min_size(space: DisplaySpace) -> float:
    # Letters must be legible in the pixels of the frame, even along the longer side of a pixel.
    return min(_MIN_SIZE * max(space.scale), _MAX_SIZE)


def _lines(text_object: Elements) -> tuple[str, ...]:
    attributes = DicomAttributes((text_object,), text_object.notes)
    # DicomAttributes decodes by the character set of the state.
    text = str(attributes.get("UnformattedTextValue") or "")
    drawable, missing = FontSet().drawable("\n".join(text.splitlines()))
    if missing:
        text_object.notes.add(f"no font has {missing} characters of a text; drew '?' instead.")
    return tuple(drawable.split("\n")) if drawable.strip() else ()


Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge on the frame."""


def _box(text_object: Elements, space: DisplaySpace) -> Box | None:
    ends = [
        point
        for corner in ("BoundingBoxTopLeftHandCorner", "BoundingBoxBottomRightHandCorner")
        if corner in text_object
        for point in space.points(text_object, corner, "BoundingBoxAnnotationUnits")
    ]
    if len(ends) != 2:
        return None
    (left, right), (upper, lower) = (sorted(pair) for pair in zip(*ends, strict=True))
    return left, upper, right, lower


def _anchor(text_object: Elements, space: DisplaySpace) -> Point | None:
    if "AnchorPoint" not in text_object:
        return None
    points = space.points(text_object, "AnchorPoint", "AnchorPointAnnotationUnits")
    return points[0] if len(points) == 1 else None


def _draw_in_box(
    coverage: Coverage, block: TextBlock, text_object: Elements, box: Box, space: DisplaySpace
) -> Box:
    """Draw the text in its box as justified; return the area that it takes."""
    left, upper, right, lower = box
    across, down = space.scale
    room = ((right - left) * across, (lower - upper) * down)
    # Text is laid out upright, and only then turned into the frame's orientation.
    room = room[::-1] if space.is_sideways else room
    min_size = _min_size(space)
    if min(room) >= min_size:
        block = fit_text(block, columns=round(room[0]), rows=round(room[1]), smallest=min_size)
    justification = text_object.text("BoundingBoxTextHorizontalJustification").upper()
    letters = _letters(block, justification)
    is_sane = room[0] * room[1] <= _MAX_BOX
    slack = max(0, round(room[0]) - letters.shape[1]) if is_sane else 0
    before = {"RIGHT": slack, "CENTER": slack // 2}.get(justification, 0)
    below = max(0, round(room[1]) - letters.shape[0]) if is_sane else 0
    upright = np.pad(letters, ((0, below), (before, slack - before)))
    piece = space.turned_back(upright)
    corner = (round(upper), round(left))
    paste(coverage, piece, corner)
    return (corner[1], corner[0], corner[1] + piece.shape[1], corner[0] + piece.shape[0])


def _draw_next_to(coverage: Coverage, block: TextBlock, anchor: Point, space: DisplaySpace) -> None:
    """Draw the text to the right of its anchor, or to the left if the right has no room."""
    letters = _letters(block, "LEFT")
    piece = space.turned_back(letters)
    for direction in (1, -1):
        middle = space.to_the_right(anchor, direction * (letters.shape[1] / 2 + block.size / 2))
        corner = (round(middle[1] - piece.shape[0] / 2), round(middle[0] - piece.shape[1] / 2))
        if _is_inside(corner, piece.shape, coverage.shape):
            break
    paste(coverage, piece, corner)


def _is_inside(
    corner: tuple[int, int], shape: tuple[int, ...], frame_shape: tuple[int, ...]
) -> bool:
    return all(
        start >= 0 and start + length <= limit
        for start, length, limit in zip(corner, shape, frame_shape, strict=True)
    )


def _letters(block: TextBlock, justification: str) -> NDArray[Any]:
    """Draw the lines below each other, justified."""
    letters = np.zeros((block.rows, block.columns), np.uint8)
    for number, line in enumerate(block.lines):
        drawn = TextBlock((line,), block.size, block.fonts).coverage().letters
        slack = block.columns - drawn.shape[1]
        left = {"RIGHT": slack, "CENTER": slack // 2}.get(justification, 0)
        paste(letters, drawn, (number * block.line_height, left))
    return letters


def _nearest(box: Box, point: Point) -> Point:
    left, upper, right, lower = box
    return (
        math.floor(min(max(point[0], left), right)),
        math.floor(min(max(point[1], upper), lower)),
    )
