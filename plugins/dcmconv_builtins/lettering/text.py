"""Text layout, and drawing text as coverage: how much of each pixel it covers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcmconv_builtins.lettering.fonts import FontSet
from dcmconv_builtins.lettering.glyphs import draw_run, length_of

__all__ = ["Coverage", "Label", "TextBlock", "draw_label", "fit_text"]


class Coverage(NamedTuple):
    """Two uint8 arrays of one shape: the letters, and the letters with their outline."""

    letters: NDArray[Any]
    outlined: NDArray[Any]


class Label(NamedTuple):
    """One line of text, drawn: a uint8 array with a margin all around."""

    letters: NDArray[Any]
    margin: int
    base_line: int

    @property
    def rows(self) -> int:
        """Height with margins."""
        return int(self.letters.shape[0])

    @property
    def columns(self) -> int:
        """Width with margins."""
        return int(self.letters.shape[1])


@dataclass(frozen=True)
class TextBlock:
    """Lines of text at a size in pixels."""

    lines: tuple[str, ...]
    size: float
    fonts: FontSet

    @property
    def margin(self) -> int:
        """Room around the block for outlines and for letters that extend beyond their width."""
        return self.outline + max(1, round(self.size / 10))

    @property
    def outline(self) -> int:
        """Width of the outline that keeps letters legible on any background."""
        return max(1, round(self.size / 12))

    @property
    def line_height(self) -> int:
        """Distance between base lines."""
        ascent, descent = self.fonts.first(self.size).getmetrics()
        return int(ascent + descent)

    @property
    def base_line(self) -> int:
        """Rows from the block's upper edge to the base line of its first line."""
        ascent, _ = self.fonts.first(self.size).getmetrics()
        return self.margin + int(ascent)

    @property
    def rows(self) -> int:
        """Height with margins."""
        return self.line_height * len(self.lines) + 2 * self.margin

    @property
    def columns(self) -> int:
        """Width with margins."""
        return int(np.ceil(max(map(self.width, self.lines), default=0))) + 2 * self.margin

    def width(self, line: str) -> float:
        """Return the width of a line without margins."""
        return _width(line, self.size, self.fonts)

    def wrapped(self, columns: int) -> TextBlock:
        """Break the lines at spaces, and too long words anywhere."""
        room = columns - 2 * self.margin
        broken = [part for line in self.lines for part in self._broken(line, room)]
        return TextBlock(tuple(broken), self.size, self.fonts)

    def _broken(self, line: str, room: int) -> list[str]:
        parts = [""]
        for word in line.split(" "):
            longer = f"{parts[-1]} {word}" if parts[-1] else word
            if self.width(longer) <= room:
                parts[-1] = longer
                continue
            parts.append("")
            for character in word:
                if parts[-1] and self.width(parts[-1] + character) > room:
                    parts.append("")
                parts[-1] += character
        # An empty line keeps its height.
        return [part for part in parts if part] or [""]

    def coverage(self) -> Coverage:
        """Draw the block, its lines centered; each array has shape (rows, columns).

        Text that repeats is drawn once; the arrays are read-only.
        """
        return _coverage(self)

    def letters(self) -> NDArray[Any]:
        """Draw the block without its outline, in half the time."""
        return _drawn(self, 0)


def _drawn(block: TextBlock, stroke: int) -> NDArray[Any]:
    from PIL import Image, ImageDraw

    size = block.columns, block.rows
    image = Image.new("L", size)
    is_blank = True
    for number, line in enumerate(block.lines):
        x = (size[0] - block.width(line)) / 2
        y = block.base_line + number * block.line_height
        for font, run in block.fonts.runs(line, block.size):
            # Runs may touch: each is blended as a whole, because blending rounds.
            drawn = image if is_blank else Image.new("L", size)
            x = draw_run(ImageDraw.Draw(drawn), (x, y), run, font, stroke)
            if not is_blank:
                ImageDraw.Draw(image).bitmap((0, 0), drawn, fill=255)
            is_blank = False
    return np.asarray(image)


# 300 kB each in the title of a radiograph.
@lru_cache(maxsize=32)
def _coverage(block: TextBlock) -> Coverage:
    return Coverage(block.letters(), _drawn(block, block.outline))


# Layout asks for the width of a line many times, and FreeType measures it anew each time.
@lru_cache(maxsize=4096)
def _width(line: str, size: float, fonts: FontSet) -> float:
    return sum(length_of(font, run) for font, run in fonts.runs(line, size))


@lru_cache(maxsize=512)
def draw_label(text: str, size: float, fonts: FontSet) -> Label:
    """Draw one line that many pictures of a run share, such as the number at a tick, only once."""
    block = TextBlock((text,), size, fonts)
    return Label(block.letters(), block.margin, block.base_line)


def fit_text(
    block: TextBlock, *, columns: int, smallest: float, rows: int | None = None
) -> TextBlock:
    """Make a block fit: shrink its lines, and where they get too small, wrap them.

    Parameters
    ----------
    block : TextBlock
        As it would be drawn with enough room.
    columns, rows : int
        The room; without ``rows`` the height is not limited.
    smallest : float
        The size in pixels at which lines are wrapped before they shrink further.

    Returns
    -------
    TextBlock
        One that fits, unless that takes letters of less than one pixel.
    """
    while block.columns > columns or (rows is not None and block.rows > rows):
        # Steps of half a pixel: few fonts to cache, and widths follow sizes closely enough.
        guess = min(block.size - 0.5, block.size * columns / block.columns)
        # At least half a pixel smaller each time, so the loop ends.
        size = np.floor(guess * 2) / 2
        if size < smallest:
            return _wrapped(TextBlock(block.lines, smallest, block.fonts), columns, rows)
        block = TextBlock(block.lines, float(size), block.fonts)
    return block


def _wrapped(block: TextBlock, columns: int, rows: int | None) -> TextBlock:
    wrapped = block.wrapped(columns)
    while block.size > 1 and (
        wrapped.columns > columns or (rows is not None and wrapped.rows > rows)
    ):
        block = TextBlock(block.lines, max(1.0, block.size - 1), block.fonts)
        wrapped = block.wrapped(columns)
    return wrapped
