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


def test_text_and_planes_are_blended_in_order():
    half = np.array([[0, 128, 128, 0]], np.uint8)
    planes = [
        Layer("overlay", np.array([[True, True, False, False]])),
        Layer("graphic", half, color=(0.0, 0.0, 0.0)),
        Layer("overlay", np.array([[False, False, False, True]]), color=(0.5, 0.5, 0.5)),
    ]
    # 255 - 255 * 128 / 255 is 127; 100 * 127 / 255 is 49.8; 0.5 * 255 + 0.5 is 128.
    assert draw_layers(picture([[10, 10, 100, 10]]), planes).pixels.tolist() == [
        [255, 127, 50, 128]
    ]


def test_a_colored_plane_leaves_other_pixels_gray():
    red = Layer("overlay", np.array([[True, False]]), color=(1.0, 0.0, 0.0))
    drawn = draw_layers(picture([[10, 20]]), [red])
    assert drawn.pixels.tolist() == [[[255, 0, 0], [20, 20, 20]]]


def test_the_given_picture_does_not_change():
    given = picture([[10, 20]])
    draw_layers(given, [Layer("overlay", np.array([[True, True]]))])
    assert given.pixels.tolist() == [[10, 20]]
