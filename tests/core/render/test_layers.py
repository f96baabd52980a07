"""Layers and views: what the file says lies over the picture, and which part to show."""

import numpy as np
import pytest

from dcmconv.model.frame_parts import Spacing
from dcmconv.model.layers import Layer, View
from dcmconv.model.picture import Picture
from dcmconv.render.color import draw_layers
from dcmconv.render.geometry import apply_view


def picture(values, **facts):
    return Picture(pixels=np.array(values, np.uint8), **facts)


def test_a_white_overlay_covers_what_lies_under_it():
    layer = Layer("overlay", np.array([[True, False]]))

    assert draw_layers(picture([[10, 20]]), [layer]).pixels.tolist() == [[255, 20]]


def test_half_covered_is_half_way_rounded_half_up():
    layer = Layer("graphic", np.array([[51]], np.uint8))  # a fifth of the way from 10 to 255

    assert draw_layers(picture([[10]]), [layer]).pixels.tolist() == [[59]]


def test_a_colored_layer_makes_a_gray_picture_rgb():
    layer = Layer("graphic", np.array([[True, False]]), color=(1.0, 0.0, 0.0))

    assert draw_layers(picture([[10, 20]]), [layer]).pixels.tolist() == [
        [[255, 0, 0], [20, 20, 20]]
    ]


def test_labels_are_not_drawn_on():
    labels = picture([[1]], domain="label")

    assert draw_layers(labels, [Layer("overlay", np.array([[True]]))]) is labels


@pytest.mark.parametrize(
    ("view", "pixels"),
    [
        pytest.param(View(), [[1, 2, 3], [4, 5, 6]], id="nothing"),
        pytest.param(View(rotation=90), [[4, 1], [5, 2], [6, 3]], id="quarter-turn-clockwise"),
        pytest.param(View(rotation=180), [[6, 5, 4], [3, 2, 1]], id="half-turn"),
        pytest.param(View(rotation=270), [[3, 6], [2, 5], [1, 4]], id="three-quarters"),
        pytest.param(View(is_flipped=True), [[3, 2, 1], [6, 5, 4]], id="flip"),
        pytest.param(View(rotation=90, is_flipped=True), [[1, 4], [2, 5], [3, 6]], id="turn-first"),
        pytest.param(View(region=(1, 0, 2, 1)), [[2, 3]], id="region"),
        pytest.param(View(region=(2, 1, 2, 2)), [[6, 0], [0, 0]], id="beyond-is-background"),
        pytest.param(View(region=(9, 9, 1, 1)), [[0]], id="wholly-beyond"),
    ],
)
def test_a_view_is_cut_then_turned_then_flipped(view, pixels):
    assert apply_view(picture([[1, 2, 3], [4, 5, 6]]), view).pixels.tolist() == pixels


def test_a_quarter_turn_turns_spacing_and_aspect():
    turned = apply_view(picture([[1]], spacing=Spacing(2.0, 1.0), aspect=2.0), View(rotation=90))

    assert (turned.spacing, turned.aspect) == (Spacing(1.0, 2.0), 0.5)
