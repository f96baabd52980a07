"""Extremes exclude padding, whatever its value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmconv.model.frame_parts import Padding, Rescale
from dcmconv.model.statistics import PixelStatistics

TYPES = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32]


@st.composite
def padded(draw):
    limits = np.iinfo(draw(st.sampled_from(TYPES)))
    near = st.integers(max(limits.min, -9), 9)
    number = near | st.integers(limits.min, limits.max)
    values = np.array(draw(st.lists(number, min_size=1, max_size=9)), limits.dtype)
    first, last = sorted((draw(number) - draw(st.integers(0, 1)), draw(number)))
    return values, Padding(first, last)


@given(padded())
def test_extremes_ignore_padding(case):
    values, padding = case
    image = [value for value in values.tolist() if not padding.first <= value <= padding.last]
    found = PixelStatistics(values, Rescale(), padding)
    assert found.minimum == (min(image) if image else 0)
    assert found.maximum == (max(image) if image else 0)


@pytest.mark.parametrize(
    ("padding", "extremes"),
    [
        pytest.param(Padding(-2000, -2000), (-5, 9), id="lowest"),
        pytest.param(Padding(9, 20), (-2000, 7), id="highest"),
        pytest.param(Padding(7, 7), (-2000, 9), id="inside"),
        pytest.param(Padding(-2000.0, -4.5), (7, 9), id="float"),
        pytest.param(Padding(-3000, 3000), (0, 0), id="all"),
    ],
)
def test_padding_is_excluded_at_any_position(padding, extremes):
    found = PixelStatistics(np.array([[-2000, -5], [7, 9]], np.int16), Rescale(), padding)
    assert (found.minimum, found.maximum) == extremes
