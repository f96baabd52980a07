"""The article's figure: a picture in axes on a white canvas, as matplotlib draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Opt, Picture, Spacing, Step
from dcmconv_builtins.lettering.fonts import FontSet
from dcmconv_builtins.lettering.text import TextBlock, fit_text
from dcmconv_builtins.steps.caption import caption_of, check_template
from dcmconv_builtins.steps.drawing import canvas_like, in_colors, paint
from dcmconv_builtins.steps.resampling import Filter, resample
from dcmconv_builtins.steps.ticks import tick_labels, tick_values

__all__ = ["Figure"]

MAX_PIXELS = 2**28
BLACK = (0, 0, 0)

# matplotlib's defaults: the axes as shares of the figure, and lengths in points (1/72 inch).
LEFT, BOTTOM, WIDTH, HEIGHT = 0.125, 0.11, 0.775, 0.77
TITLE_SIZE, TITLE_PAD, LABEL_SIZE = 12.0, 6.0, 10.0
TICK_LENGTH, TICK_PAD, LINE_WIDTH = 3.5, 3.5, 0.8
# matplotlib aligns labels by the height of the letter l above its base line, in DejaVu Sans.
ASCENT = 0.76


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


@dataclass(frozen=True, kw_only=True)
class Figure(Step):
    """Put the picture on a white canvas with axes, ticks and a title, as matplotlib's imshow does.

    The size is that of the canvas, whatever the size of the picture.  The result is a drawing, not
    an image: its spacing is that of the paper, ``dpi`` pixels per inch.
    """

    after_colormap: ClassVar[bool] = True

    text: Annotated[
        str,
        Opt("Title; {Keyword}, {GGGG,EEEE}, {frame} and {frames} are filled in", template=True),
    ] = "UID:{SOPInstanceUID}"
    width: Annotated[float, Opt("Width of the canvas", unit="inches", gt=0, le=1000)] = 6.4
    height: Annotated[float, Opt("Height of the canvas", unit="inches", gt=0, le=1000)] = 4.8
    dpi: Annotated[float, Opt("Pixels per inch", ge=1, le=10000)] = 100.0
    font: Annotated[str | None, Opt("Font file to use before the bundled fonts")] = None

    def __post_init__(self) -> None:
        check_template(self.text)
        rows, columns = self._shape
        if rows * columns > MAX_PIXELS or not rows * columns:
            raise ValueError(
                f"width, height and dpi make {columns} x {rows} pixels; the limit is {MAX_PIXELS}"
            )

    @property
    def _shape(self) -> tuple[int, int]:
        # Truncated as in matplotlib, but 4.35 * 100 is 434.99999999999994 in floats.
        return int(self.height * self.dpi + 1e-9), int(self.width * self.dpi + 1e-9)

    def apply(self, picture: Picture) -> Picture:
        """Draw.

        Raises
        ------
        UsageError
            If the font cannot be read.
        """
        picture = in_colors(picture)
        white = int(np.iinfo(picture.pixels.dtype).max)
        canvas = canvas_like(picture.pixels, *self._shape, fill=white)
        axes = Axes.around(picture.columns, picture.rows, self._shape)
        _place(canvas, picture.pixels, axes)
        self._frame(canvas, axes)
        self._ticks(canvas, axes, picture)
        note = self._title(canvas, axes, picture)
        notes = (*picture.notes, note) if note else picture.notes
        pitch = 25.4 / self.dpi
        return picture.with_(
            pixels=canvas,
            spacing=Spacing(pitch, pitch, "figure"),
            aspect=1.0,
            background=white,
            notes=notes,
        )

    def _points(self, points: float) -> float:
        return points * self.dpi / 72

    def _bar(
        self, canvas: NDArray[Any], rows: tuple[float, float], columns: tuple[float, float]
    ) -> None:
        """Draw a line whose ends are the centers of its breadth, snapped to whole pixels."""
        breadth = self._breadth
        top, bottom, left, right = (_whole(end) - breadth // 2 for end in (*rows, *columns))
        share = np.full((bottom - top + breadth, right - left + breadth), 255, np.uint8)
        paint(canvas, share, BLACK, (top, left))

    @property
    def _breadth(self) -> int:
        return max(1, round(self._points(LINE_WIDTH)))

    def _frame(self, canvas: NDArray[Any], axes: Axes) -> None:
        for row in (axes.top, axes.bottom):
            self._bar(canvas, (row, row), (axes.left, axes.right))
        for column in (axes.left, axes.right):
            self._bar(canvas, (axes.top, axes.bottom), (column, column))

    def _ticks(self, canvas: NDArray[Any], axes: Axes, picture: Picture) -> None:
        length, size = self._points(TICK_LENGTH), self._points(LABEL_SIZE)
        away = length + self._points(TICK_PAD)
        length -= self._breadth / 2
        width, height = axes.right - axes.left, axes.bottom - axes.top
        # matplotlib assumes that labels are at most three times as wide as high.
        ticks = tick_values(picture.columns, int(width / (3 * size)))
        for value, label in zip(ticks, tick_labels(ticks), strict=True):
            # imshow centers pixel i at i: the left edge of the picture is -0.5.
            column = axes.left + (value + 0.5) / picture.columns * width
            self._bar(canvas, (axes.bottom, axes.bottom + length), (column, column))
            self._label(canvas, label, (axes.bottom + away + ASCENT * size, column), 0.5)
        ticks = tick_values(picture.rows, int(height / (2 * size)))
        for value, label in zip(ticks, tick_labels(ticks), strict=True):
            row = axes.top + (value + 0.5) / picture.rows * height
            self._bar(canvas, (row, row), (axes.left - length, axes.left))
            self._label(canvas, label, (row + ASCENT * size / 2, axes.left - away), 1.0)

    def _label(
        self, canvas: NDArray[Any], text: str, base: tuple[float, float], share_left: float
    ) -> None:
        """Write a label on a base line, with a share of its width to the left of the column."""
        block = TextBlock((text,), self._points(LABEL_SIZE), FontSet(self.font or ""))
        left = base[1] - share_left * (block.columns - 2 * block.margin) - block.margin
        top = base[0] - block.base_line
        paint(canvas, block.coverage().letters, BLACK, (round(top), round(left)))

    def _title(self, canvas: NDArray[Any], axes: Axes, picture: Picture) -> str:
        fonts = FontSet(self.font or "")
        lines, note = caption_of(self.text, picture, fonts)
        if not lines:
            return ""
        block = fit_text(
            TextBlock(lines, self._points(TITLE_SIZE), fonts),
            columns=canvas.shape[1],
            rows=max(1, int(axes.top)),
            smallest=max(1.0, self._points(TITLE_SIZE / 2)),
        )
        last_line = block.base_line + (len(block.lines) - 1) * block.line_height
        top = max(0.0, axes.top - self._points(TITLE_PAD) - last_line)
        # Centered over the axes, but never beyond the edge of the canvas.
        left = (axes.left + axes.right) / 2 - block.columns / 2
        left = min(max(left, 0.0), canvas.shape[1] - block.columns)
        paint(canvas, block.coverage().letters, BLACK, (round(top), round(left)))
        return note


def _whole(position: float) -> int:
    return int(np.floor(position + 0.5))


def _place(canvas: NDArray[Any], pixels: NDArray[Any], axes: Axes) -> None:
    """Scale a picture into the axes, by the filter that imshow would choose."""
    top, left = _whole(axes.top), _whole(axes.left)
    rows = max(1, _whole(axes.bottom) - top)
    columns = max(1, _whole(axes.right) - left)
    factors = (rows / pixels.shape[0], columns / pixels.shape[1])
    # Otherwise imshow takes hanning, which Pillow does not have.
    crisp = all(factor > 3 or factor in {1, 2} for factor in factors)
    kind: Filter = "nearest" if crisp else "bilinear"
    canvas[top : top + rows, left : left + columns] = resample(pixels, rows, columns, kind)
