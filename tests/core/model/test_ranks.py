"""Percentiles and extremes by counting and selection equal those of sorted float64 values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dcmconv.model.frame_parts import Lut, Padding, Rescale
from dcmconv.model.histogram import Histogram
from dcmconv.model.ranks import ValueCounts
from dcmconv.model.statistics import PixelStatistics

COUNTED = ["u1", "i1", "u2", "i2", ">u2", ">i2"]
SELECTED = ["u4", "i4", "f2", "f4", "f8"]
SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 6))
slopes = st.builds(
    Rescale,
    st.sampled_from([1.0, -1.0, 0.0, 32.1216, 1e-9]) | st.floats(-1e6, 1e6),
    st.sampled_from([0.0, -1024.0]) | st.floats(-1e6, 1e6),
)
tables = st.builds(
    lambda entries, first: Lut(np.array(entries, np.uint16), first),
    st.lists(st.integers(0, 65535), min_size=1, max_size=40),
    st.integers(-20, 20),
)
percents = st.lists(st.sampled_from([0.0, 1.0, 50.0, 99.0, 100.0]) | st.floats(0, 100), min_size=1)


@st.composite
def cases(draw, types):
    dtype = np.dtype(draw(st.sampled_from(types)))
    if dtype.kind == "f":
        elements = st.floats(-1000, 1000, width=16) | st.sampled_from([np.nan, np.inf, -np.inf])
        near = st.integers(-1000, 1000)
    else:
        limits = np.iinfo(dtype)
        # Few different values, so that many pixels share one; and the ends of the type.
        near = st.integers(max(limits.min, -5), 5)
        elements = near | st.integers(limits.min, limits.max)
    values = draw(hnp.arrays(dtype, SHAPES, elements=elements))
    padding = draw(st.none() | st.builds(lambda *ends: Padding(*sorted(ends)), near, near))
    return values, padding, draw(slopes | tables)


def sorted_modality_values(values, padding, modality):
    """Return them as the definition says: a mask, float64, a sort."""
    kept = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, bool)
    if padding is not None:
        kept &= ~((values >= padding.first) & (values <= padding.last))
    return np.sort(modality(values[kept]))


def percentile_of(ordered, percent):
    if not ordered.size:
        return 0.0
    position = (ordered.size - 1) * percent / 100
    below = int(position)
    low, high = ordered[below], ordered[min(below + 1, ordered.size - 1)]
    return float(low + (high - low) * (position - below))


def check(case, asked, *, extremes_come_first):
    ordered = sorted_modality_values(*case)
    values, padding, modality = case
    statistics = PixelStatistics(values, modality, padding)
    extremes = (ordered[0], ordered[-1]) if ordered.size else (0.0, 0.0)
    if extremes_come_first:
        assert (statistics.minimum, statistics.maximum) == extremes
    # Exactly equal: the curve, and with it the picture, depend on the last bit.
    assert [statistics.percentile(each) for each in asked] == [
        percentile_of(ordered, each) for each in asked
    ]
    assert (statistics.minimum, statistics.maximum) == extremes
    assert statistics.count == ordered.size


@given(cases(COUNTED), percents, st.booleans())
def test_statistics_of_small_integers_equal_those_of_a_sort(case, asked, extremes_come_first):
    check(case, asked, extremes_come_first=extremes_come_first)


@given(cases(SELECTED), percents, st.booleans())
def test_statistics_of_other_values_equal_those_of_a_sort(case, asked, extremes_come_first):
    check(case, asked, extremes_come_first=extremes_come_first)


@pytest.mark.parametrize("padding", [None, Padding(3, 40)])
@pytest.mark.parametrize(
    "modality",
    [
        Rescale(1.0, -1024.0),
        Rescale(-0.37, 5.0),
        Rescale(0.0, 7.0),
        Lut(np.arange(100, dtype=np.uint16) * 7919 % 101, first=5),
    ],
    ids=["rising", "falling", "constant", "table"],
)
@pytest.mark.parametrize("dtype", [*COUNTED, *SELECTED])
def test_every_type_and_transform_gives_the_values_of_a_sort(dtype, modality, padding):
    values = np.random.default_rng(3).integers(0, 120, (40, 30)).astype(dtype)
    check((values, padding, modality), [1.0, 99.0, 37.5], extremes_come_first=False)


@given(cases(COUNTED), percents)
def test_a_histogram_of_small_integers_is_exact(case, asked):
    ordered = sorted_modality_values(*case)
    values, padding, modality = case
    histogram = Histogram.of(values, modality, padding)
    if histogram is None:
        assert not ordered.size
        return
    # The value of a table is a whole number, and bins of width 1 hold one each.
    assert (histogram.error, histogram.count) == (0.0, ordered.size)
    assert [histogram.percentile(each) for each in asked] == [
        percentile_of(ordered, each) for each in asked
    ]


@given(cases(SELECTED))
def test_a_histogram_of_other_values_counts_each_pixel_in_its_bin(case):
    ordered = sorted_modality_values(*case)
    values, padding, modality = case
    histogram = Histogram.of(values, modality, padding)
    if histogram is None:
        assert not ordered.size
        return
    numbers, counts = np.unique(
        np.floor(np.ldexp(ordered, -histogram.exponent)), return_counts=True
    )
    assert histogram.numbers.tolist() == numbers.tolist()
    assert histogram.counts.tolist() == counts.tolist()


@pytest.mark.parametrize("dtype", COUNTED)
def test_frames_of_several_blocks_are_counted_whole(dtype):
    limits = np.iinfo(dtype)
    # 300,000 pixels in blocks of 131,072.
    values = np.resize(np.array([limits.max, 3, 3, limits.min, 9], dtype), (600, 500))
    counted = ValueCounts.of(values)
    assert counted.values.tolist() == sorted({limits.min, 3, 9, limits.max})
    assert counted.total == 300_000
    assert counted.counts[counted.values == 3].tolist() == [120_000]


def test_selection_leaves_the_pixels_of_the_frame_in_place():
    values = np.array([[5.0, 1.0, 4.0, 2.0]])
    assert PixelStatistics(values, Rescale(), None).percentile(50) == 3.0
    assert values.tolist() == [[5.0, 1.0, 4.0, 2.0]]
