"""Draw the text objects of an annotation in a box or next to an anchor (PS3.3 C.10.5.1.1)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcmconv_builtins.dicom.file.attributes import DicomAttributes
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.presentation_state.display_space import DisplaySpace, Point
from dcmconv_builtins.dicom.presentation_state.drawing import Coverage, draw_path, paste
from dcmconv_builtins.lettering.fonts import FontSet
from dcmconv_builtins.lettering.text import TextBlock, fit_text

__all__ = ["Ink", "draw_text"]

_MIN_SIZE = 8.0
_MAX_SIZE = 64.0
_MAX_BOX = 2**26
"""In pixels; in a larger box, far beyond any picture, text is drawn at the corner."""
_LINES = 32
"""The default text size is chosen so that this many lines would fill the displayed area."""


class Ink(NamedTuple):
    """Two coverages of the frame: the text, and the text with its outline, which is below it.

    The outline has the opposite brightness, so that letters can be read on dark and bright tissue.
    """

    letters: Coverage
    outlined: Coverage


def draw_text(ink: Ink, text_object: Elements, space: DisplaySpace) -> bool:
    """Draw one item of the Text Object Sequence (0070,0008) into coverages, in place.

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
        corner = _draw_in_box(ink, block, text_object, box, space)
        if anchor is not None and text_object.text("AnchorPointVisibility").upper() == "Y":
            line = [_nearest(corner, anchor), anchor]
            draw_path(ink.outlined, line, width=space.pen + 2 * block.outline)
            draw_path(ink.letters, line, width=space.pen)
    elif anchor is not None:
        _draw_next_to(ink, block, anchor, space)
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
    ink: Ink, block: TextBlock, text_object: Elements, box: Box, space: DisplaySpace
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
    drawn = _drawn(block, justification)
    is_sane = room[0] * room[1] <= _MAX_BOX
    slack = max(0, round(room[0]) - block.columns) if is_sane else 0
    before = {"RIGHT": slack, "CENTER": slack // 2}.get(justification, 0)
    below = max(0, round(room[1]) - block.rows) if is_sane else 0
    margins = ((0, below), (before, slack - before))
    pieces = [space.turned_back(np.pad(upright, margins)) for upright in drawn]
    corner = (round(upper), round(left))
    for coverage, piece in zip(ink, pieces, strict=True):
        paste(coverage, piece, corner)
    rows, columns = pieces[0].shape
    return (corner[1], corner[0], corner[1] + columns, corner[0] + rows)


def _draw_next_to(ink: Ink, block: TextBlock, anchor: Point, space: DisplaySpace) -> None:
    """Draw the text to the right of its anchor, or to the left if the right has no room."""
    pieces = [space.turned_back(upright) for upright in _drawn(block, "LEFT")]
    rows, columns = pieces[0].shape
    # If neither side has room, the text stays on the left, and is cut off at the edge.
    for direction in (1, -1):
        # Leave half the height of a letter between anchor and text.
        middle = space.to_the_right(anchor, direction * (block.columns / 2 + block.size / 2))
        corner = (round(middle[1] - rows / 2), round(middle[0] - columns / 2))
        if _is_inside(corner, (rows, columns), ink.letters.shape):
            break
    for coverage, piece in zip(ink, pieces, strict=True):
        paste(coverage, piece, corner)


def _is_inside(
    corner: tuple[int, int], shape: tuple[int, ...], frame_shape: tuple[int, ...]
) -> bool:
    return all(
        start >= 0 and start + length <= limit
        for start, length, limit in zip(corner, shape, frame_shape, strict=True)
    )


def _drawn(block: TextBlock, justification: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Draw the lines below each other, justified: the letters, and the letters with outlines."""
    letters = np.zeros((block.rows, block.columns), np.uint8)
    outlined = letters.copy()
    for number, line in enumerate(block.lines):
        drawn = TextBlock((line,), block.size, block.fonts).coverage()
        slack = block.columns - drawn.letters.shape[1]
        left = {"RIGHT": slack, "CENTER": slack // 2}.get(justification, 0)
        paste(letters, drawn.letters, (number * block.line_height, left))
        paste(outlined, drawn.outlined, (number * block.line_height, left))
    return letters, outlined


def _nearest(box: Box, point: Point) -> Point:
    left, upper, right, lower = box
    return (
        math.floor(min(max(point[0], left), right)),
        math.floor(min(max(point[1], upper), lower)),
    )
