"""Colormaps: palettes and RGB, at 8 and 16 bits."""

import numpy as np
import pytest

from dcmconv.errors import PluginError
from dcmconv.model.components import Colormap
from dcmconv.model.picture import Picture
from dcmconv.render.color import apply_colormap, checked_table

# Row 1 is far from row 0, so that interpolation between rows is visible; the rest is constant.
TABLE = np.full((256, 3), (255, 10, 0), np.uint8)
TABLE[0] = 0, 0, 100
TABLE[255] = 0, 0, 255


def gray(display_values, dtype=np.uint16, **facts):
    pixels = np.array([display_values], dtype)
    return Picture(pixels=pixels, bits=8 * pixels.dtype.itemsize, **facts)


@pytest.mark.parametrize("as_palette", [False, True])
@pytest.mark.parametrize(
    ("display_value", "color"),
    [
        # Row i belongs to the display value 257 * i, and 8-bit colors are multiplied by 257.
        pytest.param(0, [0, 0, 25700], id="first-row"),
        pytest.param(257, [65535, 2570, 0], id="second-row"),
        pytest.param(1, [255, 10, 25600], id="one-step-of-257"),
        pytest.param(128, [32640, 1280, 12900], id="about-half-way"),
        pytest.param(256, [65280, 2560, 100], id="last-step"),
        pytest.param(65278, [65535, 2570, 0], id="row-before-the-last"),
        pytest.param(65535, [0, 0, 65535], id="last-row"),
    ],
)
def test_16_bit_values_interpolate_between_rows(display_value, color, as_palette):
    picture = apply_colormap(gray([display_value]), TABLE, as_palette=as_palette)

    assert (picture.pixels.dtype, picture.bits, picture.palette) == (np.uint16, 16, None)
    assert picture.pixels.tolist() == [[color]]
    assert picture.color_table is TABLE


def test_16_bit_colors_are_rounded_not_truncated():
    negative = np.repeat(np.arange(255, -1, -1, dtype=np.uint8)[:, np.newaxis], 3, axis=1)

    picture = apply_colormap(gray(range(65536)), negative, as_palette=False)

    # Each color is 65535 - value exactly; float64 gives some as 65534 - value + 0.9999999.
    assert np.array_equal(picture.pixels[0, :, 1], np.arange(65535, -1, -1))


def test_8_bit_values_become_rows_or_a_palette():
    picture = gray([0, 1, 255], np.uint8)

    colored = apply_colormap(picture, TABLE, as_palette=False)
    indexed = apply_colormap(picture, TABLE, as_palette=True)

    assert colored.pixels.tolist() == [[[0, 0, 100], [255, 10, 0], [0, 0, 255]]]
    assert (indexed.pixels.tolist(), indexed.palette is TABLE) == ([[0, 1, 255]], True)


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(Picture(pixels=np.zeros((1, 1, 3), np.uint8)), id="color"),
        pytest.param(gray([1], domain="stored"), id="stored-values"),
    ],
)
def test_only_gray_display_values_are_colored(picture):
    assert apply_colormap(picture, TABLE, as_palette=False) is picture


def test_the_gray_ramp_changes_nothing():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    picture = gray([1, 40000])
    assert apply_colormap(picture, ramp, as_palette=False) is picture


class Returning(Colormap):
    """Returns the given table."""

    def __init__(self, table):
        self._table = table

    def table(self):
        return self._table


@pytest.mark.parametrize(
    ("table", "found"),
    [
        pytest.param(np.zeros((256, 3)), "float64 of shape (256, 3)", id="type"),
        pytest.param(np.zeros((256, 4), np.uint8), "uint8 of shape (256, 4)", id="shape"),
    ],
)
def test_a_table_of_another_type_or_shape_is_rejected(table, found):
    with pytest.raises(PluginError) as caught:
        checked_table(Returning(table))
    assert f"Returning.table() returned {found}; expected uint8" in caught.value.message
    assert "ColormapConformance" in caught.value.hint
