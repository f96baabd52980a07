"""The color bar: the picture's colors from black to white, and what they mean."""

from __future__ import annotations

import numpy as np
import pytest

from dcmconv.plugin import Picture, ValueScale
from dcmconv_builtins.steps.colorbar import Colorbar
from dcmconv_builtins.steps.ticks import round_values, value_labels

GRAY = np.full((200, 100), 77, np.uint8)
RAINBOW = np.stack([np.arange(256), np.zeros(256), np.arange(256)[::-1]], axis=1).astype(np.uint8)


def picture(pixels=GRAY, **fields):
    return Picture(pixels=pixels, **({"scale": ValueScale(0.0, 10.0, "Gy")} | fields))


def bar_of(drawn, columns=100):
    """Return the column through the middle of the bar, from its first to its last row."""
    beside = drawn.pixels[:, columns:]
    flat = beside if beside.ndim == 2 else beside.sum(axis=2, dtype=np.int64)
    is_bar = (flat > 0).sum(axis=0) > 0.8 * drawn.rows
    column = beside[:, np.flatnonzero(is_bar)[2]]
    lit = np.flatnonzero(column if column.ndim == 1 else column.any(axis=1))
    gaps = np.flatnonzero(np.diff(lit) > 1)  # between the unit and the bar
    first = lit[gaps[-1] + 1] if gaps.size else lit[0]
    return column[first : lit[-1] + 1]


def test_the_picture_stays_and_the_bar_stands_to_its_right():
    drawn = Colorbar().apply(picture())
    assert np.array_equal(drawn.pixels[:, :100], GRAY)
    assert (drawn.rows, drawn.pixels.ndim) == (200, 2)
    assert drawn.columns > 130


def test_the_bar_runs_from_white_down_to_black():
    bar = bar_of(Colorbar().apply(picture()))
    assert bar[0] == 255
    assert bar[-1] <= 2
    assert (np.diff(bar.astype(int)) <= 0).all()


def test_the_bar_has_the_colors_of_the_colormap():
    colored = np.repeat(GRAY[..., np.newaxis], 3, axis=2)
    bar = bar_of(Colorbar().apply(picture(colored, color_table=RAINBOW)))
    assert bar[0].tolist() == [255, 0, 0]
    assert bar[-1].tolist() == [0, 0, 255]
    assert bar[len(bar) // 2].tolist() == pytest.approx([127, 0, 127], abs=2)


def test_sixteen_bits_stay_sixteen():
    drawn = Colorbar().apply(picture(GRAY.astype(np.uint16) * 257, bits=16))
    assert drawn.pixels.dtype == np.uint16
    assert bar_of(drawn)[0] == 65535


def test_without_a_scale_there_is_a_note_and_no_bar():
    drawn = Colorbar().apply(picture(scale=None))
    assert np.array_equal(drawn.pixels, GRAY)
    assert "There is no color bar" in " ".join(drawn.notes)


def test_a_picture_too_small_for_words_gets_a_larger_canvas():
    drawn = Colorbar().apply(picture(np.full((4, 4), 9, np.uint8)))
    assert drawn.rows >= 40
    top = (drawn.rows - 4) // 2
    assert (drawn.pixels[top : top + 4, :4] == 9).all()


def test_letters_show_on_a_white_background():
    drawn = Colorbar().apply(picture(np.full((200, 100), 255, np.uint8), background=255))
    right = drawn.pixels[:, -20:]
    assert right.min() < 60
    assert right.max() == 255


def test_letters_of_a_color_make_the_picture_rgb():
    drawn = Colorbar(color="yellow").apply(picture())
    assert drawn.pixels.shape[2] == 3
    assert (drawn.pixels[:, 100:] == (255, 255, 0)).all(axis=2).any()


def test_a_word_that_is_no_color_is_refused():
    with pytest.raises(ValueError, match="is no color"):
        Colorbar(color="ultraplaid")


def test_a_unit_stands_above_the_bar():
    with_unit = Colorbar().apply(picture())
    without = Colorbar().apply(picture(scale=ValueScale(0.0, 10.0, "")))
    assert len(bar_of(with_unit)) < len(bar_of(without))


@pytest.mark.parametrize("scale", [ValueScale(3.0, 3.0, "Gy"), ValueScale(10.0, -5.0, "HU")])
def test_constant_and_inverted_scales_are_drawn(scale):
    assert Colorbar().apply(picture(scale=scale)).columns > 100


def test_an_inverted_scale_has_its_numbers_upside_down():
    up = Colorbar().apply(picture(scale=ValueScale(0.0, 10.0))).pixels
    down = Colorbar().apply(picture(scale=ValueScale(10.0, 0.0))).pixels
    assert not np.array_equal(up, down)


@pytest.mark.parametrize(
    ("low", "high", "space", "values"),
    [
        pytest.param(-160.0, 240.0, 5, [-100.0, 0.0, 100.0, 200.0], id="a-window"),
        pytest.param(0.0, 10.0, 11, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], id="both-ends"),
        pytest.param(0.8, 1.25, 5, [0.8, 0.9, 1.0, 1.1, 1.2], id="fractions"),
        pytest.param(7.0, 7.0, 5, [7.0], id="a-constant"),
    ],
)
def test_values_beside_the_bar_are_round(low, high, space, values):
    assert round_values(low, high, space) == pytest.approx(values)


def test_labels_are_short_whatever_their_size():
    assert value_labels([0.0, 0.5, 1.0]) == ["0.0", "0.5", "1.0"]
    assert value_labels([0.0, 2e9]) == ["0", "2e+09"]
    assert value_labels([1e-12, 2e-12]) == ["1e-12", "2e-12"]
    assert value_labels([0.35]) == ["0.35"]
