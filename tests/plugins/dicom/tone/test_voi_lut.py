"""Windows and VOI LUTs by the formulas of the standard, worked out by hand (PS3.3 C.11.2)."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmconv.plugin import InputError, Lut, VoiWindow
from dcmconv_builtins.dicom.tone.voi_lut import (
    Sigmoid,
    VoiLut,
    WindowLinear,
    WindowLinearExact,
    curve_of,
)


def test_linear_subtracts_half_from_center_and_one_from_width():
    # PS3.3 C.11.2.1.2.1, the note: c=2048, w=4096 is the identity on 12 bits.
    curve = WindowLinear(center=2048, width=4096)
    assert curve(np.array([0.0, 4095.0])).tolist() == [0.0, 1.0]


def test_linear_of_width_one_is_a_step_above_center_minus_one_half():
    curve = WindowLinear(center=2048, width=1)
    assert curve(np.array([2047.0, 2047.5, 2048.0])).tolist() == [0.0, 0.0, 1.0]


def test_linear_exact_subtracts_nothing():
    # C.11.2.1.3.2: y = (x - c) / w + 0.5
    curve = WindowLinearExact(center=0.25, width=0.5)
    assert curve(np.array([0.0, 0.125, 0.5])).tolist() == [0.0, 0.25, 1.0]


def test_only_straight_windows_have_ends():
    assert WindowLinear(center=40, width=400).ends == (-160.0, 239.0)
    assert WindowLinear(center=40, width=1).ends == (39.5, 39.5)
    assert WindowLinearExact(center=40, width=400).ends == (-160.0, 240.0)
    assert Sigmoid(center=40, width=400).ends is None


def test_sigmoid_is_one_half_at_its_center_and_never_overflows():
    curve = Sigmoid(center=100, width=400)
    values = curve(np.array([-1e9, 0.0, 100.0, 200.0, 1e9]))
    assert values[2] == 0.5
    assert values[0] == 0.0
    assert values[4] == 1.0
    assert values[1] == pytest.approx(1 / (1 + math.e), abs=1e-15)
    assert values[1] + values[3] == pytest.approx(1, abs=1e-15)


def test_a_table_clamps_its_input_and_rounds_half_up():
    lut = Lut(entries=np.array([0, 51, 255], np.uint16), first=-1, bits=8)
    values = VoiLut(lut=lut)(np.array([-9.0, -1.0, -0.5, 0.4, 0.5, 99.0, np.nan]))
    assert values[:6].tolist() == [0.0, 0.0, 0.2, 0.2, 1.0, 1.0]
    assert np.isnan(values[6])


@pytest.mark.parametrize(
    ("function", "width", "message"),
    [
        ("LINEAR", 0, r"Window Width \(0028,1051\) is 0; LINEAR needs at least 1\."),
        ("LINEAR", -400, r"Window Width \(0028,1051\) is -400; LINEAR needs at least 1\."),
        ("LINEAR", 0.5, r"is 0\.5; LINEAR needs at least 1\."),
        ("LINEAR_EXACT", 0, r"is 0; LINEAR_EXACT needs more than 0\."),
        ("SIGMOID", -1, r"is -1; SIGMOID needs more than 0\."),
    ],
)
def test_an_invalid_width_is_an_error_with_a_hint(function, width, message):
    with pytest.raises(InputError, match=message) as raised:
        curve_of(VoiWindow(40, width, function))
    assert raised.value.hint == ("Override it with --window.width, or use --normalize minmax.")


def test_a_window_of_nan_is_an_error():
    with pytest.raises(InputError, match="expected finite numbers") as raised:
        curve_of(VoiWindow(math.nan, 400))
    assert "--window.center" in raised.value.hint


def test_an_unknown_voi_lut_function_is_an_error():
    with pytest.raises(InputError, match=r"\(0028,1056\) is 'CUBIC'") as raised:
        curve_of(VoiWindow(40, 400, "CUBIC"))
    assert "--window.function LINEAR" in raised.value.hint


def test_each_voi_lut_function_has_its_curve():
    assert curve_of(VoiWindow(40, 400), "Window 1") == WindowLinear(center=40, width=400)
    assert curve_of(VoiWindow(40, 400), "Window 1").origin == "Window 1"
    assert isinstance(curve_of(VoiWindow(1, 0.5, "LINEAR_EXACT")), WindowLinearExact)
    assert isinstance(curve_of(VoiWindow(1, 2, "SIGMOID")), Sigmoid)


def test_curves_compare_by_value_and_can_be_pickled():
    lut = Lut(entries=np.arange(4, dtype=np.uint16))
    for curve in (WindowLinear(center=1, width=2), Sigmoid(center=1, width=2), VoiLut(lut=lut)):
        copy = pickle.loads(pickle.dumps(curve))  # noqa: S301 - our own bytes
        assert copy == curve
        assert hash(copy) == hash(curve)


@given(
    center=st.integers(-2000, 2000),
    width=st.integers(1, 4000),
    shift=st.integers(-1000, 1000),
    value=st.integers(-5000, 5000),
)
def test_shifting_values_and_center_changes_nothing(center, width, shift, value):
    values = np.array([float(value)])
    for curve in (WindowLinear, WindowLinearExact):
        here = curve(center=center, width=width)(values)
        there = curve(center=center + shift, width=width)(values + shift)
        assert here.tolist() == there.tolist()
