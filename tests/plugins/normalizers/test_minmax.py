"""``minmax``, ``percentile`` and ``none``."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dcmconv.plugin import Frame, Keep, Linear, Lut, Padding, Rescale
from dcmconv.render.tone import render_tone
from dcmconv_builtins.normalizers.minmax import MinMax
from dcmconv_builtins.normalizers.none import Unscaled
from dcmconv_builtins.normalizers.percentile import Percentile


def frame(values, dtype="i2", **fields):
    stored_values = np.array(values, dtype=dtype)
    bits = 0 if stored_values.dtype.kind == "f" else stored_values.itemsize * 8
    return Frame(stored_values=stored_values, **{"bits_stored": bits, **fields})


def pixels(normalizer, of, depth=8):
    return render_tone(of, normalizer, depth=depth)[0].pixels.tolist()


@pytest.mark.parametrize(
    ("of", "display_values"),
    [
        pytest.param(frame([[-1000, 0, 1000]]), [[0, 128, 255]], id="signed-keeps-its-sign"),
        pytest.param(frame([[7, 7, 7]]), [[0, 0, 0]], id="constant-is-black"),
        pytest.param(frame([[-5]]), [[0]], id="one-pixel-is-black"),
        pytest.param(
            frame([[0, 32767, 32768, 65535]], "u2"), [[0, 127, 128, 255]], id="full-16-bit"
        ),
        pytest.param(
            frame([[np.nan, -1.5, 0.5, 2.5, np.inf]], "f4"),
            [[0, 0, 128, 255, 0]],
            id="float-and-nan",
        ),
        pytest.param(frame([[np.nan, np.nan]], "f8"), [[0, 0]], id="nothing-but-nan-is-black"),
        pytest.param(
            frame([[0, 50, 200]], "u1", photometric_interpretation="MONOCHROME1"),
            [[255, 191, 0]],
            id="monochrome1-is-inverted-after-scaling",
        ),
        pytest.param(
            frame([[-2000, -1000, 1000]], padding=Padding(-2000, -2000)),
            [[0, 0, 255]],
            id="padding-does-not-stretch-the-range",
        ),
        pytest.param(
            frame([[0, 100]], modality=Rescale(-2.0, 7.0)),
            [[255, 0]],
            id="a-negative-slope-turns-it",
        ),
        pytest.param(
            frame([[0, 1, 2]], "u1", modality=Lut(np.array([0, 30, 300], "u2"))),
            [[0, 26, 255]],
            id="a-modality-lut-comes-first",
        ),
    ],
)
def test_minmax_makes_the_extremes_black_and_white(of, display_values):
    assert pixels(MinMax(), of) == display_values


def test_minmax_fills_16_bits_for_16_bit_writers():
    assert pixels(MinMax(), frame([[-10, 0, 10]]), depth=16) == [[0, 32768, 65535]]


def test_minmax_reports_its_range_and_units():
    curve = MinMax().curve(frame([[-1024, 3071]], units="HU"))
    assert curve == Linear(black=-1024, white=3071)
    assert curve.origin == "min-max -1024..3071 HU"
    assert MinMax().curve(frame([[0.25, 7.5]], "f4")).origin == "min-max 0.25..7.5"


@given(arrays.arrays("i2", (3, 4), elements=st.integers(-5000, 5000)), st.integers(-20_000, 20_000))
def test_a_constant_offset_changes_no_minmax_picture(stored_values, constant):
    moved = stored_values + np.int16(constant)
    assert pixels(MinMax(), frame(stored_values)) == pixels(MinMax(), frame(moved))


@given(arrays.arrays("i2", (3, 4), elements=st.integers(-32768, 32767)))
def test_curves_can_be_compared_hashed_and_pickled(stored_values):
    curve = Percentile().curve(frame(stored_values))
    again = Percentile().curve(frame(stored_values.copy()))
    assert curve == again
    assert hash(curve) == hash(again)
    assert pickle.loads(pickle.dumps(curve)) == curve  # noqa: S301


def test_percentiles_ignore_extreme_pixels():
    # 0..100 once each: the 1st percentile is 1, the 99th 99.
    of = frame(np.arange(101).reshape(1, 101), units="HU")
    curve = Percentile().curve(of)
    assert curve == Linear(black=1, white=99)
    assert curve.origin == "percentiles 1 and 99, 1..99 HU"
    assert curve(np.array([1.0, 50.0, 99.0])).tolist() == [0.0, 0.5, 1.0]


def test_percentiles_of_0_and_100_are_minmax():
    of = frame([[-3, 4, 90]])
    assert Percentile(low=0, high=100).curve(of) == MinMax().curve(of)


def test_percentiles_ignore_padding():
    of = frame([[-2000] * 50 + list(range(101))], padding=Padding(-2000, -2000))
    assert Percentile().curve(of) == Linear(black=1, white=99)


def test_a_nearly_empty_frame_falls_back_to_minmax():
    stored_values = np.zeros((20, 20), "u2")
    stored_values[3, 3] = 500
    curve = Percentile().curve(frame(stored_values, "u2"))
    assert curve == Linear(black=0, white=500)
    assert curve.origin == "min-max 0..500, because percentiles 1 and 99 are both 0"


@pytest.mark.parametrize(("low", "high"), [(99, 1), (5, 5), (-1, 50), (0, 101)])
def test_percentiles_out_of_order_are_rejected(low, high):
    message = f"low is {low} and high is {high}; expected 0 <= low < high <= 100"
    with pytest.raises(ValueError, match=re.escape(message)):
        Percentile(low=low, high=high)


def test_none_keeps_the_chosen_values():
    of = frame([[-5, 300]], modality=Rescale(2.0, -1.0))
    stored, modality = Unscaled(), Unscaled(values="modality")
    assert (stored.domain(), modality.domain()) == ("stored", "modality")
    assert stored.curve(of) == Keep(values="stored")
    assert modality.curve(of).origin == "modality values, unscaled"
    assert pixels(stored, of) == [[-5, 300]]
    assert pixels(modality, of) == [[-11, 599]]
