"""A color bar next to a picture: which color means which value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Opt, Picture, Step, ValueScale
from dcmconv_builtins.lettering.fonts import FontSet
from dcmconv_builtins.lettering.text import Label, draw_label
from dcmconv_builtins.steps.drawing import (
    RGB,
    contrast_of,
    in_colors,
    on_canvas,
    paint,
    parse_color,
)
from dcmconv_builtins.steps.ticks import round_values, value_labels

__all__ = ["Colorbar"]

SMALLEST = 9.0
"""Pixels; smaller letters are illegible, so a small picture gets a larger canvas."""

FEWEST_LINES = 3
"""Lines of labels that always have room."""

NO_SCALE = "No color bar was drawn: the picture has no linear scale from values to colors."


@dataclass(frozen=True, kw_only=True)
class Colorbar(Step):
    """Draw a bar with the picture's colors, values and their unit to the right of the picture.

    The values are those after the Modality LUT, in the unit of the file.  Color pictures, and those
    with a curve that is not a straight line, have no such scale: they get a note but no bar.
    """

    after_colormap: ClassVar[bool] = True

    size: Annotated[
        float, Opt("Height of the letters", unit="percent of the picture's rows", gt=0, le=100)
    ] = 4.0
    width: Annotated[
        float, Opt("Width of the bar", unit="percent of the picture's columns", gt=0, le=100)
    ] = 4.0
    color: Annotated[
        str | None,
        Opt("Color of the letters; by default white or black, whichever is visible"),
    ] = None
    font: Annotated[str | None, Opt("Font file to use before the bundled fonts")] = None

    def __post_init__(self) -> None:
        if self.color is not None:
            parse_color(self.color)

    def apply(self, picture: Picture) -> Picture:
        """Draw the bar.

        Raises
        ------
        UsageError
            If the font cannot be read.
        """
        if picture.scale is None:
            return picture.with_(notes=(*picture.notes, NO_SCALE))
        return self._drawn(picture, picture.scale)

    def _drawn(self, picture: Picture, scale: ValueScale) -> Picture:
        size = max(SMALLEST, round(picture.rows * self.size / 100))
        labels = _Labels.of(scale, picture.rows, FontSet(self.font or ""), size)
        bar_columns = max(6, round(picture.columns * self.width / 100))
        rows = max(picture.rows, labels.fewest_rows)
        letters = self._letter_color(picture)
        pixels = in_colors(picture, letters).pixels
        left = picture.columns + labels.gap
        right = left + bar_columns
        shape = (rows, right + labels.columns)
        canvas = on_canvas(pixels, shape, ((rows - picture.rows) // 2, 0), picture.background)
        first, last = labels.bar_rows(rows)
        bar = _bar(picture, last - first + 1, is_color=canvas.ndim == 3)
        under = canvas[first : last + 1, left:right]
        if canvas.ndim == 3:
            # Without alpha: the canvas is opaque there.
            under = under[..., :3]
        under[...] = bar[:, np.newaxis]
        labels.paint(canvas, letters, rows=(first, last), columns=(left, right))
        return picture.with_(pixels=canvas)

    def _letter_color(self, picture: Picture) -> RGB:
        if self.color is not None:
            return parse_color(self.color)
        level = picture.background * 255 // int(np.iinfo(picture.pixels.dtype).max)
        return contrast_of((level, level, level))


@dataclass(frozen=True)
class _Labels:
    """The labels of a bar: values, each at its height, and the unit above."""

    scale: ValueScale
    values: tuple[float, ...]
    drawn: tuple[Label, ...]
    unit: Label | None

    @classmethod
    def of(cls, scale: ValueScale, rows: int, fonts: FontSet, size: float) -> _Labels:
        line = draw_label("0", size, fonts)
        space = max(FEWEST_LINES, rows // (2 * line.rows))
        low, high = sorted((scale.black, scale.white))
        values = round_values(low, high, space)
        drawn = [draw_label(text, size, fonts) for text in value_labels(values)]
        unit, _ = fonts.drawable(scale.units)
        named = draw_label(unit, size, fonts) if unit.strip() else None
        return cls(scale, tuple(values), tuple(drawn), named)

    @property
    def gap(self) -> int:
        """Columns between picture and bar."""
        return max(3, self.drawn[0].rows // 2)

    @property
    def columns(self) -> int:
        """Columns to the right of the bar."""
        widest = max(label.columns for label in self.drawn)
        return max(widest + self.gap // 2, self.unit.columns if self.unit else 0)

    @property
    def fewest_rows(self) -> int:
        """Rows that the labels need at least."""
        return self.drawn[0].rows * (len(self.drawn) + 1 + (self.unit is not None))

    def bar_rows(self, rows: int) -> tuple[int, int]:
        """Return the first and the last row of the bar, with room for half a label at each end."""
        line = self.drawn[0].rows
        above = line // 2 + (self.unit.rows if self.unit else 0)
        return above, rows - 1 - line // 2

    def paint(
        self, canvas: NDArray[Any], color: RGB, *, rows: tuple[int, int], columns: tuple[int, int]
    ) -> None:
        """Write the labels of a bar that covers these rows, both included, and columns."""
        first, last = rows
        span = self.scale.white - self.scale.black
        for value, label in zip(self.values, self.drawn, strict=True):
            # A constant frame has one label, at half height.
            share = (value - self.scale.black) / span if span else 0.5
            middle = last - share * (last - first)
            corner = (round(middle - label.rows / 2), columns[1] + self.gap // 2)
            paint(canvas, label.letters, color, corner)
        if self.unit is not None:
            corner = (first - self.drawn[0].rows // 2 - self.unit.rows, columns[0])
            paint(canvas, self.unit.letters, color, corner)


def _bar(picture: Picture, rows: int, *, is_color: bool) -> NDArray[Any]:
    """Return the color of each row of the bar, from white at the top."""
    top = int(np.iinfo(picture.pixels.dtype).max)
    heights = np.linspace(1.0, 0.0, rows)
    if not is_color or picture.color_table is None:
        gray = np.floor(heights * top + 0.5).astype(picture.pixels.dtype)
        return np.repeat(gray[:, np.newaxis], 3, axis=1) if is_color else gray
    channels = [
        np.interp(heights * 255, np.arange(256), channel * (top / 255))
        for channel in picture.color_table.T
    ]
    return np.floor(np.stack(channels, axis=1) + 0.5).astype(picture.pixels.dtype)
