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


def test_a_voi_lut_goes_before_a_window():
    of = frame(voi_luts=(LUT, INVERSE), voi_windows=(WINDOW,))
    curve = Auto().curve(of)
    assert curve == VoiLut(lut=LUT)
    assert curve.origin == "VOI LUT 1 of the file, 3 entries"
    assert render_tone(of, Auto())[0].pixels.tolist() == [[0, 0, 51, 255, 255]]


def test_the_first_window_is_taken_where_there_is_no_voi_lut():
    of = frame(voi_windows=(VoiWindow(40, 400, "LINEAR_EXACT"), WINDOW), units="HU")
    curve = Auto().curve(of)
    assert curve == WindowLinearExact(center=40, width=400)
    assert curve.origin == "Window 1 of the file, LINEAR_EXACT 40/400 HU"


def test_minmax_without_padding_is_the_last_resort():
    curve = Auto().curve(frame([[-2000, -7, 9]], padding=Padding(-2000, -2000)))
    assert curve == Linear(black=-7, white=9)
    assert curve.origin == "min-max -7..9"


def test_a_window_without_sense_is_passed_over_and_the_origin_says_why():
    curve = Auto().curve(frame(voi_windows=(NO_WIDTH,)))
    assert curve == Linear(black=0, white=500)
    assert curve.origin == (
        "min-max 0..500, because Window Width (0028,1051) is 0; LINEAR needs at least 1"
    )


def test_a_second_window_stands_in_for_a_first_without_sense():
    curve = Auto().curve(frame(voi_windows=(NO_WIDTH, WINDOW)))
    assert curve == WindowLinear(center=40, width=400)
    assert curve.origin.startswith("Window 2 of the file, LINEAR 40/400, because Window Width")


def test_every_reason_is_recorded_in_order():
    curve = Auto().curve(frame(voi_luts=(FLAT, OVERFULL), voi_windows=(NO_WIDTH,)))
    flat, overfull, width = (curve.origin.index(word) for word in ("throughout", "4095", "Width"))
    assert curve == Linear(black=0, white=500)
    assert flat < overfull < width


def test_a_constant_frame_is_black():
    assert render_tone(frame([[3, 3]]), Auto())[0].pixels.tolist() == [[0, 0]]


def test_voi_takes_the_item_that_was_asked_for():
    of = frame(voi_luts=(LUT, INVERSE), voi_windows=(WINDOW,))
    curve = Voi(number=2).curve(of)
    assert curve == VoiLut(lut=Lut(INVERSE.entries.copy(), first=100, bits=8))
    assert hash(curve) == hash(Voi(number=2).curve(of))
    assert pickle.loads(pickle.dumps(curve)) == curve  # noqa: S301
    assert render_tone(of, Voi(number=2))[0].pixels.tolist() == [[255, 255, 0, 0, 0]]


def test_voi_without_a_table_names_auto():
    with pytest.raises(InputError, match=r"VOI LUT Sequence \(0028,3010\) is missing") as caught:
        Voi().curve(frame(voi_windows=(WINDOW,)))
    assert "--normalize auto" in caught.value.hint


def test_voi_past_the_last_item_says_how_many_there_are():
    with pytest.raises(InputError, match="has 1 item; item 2 was asked for") as caught:
        Voi(number=2).curve(frame(voi_luts=(LUT,)))
    assert caught.value.hint == "Use --voi.number 1, or --normalize auto."


@pytest.mark.parametrize(
    ("lut", "message"),
    [
        (FLAT, "of VOI LUT 1 is the same throughout; two levels or more are needed"),
        (OVERFULL, r"of VOI LUT 1 holds 4095; 8 bits, as in LUT Descriptor \(0028,3002\), end"),
    ],
)
def test_voi_refuses_a_table_without_sense(lut, message):
    with pytest.raises(InputError, match=message) as caught:
        Voi().curve(frame(voi_luts=(lut,)))
    assert "--normalize minmax" in caught.value.hint


def test_items_count_from_one():
    with pytest.raises(ValueError, match="number is 0; items count from 1"):
        Voi(number=0)
