"""Lines of text, composed of glyphs that are drawn once per process.

FreeType draws the 64 letters of a title and their outlines in 2 ms; most pictures of a run have the
same letters at the same size.  Pillow blends the glyphs of a line one over the other, in its basic
layout at positions that depend on nothing but the pairs of letters.  So a line that is made of
kept glyphs has the same pixels, in a tenth of the time.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

__all__ = ["draw_run", "length_of"]

END = "\0"
"""No font has it, so no run does."""


class _Glyph(NamedTuple):
    """A drawn letter, and its upper left corner as seen from its place on the base line."""

    mask: Any
    left: int
    top: int


def length_of(font: FreeTypeFont, text: str) -> float:
    """Return how far the letters of a text advance."""
    return sum(map(_advance, [font] * len(text), text, text[1:] + END))


def draw_run(
    draw: ImageDraw, place: tuple[float, int], text: str, font: FreeTypeFont, stroke: int
) -> float:
    """Draw letters of one font in white; return where the next one would be.

    Parameters
    ----------
    place : tuple of float and int
        The left end of the base line; only the column may be between two pixels.
    stroke : int
        How much wider an outline makes the letters on each side.
    """
    at, base_line = place
    # What ImageDraw.text uses itself: ImageDraw.bitmap takes eight calls more for each letter.
    blend = draw.draw.draw_bitmap
    for character, following in zip(text, text[1:] + END, strict=True):
        column = int(at)
        glyph = _glyph(font, character, stroke, at - column)
        if glyph is not None:
            blend((column + glyph.left, base_line + glyph.top), glyph.mask, 255)
        at += _advance(font, character, following)
    return at


# Some 15 kB each in the title of a radiograph, a few hundred bytes in that of a CT.
@lru_cache(maxsize=512)
def _glyph(font: FreeTypeFont, character: str, stroke: int, fraction: float) -> _Glyph | None:
    """Draw a letter; None if it has no ink."""
    from PIL import Image, ImageDraw

    left, top, right, bottom = font.getbbox(character, stroke_width=stroke, anchor="ls")
    # Room for a fraction of a pixel, and for ink beyond the box that the font names.
    room = 2 + stroke
    origin = room - math.floor(left), room - math.floor(top)
    size = math.ceil(right) + origin[0] + room, math.ceil(bottom) + origin[1] + room
    image = Image.new("L", size)
    place = origin[0] + fraction, origin[1]
    ImageDraw.Draw(image).text(
        place, character, fill=255, font=font, anchor="ls", stroke_width=stroke
    )
    box = image.getbbox()
    if box is None:
        return None
    return _Glyph(image.crop(box).im, box[0] - origin[0], box[1] - origin[1])


@lru_cache(maxsize=4096)
def _advance(font: FreeTypeFont, character: str, following: str) -> float:
    """Return how far a letter advances, which kerning may change; the last is before ``END``."""
    if following == END:
        return font.getlength(character)
    return font.getlength(character + following) - font.getlength(following)
