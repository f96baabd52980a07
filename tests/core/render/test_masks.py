"""How a lane finishes masks, and frames with pseudo-color."""

from dataclasses import dataclass

import numpy as np
import pytest

from dcmconv.chain.plan import ComponentRef, Lane
from dcmconv.errors import PluginError
from dcmconv.model.components import MaskNormalizer
from dcmconv.model.frame import Frame
from dcmconv.model.layers import Layer, View
from dcmconv.render.lane import LoadedLane
from dcmconv.render.tone import render_tone
from dcmconv_builtins.normalizers.minmax import MinMax

RED_RAMP = np.stack([np.arange(256), np.zeros(256), np.zeros(256)], axis=1).astype(np.uint8)


@dataclass(frozen=True, kw_only=True)
class Bright(MaskNormalizer):
    """A mask of the stored values above 9."""

    def mask(self, frame):
        return frame.stored_values > 9


@dataclass(frozen=True, kw_only=True)
class Half(MaskNormalizer):
    """A mask that covers half of every pixel."""

    def mask(self, frame):
        return np.full((frame.rows, frame.columns), 128, np.uint8)


@dataclass(frozen=True, kw_only=True)
class Wrong(MaskNormalizer):
    """A mask of the wrong shape."""

    def mask(self, frame):
        return np.zeros((1, 1), bool)


def frame_of(**changes):
    fields = {"stored_values": np.array([[0, 10, 20]], np.uint8), "bits_stored": 8} | changes
    return Frame(**fields)


def lane(normalizer, colormap=None):
    """Return a loaded lane with a given normalizer and a named colormap."""
    plan = Lane(
        id="png",
        normalizer=ComponentRef("normalizer", "given", ""),
        steps=(),
        colormap=colormap and ComponentRef("colormap", "named", colormap),
        writer=ComponentRef("writer", "png", "dcmconv_builtins.writers.png:Png"),
    )
    at_work = LoadedLane(plan)
    vars(at_work)["normalizer"] = normalizer
    return at_work


def finished(frame, normalizer, colormap=None):
    picture, _ = render_tone(frame, normalizer)
    return lane(normalizer, colormap).finish(picture, frame)


def test_a_mask_is_white_on_black_at_every_depth():
    assert render_tone(frame_of(), Bright())[0].pixels.tolist() == [[0, 255, 255]]
    assert render_tone(frame_of(), Half(), depth=16)[0].pixels.tolist() == [[128 * 257] * 3]


def test_a_mask_of_the_wrong_shape_is_a_plugin_error():
    with pytest.raises(PluginError, match=r"array of shape \(1, 3\)") as raised:
        render_tone(frame_of(), Wrong())
    assert "NormalizerConformance" in raised.value.hint


def test_a_mask_gets_the_view_but_no_layers():
    layer = Layer("shutter", np.ones((1, 3), bool), color=(0, 0, 0))
    frame = frame_of(layers=(layer,), view=View(is_flipped=True), pseudo_color=RED_RAMP)

    picture = finished(frame, Bright())

    assert picture.pixels.tolist() == [[255, 255, 0]]
    assert picture.palette is None


def test_pseudo_color_is_used_like_a_colormap():
    picture = finished(frame_of(pseudo_color=RED_RAMP), MinMax())

    assert picture.pixels.tolist() == [[0, 128, 255]]
    assert picture.palette is RED_RAMP


def test_a_colormap_in_the_chain_replaces_pseudo_color():
    picture = finished(
        frame_of(pseudo_color=RED_RAMP), MinMax(), "dcmconv_builtins.colormaps.polylines:Gray"
    )

    assert picture.palette is None


def test_layers_are_drawn_over_pseudo_color():
    layer = Layer("graphic", np.array([[True, False, False]]))

    picture = finished(frame_of(pseudo_color=RED_RAMP, layers=(layer,)), MinMax())

    assert picture.pixels.tolist() == [[[255, 255, 255], [128, 0, 0], [255, 0, 0]]]
