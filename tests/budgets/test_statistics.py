"""How many passes over the pixels statistics take, and that none of them sorts or copies a frame."""

from __future__ import annotations

import numpy as np
import pytest
from support.pixel_passes import passes_over, peak_bytes

from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Padding, Rescale
from dcmconv.model.statistics import PartialStatistics, PixelStatistics
from dcmconv_builtins.normalizers.percentile import Percentile

PIXELS = np.random.default_rng(12).integers(0, 2000, (512, 512))
COUNTED = ("u2", "i2", "u1")
SELECTED = ("u4", "i4", "f4", "f8")
SORTS = {"sort", "argsort", "unique"}


def frame(dtype, padding=None):
    values = PIXELS % 250 if dtype == "u1" else PIXELS
    return Frame(
        stored_values=values.astype(dtype),
        bits_stored=16,
        modality=Rescale(1.0, -1024.0),
        padding=padding,
    )


def of_pixels(dtype, padding, work):
    held = frame(dtype, padding)
    return passes_over(
        held.stored_values, lambda v: work(PixelStatistics(v, held.modality, padding))
    )


def extremes(statistics):
    return statistics.minimum, statistics.maximum


def all_at_once(statistics):
    return [statistics.percentile(each) for each in (0.5, 1, 50, 99)], extremes(statistics)


@pytest.mark.parametrize("padding", [None, Padding(0, 0), Padding(0, 40)])
@pytest.mark.parametrize("dtype", COUNTED)
def test_all_percentiles_and_extremes_share_one_count(dtype, padding):
    found = of_pixels(dtype, padding, all_at_once)
    # The least, the greatest, the difference to the least, the count; then the counts themselves.
    assert found.total <= 4.1, found.steps
    assert not SORTS & set(found.names), found.steps


@pytest.mark.parametrize("padding", [None, Padding(0, 0)])
@pytest.mark.parametrize("dtype", COUNTED)
def test_counting_needs_no_array_of_the_size_of_a_cr(dtype, padding):
    # 131,072 pixels at a time: 8 bytes for each, and two more; and the counts.
    values = np.tile(frame(dtype).stored_values, (4, 4))
    most = (1 << 17) * (8 + values.itemsize) + (1 << 17)
    assert peak_bytes(lambda: all_at_once(PixelStatistics(values, Rescale(), padding))) <= most


@pytest.mark.parametrize("dtype", SELECTED)
def test_other_values_are_selected_in_one_copy(dtype):
    found = of_pixels(dtype, None, lambda statistics: statistics.percentile(99))
    assert not SORTS & set(found.names), found.steps
    assert "partition" in found.names
    # Of floats, also whether all of them are finite.
    assert found.total <= 4.1, found.steps
    values = frame(dtype).stored_values
    asked = peak_bytes(lambda: PixelStatistics(values, Rescale(), None).percentile(99))
    assert asked <= values.nbytes + 100_000


@pytest.mark.parametrize("dtype", [*COUNTED, *SELECTED])
def test_extremes_take_two_passes_and_no_copy(dtype):
    found = of_pixels(dtype, None, extremes)
    assert found.total <= 2.1, found.steps
    values = frame(dtype).stored_values
    assert peak_bytes(lambda: extremes(PixelStatistics(values, Rescale(), None))) < 20_000


@pytest.mark.parametrize("padding", [None, Padding(0, 0)])
@pytest.mark.parametrize("dtype", COUNTED)
def test_a_frame_of_a_series_is_counted_once(dtype, padding):
    held = frame(dtype, padding)

    def gather(values):
        with_values = Frame(stored_values=values, bits_stored=16, padding=padding)
        return PartialStatistics.of(with_values, percentiles=True)

    found = passes_over(held.stored_values, gather)
    assert found.total <= 4.1, found.steps


def test_merging_frames_of_a_series_does_not_depend_on_their_pixels():
    small, large = (
        PartialStatistics.of(
            Frame(stored_values=np.tile(PIXELS.astype("u2"), tiles), bits_stored=16),
            percentiles=True,
        )
        for tiles in ((1, 1), (4, 4))
    )
    assert peak_bytes(lambda: large.merged(large)) == peak_bytes(lambda: small.merged(small))


def test_the_percentile_normalizer_counts_once():
    def curve(values):
        return Percentile().curve(Frame(stored_values=values, bits_stored=16))

    found = passes_over(frame("i2").stored_values, curve)
    assert found.total <= 4.1, found.steps
