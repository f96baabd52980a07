"""``auto`` and ``voi``: what the file asks for."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from dcmconv.plugin import Frame, InputError, Linear, Lut, Padding, VoiWindow
from dcmconv.render.tone import render_tone
from dcmconv_builtins.dicom.tone.voi_lut import VoiLut, WindowLinear, WindowLinearExact
from dcmconv_builtins.normalizers.auto import Auto
from dcmconv_builtins.normalizers.voi import Voi

LUT = Lut(np.array([0, 51, 255], "u1"), first=100, bits=8)
INVERSE = Lut(np.array([255, 0], "u1"), first=100, bits=8)
FLAT = Lut(np.array([9, 9, 9], "u1"), bits=8)
OVERFULL = Lut(np.array([0, 4095], "u2"), bits=8)
WINDOW = VoiWindow(40, 400)
NO_WIDTH = VoiWindow(40, 0)


def frame(values=((0, 100, 101, 102, 500),), **fields):
    return Frame(stored_values=np.array(values, "i2"), **{"bits_stored": 16, **fields})


def test_a_voi_lut_is_preferred_to_a_window():
    of = frame(voi_luts=(LUT, INVERSE), voi_windows=(WINDOW,))
    curve = Auto().curve(of)
    assert curve == VoiLut(lut=LUT)
    assert curve.origin == "VOI LUT 1 of the file, 3 entries"
    assert render_tone(of, Auto())[0].pixels.tolist() == [[0, 0, 51, 255, 255]]


def test_without_a_voi_lut_the_first_window_is_used():
    of = frame(voi_windows=(VoiWindow(40, 400, "LINEAR_EXACT"), WINDOW), units="HU")
    curve = Auto().curve(of)
    assert curve == WindowLinearExact(center=40, width=400)
    assert curve.origin == "Window 1 of the file, LINEAR_EXACT 40/400 HU"


def test_min_max_without_padding_is_the_last_resort():
    curve = Auto().curve(frame([[-2000, -7, 9]], padding=Padding(-2000, -2000)))
    assert curve == Linear(black=-7, white=9)
    assert curve.origin == "min-max -7..9"


def test_an_invalid_window_is_skipped_with_the_reason():
    curve = Auto().curve(frame(voi_windows=(NO_WIDTH,)))
    assert curve == Linear(black=0, white=500)
    assert curve.origin == (
        "min-max 0..500, because Window Width (0028,1051) is 0; LINEAR needs at least 1"
    )


def test_a_second_window_replaces_an_invalid_first():
    curve = Auto().curve(frame(voi_windows=(NO_WIDTH, WINDOW)))
    assert curve == WindowLinear(center=40, width=400)
    assert curve.origin.startswith("Window 2 of the file, LINEAR 40/400, because Window Width")


def test_every_reason_is_recorded_in_order():
    curve = Auto().curve(frame(voi_luts=(FLAT, OVERFULL), voi_windows=(NO_WIDTH,)))
    flat, overfull, width = (curve.origin.index(word) for word in ("constant", "4095", "Width"))
    assert curve == Linear(black=0, white=500)
    assert flat < overfull < width


def test_a_constant_frame_is_black():
    assert render_tone(frame([[3, 3]]), Auto())[0].pixels.tolist() == [[0, 0]]


def test_voi_uses_the_given_item():
    of = frame(voi_luts=(LUT, INVERSE), voi_windows=(WINDOW,))
    curve = Voi(number=2).curve(of)
    assert curve == VoiLut(lut=Lut(INVERSE.entries.copy(), first=100, bits=8))
    assert hash(curve) == hash(Voi(number=2).curve(of))
    assert pickle.loads(pickle.dumps(curve)) == curve  # noqa: S301
    assert render_tone(of, Voi(number=2))[0].pixels.tolist() == [[255, 255, 0, 0, 0]]


def test_voi_without_a_table_suggests_auto():
    with pytest.raises(InputError, match=r"VOI LUT Sequence \(0028,3010\) is missing") as caught:
        Voi().curve(frame(voi_windows=(WINDOW,)))
    assert "--normalize auto" in caught.value.hint


def test_voi_beyond_the_last_item_gives_the_count():
    with pytest.raises(InputError, match="has 1 item; item 2 was requested") as caught:
        Voi(number=2).curve(frame(voi_luts=(LUT,)))
    assert caught.value.hint == "Use --voi.number 1, or --normalize auto."


@pytest.mark.parametrize(
    ("lut", "message"),
    [
        (FLAT, "of VOI LUT 1 is constant; at least two levels are needed"),
        (OVERFULL, r"of VOI LUT 1 contains 4095; LUT Descriptor \(0028,3002\) allows 8 bits"),
    ],
)
def test_voi_refuses_an_invalid_table(lut, message):
    with pytest.raises(InputError, match=message) as caught:
        Voi().curve(frame(voi_luts=(lut,)))
    assert "--normalize minmax" in caught.value.hint


def test_items_are_counted_from_one():
    with pytest.raises(ValueError, match="number is 0; items are counted from 1"):
        Voi(number=0)
