"""Write a line of text on a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from dcmconv.plugin import Opt, Picture, Step
from dcmconv_builtins.lettering.fonts import FontSet
from dcmconv_builtins.lettering.text import TextBlock, fit_text
from dcmconv_builtins.steps.caption import caption_of, check_template
from dcmconv_builtins.steps.drawing import contrast_of, in_colors, on_canvas, paint, parse_color

__all__ = ["Title"]

SMALLEST = 9.0
"""Pixels; smaller letters are illegible, so lines are wrapped instead."""

NARROWEST = 48
"""Columns that text always gets; the canvas of a narrower picture grows."""


@dataclass(frozen=True, kw_only=True)
class Title(Step):
    """Write text over the picture, or above or below it: the SOP Instance UID, or any template.

    Text that is too wide is shrunk, then wrapped, and never cut: a picture that is too small for it
    gets a border of background.
    """

    after_colormap: ClassVar[bool] = True
    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("text",),)
    also_called: ClassVar[tuple[str, ...]] = ("annotate", "caption", "label")

    text: Annotated[
        str,
        Opt(
            "Text to write; {Keyword}, {GGGG,EEEE}, {frame} and {frames} are filled in",
            examples=("UID:{SOPInstanceUID}", "{Modality} {frame}/{frames}"),
            template=True,
        ),
    ] = "UID:{SOPInstanceUID}"
    position: Annotated[
        Literal["top", "bottom", "above", "below"],
        Opt("top and bottom are drawn over the picture, above and below extend it"),
    ] = "top"
    size: Annotated[
        float, Opt("Height of the letters", unit="percent of the picture's rows", gt=0, le=100)
    ] = 4.0
    color: Annotated[str, Opt("Color of the letters", examples=("white", "#ffcc00"))] = "white"
    font: Annotated[str | None, Opt("Font file to use before the bundled fonts")] = None

    def __post_init__(self) -> None:
        check_template(self.text)
        parse_color(self.color)

    def apply(self, picture: Picture) -> Picture:
        """Write.

        Raises
        ------
        UsageError
            If the font cannot be read.
        """
        fonts = FontSet(self.font or "")
        lines, note = caption_of(self.text, picture, fonts)
        if not lines:
            return picture
        size = max(SMALLEST, round(picture.rows * self.size / 100))
        room = max(picture.columns, NARROWEST)
        block = fit_text(TextBlock(lines, size, fonts), columns=room, smallest=SMALLEST)
        notes = (*picture.notes, note) if note else picture.notes
        return self._drawn(picture, block).with_(notes=notes)

    def _drawn(self, picture: Picture, block: TextBlock) -> Picture:
        color = parse_color(self.color)
        outline = contrast_of(color)
        colored = in_colors(picture, color)
        extends = self.position in {"above", "below"}
        rows = picture.rows + block.rows if extends else max(picture.rows, block.rows)
        columns = max(picture.columns, block.columns)
        # The text stays at its edge of the canvas; above it, the picture moves down to make room.
        text_is_first = self.position in {"top", "above"}
        top = rows - picture.rows if self.position in {"bottom", "above"} else 0
        left = (columns - picture.columns) // 2
        canvas = on_canvas(colored.pixels, (rows, columns), (top, left), picture.background)
        coverage = block.coverage()
        corner = (0 if text_is_first else rows - block.rows, (columns - block.columns) // 2)
        paint(canvas, coverage.outlined, outline, corner)
        paint(canvas, coverage.letters, color, corner)
        return colored.with_(pixels=canvas)
