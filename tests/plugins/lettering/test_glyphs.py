"""Lines composed of kept letters are the lines that Pillow draws."""

from __future__ import annotations

import random

import numpy as np
import PIL
import pytest
from PIL import Image, ImageDraw

from dcmconv_builtins.lettering.fonts import FontSet
from dcmconv_builtins.lettering.text import TextBlock

LETTERS = "0123456789.:UIDabcdefijlovwyzABEFKLTVW-_/() AVToéÅß王小东患者頭部,;'"


def by_pillow(block: TextBlock, stroke: int):
    image = Image.new("L", (block.columns, block.rows))
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(block.lines):
        x = (block.columns - sum(font.getlength(run) for font, run in runs(block, line))) / 2
        y = block.base_line + number * block.line_height
        for font, run in runs(block, line):
            draw.text((x, y), run, fill=255, font=font, anchor="ls", stroke_width=stroke)
            x += font.getlength(run)
    return np.asarray(image)


def runs(block: TextBlock, line: str):
    return block.fonts.runs(line, block.size)


OUTLINES_ADD_UP = int(PIL.__version__.partition(".")[0]) >= 12
"""In Pillow 11.1, the outline of a small text differs in places from those of its letters."""


@pytest.mark.parametrize("size", [2.0, 4.0, 9.0, 12.5, 20.0, 51.0])
def test_a_text_has_the_pixels_that_pillow_draws(size):
    chance = random.Random(size)
    for _ in range(8):
        lines = tuple("".join(chance.choices(LETTERS, k=chance.randint(1, 30))) for _ in range(2))
        block = TextBlock(lines, size, FontSet())
        found = block.coverage()
        assert np.array_equal(found.letters, by_pillow(block, 0)), lines
        if OUTLINES_ADD_UP:
            assert np.array_equal(found.outlined, by_pillow(block, block.outline)), lines


def test_the_pixels_of_a_text_cannot_be_changed():
    # Pictures with the same text share them.
    for part in TextBlock(("CT",), 12.0, FontSet()).coverage():
        assert not part.flags.writeable
