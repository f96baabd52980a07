from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from support.covers import covers
from support.overlay_frames import with_an_overlay

from dcmconv.plugin import Frame, InputError, Layer, Lut, Padding
from dcmconv.render.geometry import square_pixels
from dcmconv.render.tone import render_tone
from dcmconv_builtins.dicom.objects.overlay import OverlayLayer
from dcmconv_builtins.normalizers.overlay import Overlay


def frame_with(*planes: tuple[int, list[list[int]]], **changes) -> Frame:
    layers = tuple(
        OverlayLayer("overlay", np.array(bits, bool), drawn=False, group=group)
        for group, bits in planes
    )
    fields = {"stored_values": np.full((1, 3), 7, np.uint8), "bits_stored": 8} | changes
    return Frame(**fields, layers=layers)


TWO = ((0x6000, [[1, 0, 0]]), (0x6002, [[0, 0, 1]]))


@pytest.mark.parametrize(
    ("group", "expected"),
    [(None, [255, 0, 255]), ("6000", [255, 0, 0]), ("0x6002", [0, 0, 255])],
)
@covers("PS3.3 C.9.2 Overlay planes as a mask")
def test_the_mask_is_white_in_the_chosen_planes(group, expected):
    picture, _ = render_tone(frame_with(*TWO), Overlay(group=group))
    assert picture.pixels.tolist() == [expected]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"photometric_interpretation": "MONOCHROME1"}, id="monochrome1"),
        pytest.param({"presentation": "INVERSE"}, id="inverse"),
        pytest.param({"presentation": Lut(np.array([9, 3], np.uint8), bits=8)}, id="lut"),
        pytest.param({"padding": Padding(7, 7)}, id="all-padding"),
        pytest.param({"stored_values": np.zeros((1, 3, 3), np.uint8)}, id="color"),
        pytest.param({"stored_values": np.full((1, 3), np.nan, np.float32)}, id="nan"),
    ],
)
def test_the_mask_does_not_depend_on_the_pixels(changes):
    picture, _ = render_tone(frame_with(*TWO, **changes), Overlay())
    assert picture.pixels.tolist() == [[255, 0, 255]]


def test_16_bit_masks_use_the_whole_range():
    frame = frame_with(*TWO)
    assert render_tone(frame, Overlay(), depth=16)[0].pixels.tolist() == [[65535, 0, 65535]]
    assert render_tone(frame, Overlay(), invert=True)[0].pixels.tolist() == [[0, 255, 0]]


def test_a_frame_without_planes_is_rejected_with_a_hint():
    with pytest.raises(InputError, match=r"expected one, found none") as raised:
        Overlay().mask(frame_with())
    assert "rule" in raised.value.hint


def test_a_missing_group_is_rejected_with_those_found():
    with pytest.raises(InputError, match=r"expected 6004, found 6002"):
        Overlay(group="6004").mask(with_an_overlay())


@pytest.mark.parametrize("group", ["6001", "6020", "7000", "6100", "first", "-6000"])
def test_a_group_without_overlays_is_an_invalid_option(group):
    with pytest.raises(ValueError, match="expected an even group from 6000 to 601E"):
        Overlay(group=group)


def test_graphics_and_shutters_are_not_in_the_mask():
    everything = np.ones((6, 8), bool)
    others = (Layer("graphic", everything), Layer("shutter", everything))
    frame = with_an_overlay()
    frame = dataclasses.replace(frame, layers=(*frame.layers, *others))
    assert Overlay().mask(frame).sum() == 24


def test_masks_of_oblong_pixels_stay_black_and_white():
    picture, _ = render_tone(frame_with(TWO[0], aspect=2.5), Overlay())
    assert picture.is_mask
    assert set(square_pixels(picture).pixels.ravel().tolist()) == {0, 255}
