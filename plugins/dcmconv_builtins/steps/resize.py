"""Change the size of a picture, and pad it to a given shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Domain, LimitError, Opt, Picture, Step
from dcmconv_builtins.steps.drawing import canvas_like
from dcmconv_builtins.steps.resampling import Filter, resample

__all__ = ["Resize"]

LONGEST = 65535
MAX_PIXELS = 2**28


@dataclass(frozen=True, kw_only=True)
class Resize(Step):
    """Fit the picture into a size, or give it an exact one, with or without padding.

    ``max`` limits the longer side; small pictures stay small without ``enlarge``.  ``width`` and
    ``height`` are exact: one of them keeps the proportions, both stretch, both with ``pad`` fit and
    fill.  Labels and masks are always resampled by the nearest value.  Spacing is scaled too.
    """

    accepts: ClassVar[frozenset[Domain]] = frozenset({"display", "label"})
    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("max",), ("width", "height"))
    also_called: ClassVar[tuple[str, ...]] = (
        "scale",
        "size",
        "geometry",
        "thumbnail",
        "scale-x-size",
        "scale-y-size",
        "max-size",
        "shape",
    )

    max: Annotated[
        int | None, Opt("Longest side", unit="pixels", ge=1, le=LONGEST, examples=(1024,))
    ] = None
    width: Annotated[int | None, Opt("Exact columns", unit="pixels", ge=1, le=LONGEST)] = None
    height: Annotated[int | None, Opt("Exact rows", unit="pixels", ge=1, le=LONGEST)] = None
    enlarge: Annotated[bool, Opt("Let max make small pictures larger")] = False
    pad: Annotated[
        bool,
        Opt("Pad to width x height, to a square of max, or to a square of the longer side"),
    ] = False
    fill: Annotated[
        int | None,
        Opt(
            "Display value of the padding, at most white; by default the picture's background",
            ge=0,
        ),
    ] = None
    filter: Annotated[Filter, Opt("How values between pixels are found")] = "lanczos"

    def __post_init__(self) -> None:
        exact = self.width is not None or self.height is not None
        if self.max is not None and exact:
            raise ValueError("max cannot be combined with width or height")
        if self.max is None and not exact and not self.pad:
            raise ValueError("resize needs max, width, height or pad")
        if self.enlarge and self.max is None:
            raise ValueError("enlarge needs max; width and height are exact anyway")
        if self.fill is not None and not self.pad:
            raise ValueError("fill needs pad")
        if self.pad and (self.width is None) != (self.height is None):
            raise ValueError("pad needs width and height, or max, or neither for a square")

    def apply(self, picture: Picture) -> Picture:
        """Resample, then pad.

        Raises
        ------
        LimitError
            If the result would have more than 2**28 pixels.
        """
        columns, rows = self._size(picture)
        _check_size(columns, rows)
        there = picture.columns, picture.rows
        if (columns, rows) == there == self._padded_size(columns, rows):
            return picture
        height, width = picture.rows / rows, picture.columns / columns
        spacing = picture.spacing
        if spacing is not None:
            spacing = spacing._replace(rows=spacing.rows * height, columns=spacing.columns * width)
        return picture.with_(
            pixels=self._pixels(picture, rows, columns),
            spacing=spacing,
            aspect=picture.aspect * height / width,
        )

    def _pixels(self, picture: Picture, rows: int, columns: int) -> NDArray[Any]:
        kind: Filter = "nearest" if picture.is_sharp else self.filter
        all_columns, all_rows = self._padded_size(columns, rows)
        if (all_rows, all_columns) == (rows, columns):
            return resample(picture.pixels, rows, columns, kind)
        _check_size(all_columns, all_rows)
        fill = picture.background if self.fill is None else self.fill
        fill = min(fill, int(np.iinfo(picture.pixels.dtype).max))
        pixels = canvas_like(picture.pixels, all_rows, all_columns, fill)
        top, left = (all_rows - rows) // 2, (all_columns - columns) // 2
        inside = pixels[top : top + rows, left : left + columns]
        resample(picture.pixels, rows, columns, kind, out=inside)
        return pixels

    def _size(self, picture: Picture) -> tuple[int, int]:
        """Return columns and rows of the resampled picture, before any padding."""
        columns, rows = float(picture.columns), float(picture.rows)
        if self.max is not None:
            scale = self.max / max(columns, rows)
            scale = scale if self.enlarge else min(scale, 1.0)
        elif self.width is None and self.height is None:
            scale = 1.0
        elif self.width is None or self.height is None:
            # Only one of them is given; the other quotient is 0.
            scale = (self.width or 0) / columns or (self.height or 0) / rows
        elif self.pad:
            scale = min(self.width / columns, self.height / rows)
        else:
            return self.width, self.height
        return max(1, int(columns * scale + 0.5)), max(1, int(rows * scale + 0.5))

    def _padded_size(self, columns: int, rows: int) -> tuple[int, int]:
        """Return columns and rows of the result for those of the resampled picture."""
        if not self.pad:
            return columns, rows
        if self.width is not None and self.height is not None:
            return self.width, self.height
        side = self.max or max(columns, rows)
        return side, side


def _check_size(columns: int, rows: int) -> None:
    if max(columns, rows) > LONGEST or columns * rows > MAX_PIXELS:
        raise LimitError(
            f"resize would make {columns} x {rows} pixels (columns x rows); the limit is "
            f"{LONGEST} per side and {MAX_PIXELS} in total.",
            hint="Ask for a smaller size.",
        )
