"""Layers are drawn over display pictures."""

import numpy as np

from dcmconv.model.layers import Layer
from dcmconv.model.picture import Picture
from dcmconv.render.color import draw_layers


def picture(values, **facts):
    return Picture(pixels=np.array(values, np.uint8), **facts)


def test_a_white_overlay_covers_the_pixels_below():
    layer = Layer("overlay", np.array([[True, False]]))

    assert draw_layers(picture([[10, 20]]), [layer]).pixels.tolist() == [[255, 20]]


def test_partial_coverage_blends_and_rounds_half_up():
    layer = Layer("graphic", np.array([[51]], np.uint8))  # a fifth of the way from 10 to 255

    assert draw_layers(picture([[10]]), [layer]).pixels.tolist() == [[59]]


def test_a_colored_layer_makes_a_gray_picture_rgb():
    layer = Layer("graphic", np.array([[True, False]]), color=(1.0, 0.0, 0.0))

    assert draw_layers(picture([[10, 20]]), [layer]).pixels.tolist() == [
        [[255, 0, 0], [20, 20, 20]]
    ]


def test_layers_are_not_drawn_on_labels():
    labels = picture([[1]], domain="label")

    assert draw_layers(labels, [Layer("overlay", np.array([[True]]))]) is labels
