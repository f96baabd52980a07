"""Display values compared with exact fractions, so that a half is really a half."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.covers import covers
from support.dicom_files import as_bytes, monochrome

import dcmconv

DECIMALS = st.decimals(-50, 50, places=4).filter(lambda number: abs(number) >= 0.01)
EVEN_RANGES = st.sampled_from([2, 34, 102, 138, 170, 510, 1530, 4094])
"""Ranges in which values fall exactly between two of 255 levels, such as 510 = 2 * 255."""


def shown(dataset, **chain):
    return dcmconv.convert(as_bytes(dataset), **chain).pixels.ravel().tolist()


def level(unit_value, top, *, inverted):
    """Clip to 0..1, apply polarity, and round half up."""
    unit_value = min(max(unit_value, Fraction(0)), Fraction(1))
    if inverted:
        unit_value = 1 - unit_value
    doubled = 2 * unit_value * top + 1
    return doubled.numerator // (2 * doubled.denominator)


@covers("PS3.3 C.11.1 Rescale and min-max in exact fractions")
@given(
    slope=DECIMALS,
    intercept=st.decimals(-5000, 5000, places=2),
    low=st.integers(-2000, 2000),
    extent=st.one_of(EVEN_RANGES, st.integers(1, 3000)),
    inverted=st.booleans(),
    bits=st.sampled_from([8, 16]),
)
def test_minmax_is_exact_and_halves_go_up(slope, intercept, low, extent, inverted, bits):
    values = np.arange(low, low + extent + 1, dtype=np.int16)
    meaning = "MONOCHROME1" if inverted else "MONOCHROME2"
    dataset = monochrome(values[np.newaxis], PhotometricInterpretation=meaning)
    dataset.RescaleSlope, dataset.RescaleIntercept = str(slope), str(intercept)
    units = [Fraction(int(value) - low, extent) for value in values]
    if slope < 0:
        units = [1 - unit for unit in units]
    wanted = [level(unit, 2**bits - 1, inverted=inverted) for unit in units]
    assert shown(dataset, normalize="minmax", bits=bits) == wanted


@covers("PS3.3 C.11.2.1.2.1 LINEAR in exact fractions")
@given(
    slope=DECIMALS,
    center=st.decimals(-300, 300, places=1),
    width=st.decimals(2, 800, places=1),
    inverted=st.booleans(),
    bits=st.sampled_from([8, 16]),
)
def test_a_window_is_exact_and_halves_go_up(slope, center, width, inverted, bits):
    values = np.arange(-600, 600, dtype=np.int16)
    meaning = "MONOCHROME1" if inverted else "MONOCHROME2"
    dataset = monochrome(values[np.newaxis], PhotometricInterpretation=meaning)
    dataset.RescaleSlope, dataset.RescaleIntercept = str(slope), "0"
    dataset.WindowCenter, dataset.WindowWidth = str(center), str(width)
    c, w, s = Fraction(center), Fraction(width), Fraction(slope)
    half = Fraction(1, 2)
    units = [(int(value) * s - (c - half)) / (w - 1) + half for value in values]
    wanted = [level(unit, 2**bits - 1, inverted=inverted) for unit in units]
    assert shown(dataset, normalize="window", bits=bits) == wanted


@covers("PS3.3 C.11.1 Rescale and min-max in exact fractions")
def test_a_decimal_slope_does_not_move_a_half():
    # 53 is 23/138 above the minimum: 42.5, which is 42.49999999999999 in float64.
    dataset = monochrome(
        np.array([[30, 53, 168]], np.uint8), RescaleSlope="32.1216", RescaleIntercept="-4047"
    )
    assert shown(dataset, normalize="minmax") == [0, 43, 255]


@covers("PS3.3 C.7.6.3.1.2 MONOCHROME1 in exact fractions")
def test_polarity_does_not_move_a_half():
    # 1 - 55/510 is 227.5 of 255, which is 227.49999999999997 in float64.
    dataset = monochrome(
        np.array([[0, 55, 510]], np.uint16), PhotometricInterpretation="MONOCHROME1"
    )
    assert shown(dataset, normalize="minmax") == [255, 228, 0]
