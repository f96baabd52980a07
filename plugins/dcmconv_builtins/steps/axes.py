"""Axes around a picture as matplotlib's ``imshow`` draws them: frame, ticks and their labels.

The pictures of a run mostly have one size, and so the same axes: they are drawn once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcmconv_builtins.lettering.fonts import FontSet
from dcmconv_builtins.lettering.text import draw_label
from dcmconv_builtins.steps.drawing import covered, paint
from dcmconv_builtins.steps.ticks import tick_labels, tick_values

__all__ = ["BLACK", "Axes", "DrawnAxes", "Paper", "draw_axes"]

BLACK = (0, 0, 0)

# matplotlib's defaults: the axes as shares of the figure, and lengths in points (1/72 inch).
LEFT, BOTTOM, WIDTH, HEIGHT = 0.125, 0.11, 0.775, 0.77
LABEL_SIZE = 10.0
TICK_LENGTH, TICK_PAD, LINE_WIDTH = 3.5, 3.5, 0.8
# matplotlib aligns labels by the height of the letter l above its base line, in DejaVu Sans.
ASCENT = 0.76


@dataclass(frozen=True)
class Paper:
    """What a figure is drawn on: rows and columns of pixels, and fonts for its text."""

    rows: int
    columns: int
    dpi: float
    fonts: FontSet

    def pixels(self, points: float) -> float:
        """Return a length in pixels."""
        return points * self.dpi / 72

    @property
    def line_width(self) -> int:
        """Breadth of the frame and of ticks in pixels."""
        return max(1, round(self.pixels(LINE_WIDTH)))


@dataclass(frozen=True)
class Axes:
    """Position of the axes on the canvas, in pixels from its upper left."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, columns: int, rows: int, canvas: tuple[int, int]) -> Axes:
        """Fit a picture's proportions into the default axes of a canvas (rows, columns)."""
        height, width = canvas
        scale = min(WIDTH * width / columns, HEIGHT * height / rows)
        middle = (LEFT + WIDTH / 2) * width
        center = (1 - BOTTOM - HEIGHT / 2) * height
        half_width, half_height = columns * scale / 2, rows * scale / 2
        return cls(
            middle - half_width, center - half_height, middle + half_width, center + half_height
        )

    @property
    def inside(self) -> tuple[slice, slice]:
        """The rows and columns of the canvas that show the picture, at least one of each."""
        top, left = _whole(self.top), _whole(self.left)
        bottom, right = max(_whole(self.bottom), top + 1), max(_whole(self.right), left + 1)
        return slice(top, bottom), slice(left, right)


class Stroke(NamedTuple):
    """Something black: how much of each pixel it covers, and its upper left (row, column)."""

    coverage: NDArray[Any]
    corner: tuple[int, int]


@dataclass(frozen=True, eq=False)
class DrawnAxes:
    """Axes in gray: what is black around the picture, and what is drawn over its edges.

    ``around`` has pieces of a white canvas on which everything was drawn; ``over`` has the strokes
    that touch the picture.
    """

    axes: Axes
    around: tuple[tuple[slice, slice, NDArray[Any]], ...]
    over: tuple[Stroke, ...]

    def put_around(self, canvas: NDArray[Any]) -> None:
        """Draw on a white canvas, before the picture is there."""
        for rows, columns, piece in self.around:
            # Without alpha: the canvas is opaque.
            under = canvas[rows, columns, :3] if canvas.ndim == 3 else canvas[rows, columns]
            under[...] = piece[..., np.newaxis] if canvas.ndim == 3 else piece

    def put_over(self, canvas: NDArray[Any]) -> None:
        """Draw on the edges of the picture, and nowhere else: letters there would be too dark."""
        rows, columns = self.axes.inside
        for stroke in self.over:
            corner = (stroke.corner[0] - rows.start, stroke.corner[1] - columns.start)
            paint(canvas[rows, columns], stroke.coverage, BLACK, corner)


@lru_cache(maxsize=64)
def draw_axes(paper: Paper, rows: int, columns: int, dtype: str) -> DrawnAxes:
    """Draw the axes of a picture with these rows and columns, in display values of a type."""
    axes = Axes.around(columns, rows, (paper.rows, paper.columns))
    canvas = np.full((paper.rows, paper.columns), np.iinfo(dtype).max, dtype)
    strokes = [*_frame(paper, axes), *_ticks(paper, axes, rows, columns)]
    for stroke in strokes:
        paint(canvas, stroke.coverage, BLACK, stroke.corner)
    pieces = [covered(stroke.corner, stroke.coverage.shape, canvas.shape) for stroke in strokes]
    around = tuple((*piece, canvas[piece].copy()) for piece in pieces)
    over = tuple(
        stroke
        for stroke, piece in zip(strokes, pieces, strict=True)
        if all(map(_overlap, piece, axes.inside))
    )
    return DrawnAxes(axes, around, over)


def _overlap(one: slice, other: slice) -> bool:
    return bool(max(one.start, other.start) < min(one.stop, other.stop))


def _frame(paper: Paper, axes: Axes) -> Iterator[Stroke]:
    for row in (axes.top, axes.bottom):
        yield _bar(paper, (row, row), (axes.left, axes.right))
    for column in (axes.left, axes.right):
        yield _bar(paper, (axes.top, axes.bottom), (column, column))


def _ticks(paper: Paper, axes: Axes, rows: int, columns: int) -> Iterator[Stroke]:
    length, size = paper.pixels(TICK_LENGTH), paper.pixels(LABEL_SIZE)
    away = length + paper.pixels(TICK_PAD)
    length -= paper.line_width / 2
    width, height = axes.right - axes.left, axes.bottom - axes.top
    # matplotlib assumes that labels are at most three times as wide as high.
    ticks = tick_values(columns, int(width / (3 * size)))
    for value, label in zip(ticks, tick_labels(ticks), strict=True):
        # imshow centers pixel i at i: the left edge of the picture is -0.5.
        column = axes.left + (value + 0.5) / columns * width
        yield _bar(paper, (axes.bottom, axes.bottom + length), (column, column))
        yield _label(paper, label, (axes.bottom + away + ASCENT * size, column), 0.5)
    ticks = tick_values(rows, int(height / (2 * size)))
    for value, label in zip(ticks, tick_labels(ticks), strict=True):
        row = axes.top + (value + 0.5) / rows * height
        yield _bar(paper, (row, row), (axes.left - length, axes.left))
        yield _label(paper, label, (row + ASCENT * size / 2, axes.left - away), 1.0)


def _bar(paper: Paper, rows: tuple[float, float], columns: tuple[float, float]) -> Stroke:
    """Return a line whose ends are the centers of its breadth, snapped to whole pixels."""
    breadth = paper.line_width
    top, bottom, left, right = (_whole(end) - breadth // 2 for end in (*rows, *columns))
    coverage = np.full((bottom - top + breadth, right - left + breadth), 255, np.uint8)
    return Stroke(coverage, (top, left))


def _label(paper: Paper, text: str, base: tuple[float, float], share_left: float) -> Stroke:
    """Return a label on a base line, with a share of its width to the left of the column."""
    label = draw_label(text, paper.pixels(LABEL_SIZE), paper.fonts)
    left = base[1] - share_left * (label.columns - 2 * label.margin) - label.margin
    return Stroke(label.letters, (round(base[0] - label.base_line), round(left)))


def _whole(position: float) -> int:
    return int(np.floor(position + 0.5))
