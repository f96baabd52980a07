"""Statistics are in modality units, without padding and non-finite values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support.covers import covers

from dcmconv.errors import InputError
from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Lut, Padding, Rescale
from dcmconv.model.statistics import Statistics


def frame(values, **facts):
    return Frame(stored_values=np.array(values), bits_stored=16, **facts)


@covers("PS3.3 C.7.5.1.1.2 Padding is excluded from statistics")
def test_padding_is_excluded():
    stats = frame([[-2000, 5], [7, 9]], padding=Padding(-2000, -2000)).statistics

    assert (stats.minimum, stats.maximum, stats.count) == (5.0, 9.0, 3)


def test_a_negative_slope_swaps_the_extremes():
    stats = frame([[1, 4]], modality=Rescale(slope=-2.0, intercept=1.0)).statistics

    assert (stats.minimum, stats.maximum) == (-7.0, -1.0)


def test_a_non_monotone_modality_lut_gives_true_extremes():
    lut = Lut(entries=np.array([5, 90, 3], np.uint16))

    stats = frame([[0, 1, 2]], modality=lut).statistics

    assert (stats.minimum, stats.maximum) == (3.0, 90.0)


def test_nan_and_infinity_are_excluded():
    stats = frame([[np.nan, 1.0, np.inf, 3.0]]).statistics

    assert (stats.minimum, stats.maximum) == (1.0, 3.0)


def test_a_frame_of_only_padding_has_zero_statistics():
    stats = frame([[9, 9]], padding=Padding(9, 9)).statistics

    assert (stats.minimum, stats.maximum, stats.percentile(50)) == (0.0, 0.0, 0.0)


@given(
    hnp.arrays(np.int16, st.tuples(st.integers(1, 9), st.integers(1, 9))),
    st.floats(0, 100),
)
def test_percentiles_match_numpy(values, percent):
    found = Frame(stored_values=values, bits_stored=16).statistics.percentile(percent)

    assert found == pytest.approx(np.percentile(values.astype(float), percent), abs=1e-6)


def test_a_region_has_its_own_statistics():
    stats = Statistics.of_region(frame([[1, 2], [3, 4]]), (1, 0, 1, 2))

    assert (stats.minimum, stats.maximum) == (2.0, 4.0)


def test_a_region_outside_the_frame_is_rejected():
    with pytest.raises(InputError, match="is outside the frame of 2x1 pixels") as caught:
        Statistics.of_region(frame([[1, 2]]), (5, 5, 2, 2))

    assert "inside the frame" in caught.value.hint
