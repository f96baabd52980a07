"""What colormaps, color bars and the article's figure do for each picture, and what once per run."""

from __future__ import annotations

import numpy as np
import pytest
from support.pixel_passes import passes_over, peak_bytes
from support.work_counter import MANY, calls_per_round

from dcmconv.plugin import Picture, ValueScale
from dcmconv.render.color import apply_colormap
from dcmconv_builtins.colormaps.viridis import Viridis
from dcmconv_builtins.steps.colorbar import Colorbar
from dcmconv_builtins.steps.figure import Figure

RNG = np.random.default_rng(12)
DRAWS_TEXT = "Font.render"
"""FreeType, once for each run of letters."""


def gray(number=0, shape=(512, 512)):
    pixels = RNG.integers(0, 255, shape, np.uint8)
    scale = ValueScale(-1024.0, 1500.0 + number % 3, "HU")
    # All digits, so that the font is not asked for a new one after the first picture.
    attributes = {"SOPInstanceUID": f"1.2034.56789.{number}"}
    return Picture(pixels=pixels, scale=scale, attributes=attributes)


def draw(step):
    pictures = [gray(number) for number in range(MANY)]

    def work(rounds):
        for picture in pictures[:rounds]:
            step.apply(picture)

    return calls_per_round(work)


def test_a_colormap_is_kept_as_the_palette_of_a_png():
    picture = gray()
    colored = apply_colormap(picture, Viridis().table(), as_palette=True)
    # The pixels themselves: no RGB array was made.
    assert np.shares_memory(colored.pixels, picture.pixels)
    assert colored.palette is not None


def test_a_colormap_of_16_bits_is_interpolated_once():
    table = Viridis().table()

    def work(rounds):
        for _ in range(rounds):
            wide = Picture(pixels=np.zeros((8, 8), np.uint16), bits=16)
            apply_colormap(wide, table, as_palette=False)

    found = calls_per_round(work)
    assert found.of("interp") == 0, found.table()


def test_a_color_bar_draws_no_text_after_its_first_picture():
    work = draw(Colorbar())
    assert work.of(DRAWS_TEXT) == 0, work.table()
    assert work.total <= 450, work.table()


def test_a_figure_draws_no_letter_after_its_first_picture():
    work = draw(Figure())
    assert work.of(DRAWS_TEXT) == 0, work.table()
    untitled = draw(Figure(text=""))
    assert untitled.of(DRAWS_TEXT) == 0, untitled.table()
    assert untitled.of("steps/ticks.py") == 0, untitled.table()


@pytest.mark.parametrize("shape", [(2000, 2000), (2000, 2000, 3)])
def test_a_color_bar_writes_each_value_of_its_canvas_once(shape):
    picture = gray(shape=shape)
    # A fifth for the largest label, which is blended in 32 bits.
    canvas = Colorbar().apply(picture).pixels.nbytes
    assert peak_bytes(lambda: Colorbar().apply(picture)) <= canvas * 1.2


@pytest.mark.parametrize("shape", [(2000, 2000), (2000, 2000, 3)])
def test_a_color_bar_computes_nothing_with_the_picture(shape):
    scale = ValueScale(0.0, 1.0)
    pixels = RNG.integers(0, 255, shape, np.uint8)
    found = passes_over(pixels, lambda each: Colorbar().apply(Picture(pixels=each, scale=scale)))
    assert found.total < 0.05, found.steps


@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_figure_needs_little_more_than_its_canvas(channels):
    # 512 x 512 on a canvas of 3000 x 3000, as in the article: enlarged, 2310 x 2310.
    picture = gray(shape=(512, 512, *channels))
    figure = Figure(width=12, height=12, dpi=250, text="")
    most = 3000 * 3000 + 2310 * (2310 + 512) + 500_000
    assert peak_bytes(lambda: figure.apply(picture)) <= most * (channels or (1,))[0]
