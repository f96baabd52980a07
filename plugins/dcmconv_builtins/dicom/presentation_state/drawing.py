"""Draw antialiased shapes into a coverage mask; memory depends on the shape, not on the frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv_builtins.dicom.presentation_state.display_space import Point

__all__ = ["draw_path", "paste"]

Coverage = NDArray[np.uint8]

_OVERSAMPLING = 5
"""Odd, so that a line of one pixel has a middle: Pillow draws even widths to one side."""

_MAX_OVERSAMPLED_PIXELS = 2**24


def draw_path(
    coverage: Coverage, points: Sequence[Point], *, width: float, is_filled: bool = False
) -> None:
    """Draw straight lines from point to point, in place; a filled path is closed.

    Parameters
    ----------
    coverage : uint8 array, shape (rows, columns)
        255 where the path fully covers a pixel; values only increase.
    points : sequence of (column, row)
        At least two; (0, 0) is the upper left corner of the first pixel.
    width : float
        Of the line, in pixels.
    """
    piece = _piece(coverage, points, width)
    if piece is None:
        return
    from PIL import Image, ImageDraw

    rows, columns = piece
    extent = (rows.stop - rows.start, columns.stop - columns.start)
    oversampled = extent[0] * extent[1] * _OVERSAMPLING**2
    # A very large shape is drawn without antialiasing, which bounds the memory.
    factor = _OVERSAMPLING if oversampled <= _MAX_OVERSAMPLED_PIXELS else 1
    image = Image.new("L", (extent[1] * factor, extent[0] * factor))
    draw = ImageDraw.Draw(image)
    # In Pillow's coordinates an integer is the middle of a pixel.
    placed = [
        ((x - columns.start) * factor - 0.5, (y - rows.start) * factor - 0.5) for x, y in points
    ]
    if is_filled:
        draw.polygon(placed, fill=255)
    draw.line(placed, fill=255, width=max(1, round(width * factor)), joint="curve")
    paste(coverage, np.asarray(image.reduce(factor)), (rows.start, columns.start))


def paste(coverage: Coverage, piece: NDArray[Any], corner: tuple[int, int]) -> None:
    """Merge a piece of coverage into another, in place; anything outside is cut off.

    ``corner`` is the row and column of the piece's upper left pixel.
    """
    top, left = corner
    rows = slice(max(top, 0), min(top + piece.shape[0], coverage.shape[0]))
    columns = slice(max(left, 0), min(left + piece.shape[1], coverage.shape[1]))
    if rows.start < rows.stop and columns.start < columns.stop:
        inside = piece[rows.start - top : rows.stop - top, columns.start - left :]
        under = coverage[rows, columns]
        # Not a sum: crossing lines are no darker than one line.
        np.maximum(under, inside[:, : columns.stop - columns.start], out=under)


def _piece(coverage: Coverage, points: Sequence[Point], width: float) -> tuple[slice, slice] | None:
    """Return the rows and columns that a path can touch; None if all of it is outside."""
    # Joints of thick lines stick out by less than the width.
    margin = width + 1
    spans = []
    for axis, length in ((1, coverage.shape[0]), (0, coverage.shape[1])):
        first = int(np.floor(min(point[axis] for point in points) - margin))
        last = int(np.ceil(max(point[axis] for point in points) + margin))
        spans.append(slice(max(first, 0), min(last, length)))
    rows, columns = spans
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None
