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
    side = drawn.pixels[:, columns:]
    flat = side if side.ndim == 2 else side.sum(axis=2, dtype=np.int64)
    is_bar = (flat > 0).sum(axis=0) > 0.8 * drawn.rows
    column = side[:, np.flatnonzero(is_bar)[2]]
    lit = np.flatnonzero(column if column.ndim == 1 else column.any(axis=1))
    gaps = np.flatnonzero(np.diff(lit) > 1)  # between the unit and the bar
    first = lit[gaps[-1] + 1] if gaps.size else lit[0]
    return column[first : lit[-1] + 1]


def test_the_bar_is_added_to_the_right():
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


def test_16_bit_pictures_keep_their_depth():
    drawn = Colorbar().apply(picture(GRAY.astype(np.uint16) * 257, bits=16))
    assert drawn.pixels.dtype == np.uint16
    assert bar_of(drawn)[0] == 65535


def test_without_a_scale_there_is_only_a_note():
    drawn = Colorbar().apply(picture(scale=None))
    assert np.array_equal(drawn.pixels, GRAY)
    assert "No color bar was drawn" in " ".join(drawn.notes)


def test_small_pictures_get_a_larger_canvas():
    drawn = Colorbar().apply(picture(np.full((4, 4), 9, np.uint8)))
    assert drawn.rows >= 40
    top = (drawn.rows - 4) // 2
    assert (drawn.pixels[top : top + 4, :4] == 9).all()


def test_letters_are_visible_on_white():
    drawn = Colorbar().apply(picture(np.full((200, 100), 255, np.uint8), background=255))
    right = drawn.pixels[:, -20:]
    assert right.min() < 60
    assert right.max() == 255


def test_colored_letters_make_the_picture_rgb():
    drawn = Colorbar(color="yellow").apply(picture())
    assert drawn.pixels.shape[2] == 3
    assert (drawn.pixels[:, 100:] == (255, 255, 0)).all(axis=2).any()


def test_an_unknown_color_is_rejected():
    with pytest.raises(ValueError, match="unknown color 'ultraplaid'"):
        Colorbar(color="ultraplaid")


def test_the_unit_takes_room_above_the_bar():
    with_unit = Colorbar().apply(picture())
    without = Colorbar().apply(picture(scale=ValueScale(0.0, 10.0, "")))
    assert len(bar_of(with_unit)) < len(bar_of(without))


@pytest.mark.parametrize("scale", [ValueScale(3.0, 3.0, "Gy"), ValueScale(10.0, -5.0, "HU")])
def test_constant_and_inverted_scales_are_drawn(scale):
    bar = bar_of(Colorbar().apply(picture(scale=scale)))
    assert bar[0] == 255
    assert bar[-1] <= 2


def labels_of(drawn):
    """Return the middle row of each label, and its pixels without empty columns, from the top."""
    side = drawn.pixels[:, 100:]
    bar_end = np.flatnonzero((side > 0).sum(axis=0) > 0.8 * drawn.rows)[-1]
    ink = side[:, bar_end + 1 :]
    rows = np.flatnonzero(ink.any(axis=1))
    groups = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    labels = [ink[group[0] : group[-1] + 1] for group in groups]
    middles = [(group[0] + group[-1]) / 2 for group in groups]
    return middles, [label[:, label.any(axis=0)].tolist() for label in labels]


def test_a_constant_scale_has_one_label_in_the_middle():
    middles, labels = labels_of(Colorbar().apply(picture(scale=ValueScale(3.0, 3.0))))
    assert len(labels) == 1
    assert middles[0] == pytest.approx(100, abs=2)


def test_an_inverted_scale_has_its_labels_upside_down():
    middles, up = labels_of(Colorbar().apply(picture(scale=ValueScale(0.0, 10.0))))
    inverted_middles, down = labels_of(Colorbar().apply(picture(scale=ValueScale(10.0, 0.0))))
    assert len(up) > 2
    assert up == down[::-1]
    assert up != down
    # Half a pixel of rounding at most, at each end of the bar.
    assert inverted_middles == pytest.approx([199 - middle for middle in middles[::-1]], abs=2)


@pytest.mark.parametrize(
    ("low", "high", "space", "values"),
    [
        pytest.param(-160.0, 240.0, 5, [-100.0, 0.0, 100.0, 200.0], id="a-window"),
        pytest.param(0.0, 10.0, 11, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], id="both-ends"),
        pytest.param(0.8, 1.25, 5, [0.8, 0.9, 1.0, 1.1, 1.2], id="fractions"),
        pytest.param(7.0, 7.0, 5, [7.0], id="a-constant"),
    ],
)
def test_labeled_values_are_round(low, high, space, values):
    assert round_values(low, high, space) == pytest.approx(values)


def test_labels_of_all_magnitudes_are_short():
    assert value_labels([0.0, 0.5, 1.0]) == ["0.0", "0.5", "1.0"]
    assert value_labels([0.0, 2e9]) == ["0", "2e+09"]
    assert value_labels([1e-12, 2e-12]) == ["1e-12", "2e-12"]
    assert value_labels([0.35]) == ["0.35"]
