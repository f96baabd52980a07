"""From coordinates on the finished picture back to the frame: displayed area, upright text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import View
from dcmconv_builtins.dicom.file.elements import Elements, named

__all__ = ["DisplaySpace", "Point"]

Point = tuple[float, float]
"""Column and row on the frame; the upper left corner of its first pixel is (0, 0)."""

_MAX_COORDINATE = 1e6
_MAX_ASPECT = 16.0
"""Longer pixels are treated like this one: text on them could not be read anyway."""


@dataclass(frozen=True)
class DisplaySpace:
    """The frame (rows, columns) and the view that will be cut out of it.

    Layers are drawn on the frame before the view is taken.  Anything that must be upright in the
    finished picture is therefore rotated and flipped backward first.
    """

    shape: tuple[int, int]
    view: View
    aspect: float = 1.0
    """Height of a pixel of the frame over its width."""

    @property
    def scale(self) -> tuple[float, float]:
        """Columns and rows of the finished picture for one column and one row of the frame.

        Pixels that are not square are enlarged along their longer side; text and dots are drawn for
        the result.
        """
        aspect = min(max(self.aspect, 1 / _MAX_ASPECT), _MAX_ASPECT)
        return (1.0, aspect) if aspect > 1 else (1 / aspect, 1.0)

    @property
    def shown_size(self) -> tuple[float, float]:
        """Columns and rows of the displayed area after squaring pixels, before rotation."""
        across, down = self.scale
        return self.region[2] * across, self.region[3] * down

    @property
    def region(self) -> tuple[int, int, int, int]:
        """Column, row, columns and rows of the displayed area."""
        return self.view.region or (0, 0, self.shape[1], self.shape[0])

    @property
    def pen(self) -> float:
        """The width of a thin line in pixels: 1, and more in a large picture."""
        return max(1.0, max(self.region[2:]) / 512)

    def points(self, elements: Elements, keyword: str, units_keyword: str) -> list[Point]:
        """Return the points of an element on the frame; none, with a note, if they are unusable.

        Units are PIXEL, or DISPLAY for fractions of the displayed area (PS3.3 C.10.5.1.2).  MATRIX
        is not supported: it counts in a Total Pixel Matrix, of which a frame is only one tile.
        """
        numbers = elements.numbers(keyword)
        units = elements.text(units_keyword).upper() or "PIXEL"
        is_sane = all(math.isfinite(number) and abs(number) < _MAX_COORDINATE for number in numbers)
        if len(numbers) % 2 or not is_sane or units not in ("PIXEL", "DISPLAY"):
            elements.notes.add(
                f"ignored an annotation whose {named(keyword)} in units of {units[:16]} cannot be "
                "drawn."
            )
            return []
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        return [self._from_display(pair) for pair in pairs] if units == "DISPLAY" else pairs

    def _from_display(self, point: Sequence[float]) -> Point:
        # PS3.3 C.10.6: the image is rotated first, then flipped; undo it in reverse order.
        across, down = point
        if self.view.is_flipped:
            across = 1 - across
        turned = {
            0: (across, down),
            90: (down, 1 - across),
            180: (1 - across, 1 - down),
            270: (1 - down, across),
        }[self.view.rotation]
        column, row, columns, rows = self.region
        return column + turned[0] * columns, row + turned[1] * rows

    @property
    def is_sideways(self) -> bool:
        """Whether rows of the finished picture are columns of the frame."""
        return self.view.rotation in (90, 270)

    def turned_back(self, mask: NDArray[Any]) -> NDArray[Any]:
        """Turn and shrink an upright mask so that view and aspect make it upright again."""
        # np.rot90 turns counterclockwise, the view clockwise.
        unflipped = mask[:, ::-1] if self.view.is_flipped else mask
        turned = np.rot90(unflipped, self.view.rotation // 90)
        across, down = self.scale
        return shrunk(turned, rows=turned.shape[0] / down, columns=turned.shape[1] / across)

    def to_the_right(self, point: Point, distance: float) -> Point:
        """Return the point that the viewer sees ``distance`` pixels to the right of another."""
        distance = -distance if self.view.is_flipped else distance
        step = {0: (1, 0), 90: (0, -1), 180: (-1, 0), 270: (0, 1)}[self.view.rotation]
        across, down = self.scale
        return point[0] + step[0] * distance / across, point[1] + step[1] * distance / down


def shrunk(mask: NDArray[Any], *, rows: float, columns: float) -> NDArray[Any]:
    """Return coverage averaged to fewer rows or columns, at least one of each."""
    size = max(1, round(columns)), max(1, round(rows))
    if size == (mask.shape[1], mask.shape[0]) or not mask.size:
        return mask
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(mask))
    return np.asarray(image.resize(size, Image.Resampling.BOX))
