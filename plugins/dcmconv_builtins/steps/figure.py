"""The article's figure: a picture in axes on a white canvas, as matplotlib draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Opt, Picture, Spacing, Step
from dcmconv_builtins.lettering.fonts import FontSet
from dcmconv_builtins.lettering.text import TextBlock, fit_text
from dcmconv_builtins.steps.axes import BLACK, Axes, Paper, draw_axes
from dcmconv_builtins.steps.caption import caption_of, check_template
from dcmconv_builtins.steps.drawing import canvas_like, in_colors, paint
from dcmconv_builtins.steps.resampling import Filter, resample

__all__ = ["Figure"]

MAX_PIXELS = 2**28
# matplotlib's defaults, in points (1/72 inch).
TITLE_SIZE, TITLE_PAD = 12.0, 6.0


@dataclass(frozen=True, kw_only=True)
class Figure(Step):
    """Put the picture on a white canvas with axes, ticks and a title, as matplotlib's imshow does.

    The size is that of the canvas, whatever the size of the picture.  The result is a drawing, not
    an image: its spacing is that of the paper, ``dpi`` pixels per inch.
    """

    after_colormap: ClassVar[bool] = True
    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("text",), ("width", "height"))

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
        paper = Paper(*self._shape, self.dpi, FontSet(self.font or ""))
        white = int(np.iinfo(picture.pixels.dtype).max)
        canvas = canvas_like(picture.pixels, paper.rows, paper.columns, fill=white)
        drawn = draw_axes(paper, picture.rows, picture.columns, picture.pixels.dtype.str)
        drawn.put_around(canvas)
        _place(canvas, picture.pixels, drawn.axes)
        drawn.put_over(canvas)
        note = self._title(canvas, paper, drawn.axes, picture)
        notes = (*picture.notes, note) if note else picture.notes
        pitch = 25.4 / self.dpi
        return picture.with_(
            pixels=canvas,
            spacing=Spacing(pitch, pitch, "figure"),
            aspect=1.0,
            background=white,
            notes=notes,
        )

    def _title(self, canvas: NDArray[Any], paper: Paper, axes: Axes, picture: Picture) -> str:
        lines, note = caption_of(self.text, picture, paper.fonts)
        if not lines:
            return ""
        block = fit_text(
            TextBlock(lines, paper.pixels(TITLE_SIZE), paper.fonts),
            columns=paper.columns,
            rows=max(1, int(axes.top)),
            smallest=max(1.0, paper.pixels(TITLE_SIZE / 2)),
        )
        last_line = block.base_line + (len(block.lines) - 1) * block.line_height
        top = max(0.0, axes.top - paper.pixels(TITLE_PAD) - last_line)
        # Centered over the axes, but never beyond the edge of the canvas.
        left = (axes.left + axes.right) / 2 - block.columns / 2
        left = min(max(left, 0.0), paper.columns - block.columns)
        paint(canvas, block.letters(), BLACK, (round(top), round(left)))
        return note


def _place(canvas: NDArray[Any], pixels: NDArray[Any], axes: Axes) -> None:
    """Scale a picture into the axes, by the filter that imshow would choose."""
    inside = canvas[axes.inside]
    rows, columns = inside.shape[:2]
    factors = (rows / pixels.shape[0], columns / pixels.shape[1])
    # Otherwise imshow takes hanning, which Pillow does not have.
    crisp = all(factor > 3 or factor in {1, 2} for factor in factors)
    kind: Filter = "nearest" if crisp else "bilinear"
    resample(pixels, rows, columns, kind, out=inside)
