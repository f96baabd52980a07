"""Statistics of several frames: merged in any order, exact or within a stated error."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import reduce
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydicom import dcmread
from pydicom.data import get_testdata_file
from support.dicom_files import as_bytes, color, monochrome

import dcmconv
from dcmconv.api.plans import plan_from
from dcmconv.errors import InputError, PluginError, UsageError
from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Lut, Padding, Rescale
from dcmconv.model.histogram import MOST_BINS, Histogram
from dcmconv.model.inputs import InputFile
from dcmconv.model.layers import LabelName
from dcmconv.model.statistics import PartialStatistics, StatisticsRequest, WiderStatistics
from dcmconv.render import Converter
from dcmconv.render.frames import gather, with_statistics
from dcmconv_builtins.normalizers.minmax import MinMax
from dcmconv_builtins.normalizers.percentile import Percentile
from dcmconv_builtins.readers.dicom import DicomReader

PERCENTS = (0.0, 1.0, 50.0, 99.0, 100.0)
SLOPES = [Rescale(), Rescale(1.0, -1024.0), Rescale(0.37, 5.0), Rescale(-2.5, 1.0)]


def frame(values, dtype="i2", **facts):
    return Frame(stored_values=np.array(values, dtype), bits_stored=16, **facts)


def gathered(frames):
    return reduce(
        PartialStatistics.merged, [PartialStatistics.of(each, percentiles=True) for each in frames]
    )


def contents(held: PartialStatistics):
    """Return everything in a merged record, for comparison."""
    histogram = held.histogram
    if histogram is None:
        return held
    return (
        (held.count, held.minimum, held.maximum),
        (histogram.modality, histogram.exponent, histogram.is_whole),
        (histogram.numbers.tolist(), histogram.counts.tolist()),
    )


def numpy_percentiles(frames):
    values = np.concatenate([each.modality_values().ravel() for each in frames])
    return np.percentile(values, PERCENTS)


frames_of_sixteen_bits = st.lists(
    st.builds(
        lambda values, modality: Frame(stored_values=values, bits_stored=16, modality=modality),
        hnp.arrays(np.int16, st.tuples(st.integers(1, 5), st.integers(1, 5))),
        st.sampled_from(SLOPES),
    ),
    min_size=1,
    max_size=4,
)
frames_of_floats = st.lists(
    st.builds(
        lambda values: Frame(stored_values=values, bits_stored=0),
        hnp.arrays(
            np.float64,
            st.tuples(st.integers(1, 5), st.integers(1, 5)),
            elements=st.floats(-1e9, 1e9, allow_nan=False),
        ),
    ),
    min_size=1,
    max_size=4,
)


@given(frames_of_sixteen_bits | frames_of_floats)
def test_merging_in_any_order_gives_the_same(frames):
    orders = list(permutations(frames))
    assert [contents(gathered(order)) for order in orders] == [contents(gathered(frames))] * len(
        orders
    )


@given(frames_of_sixteen_bits | frames_of_floats)
def test_merging_pairs_first_gives_the_same(frames):
    halves = [gathered(part) for part in (frames[:2], frames[2:]) if part]
    assert contents(reduce(PartialStatistics.merged, halves)) == contents(gathered(frames))


@given(
    hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(allow_nan=False, width=64)),
    st.integers(0, 40),
)
def test_merging_floats_of_any_size_equals_the_whole(values, cut):
    values = np.where(np.isfinite(values), values, 0.0)
    parts = [Histogram.of(part, Rescale()) for part in (values[:cut], values[cut:]) if part.size]
    merged, whole = reduce(Histogram.merged, parts), Histogram.of(values, Rescale())
    assert (merged.numbers.tolist(), merged.counts.tolist(), merged.exponent) == (
        whole.numbers.tolist(),
        whole.counts.tolist(),
        whole.exponent,
    )


@given(frames_of_sixteen_bits | frames_of_floats)
def test_percentiles_are_within_the_stated_error_of_numpy(frames):
    found = gathered(frames).statistics(StatisticsRequest("series", PERCENTS), "")
    rounding = 1e-12 * max(abs(found.minimum), abs(found.maximum), 1.0)
    for right, value in zip(numpy_percentiles(frames), found.values, strict=True):
        assert right - found.error - rounding <= value <= right + rounding


@given(frames_of_sixteen_bits | frames_of_floats)
def test_bins_are_narrow_compared_with_the_range(frames):
    held = gathered(frames)
    limit = (held.maximum - held.minimum) / 32767
    # Or as narrow as the distance from the greatest value to the next float64.
    assert held.histogram.error <= max(limit, np.spacing(max(abs(held.minimum), held.maximum)))
    assert len(held.histogram.numbers) <= MOST_BINS


@given(frames_of_sixteen_bits)
def test_the_extremes_are_exact(frames):
    held = gathered(frames)
    values = np.concatenate([each.modality_values().ravel() for each in frames])
    assert (held.minimum, held.maximum) == (values.min(), values.max())
    without = reduce(
        PartialStatistics.merged, [PartialStatistics.of(each, percentiles=False) for each in frames]
    )
    assert (without.minimum, without.maximum, without.count) == (
        held.minimum,
        held.maximum,
        held.count,
    )


def test_small_integers_with_one_transform_are_exact():
    frames = [frame([[0, 1, 2]], modality=SLOPES[2]), frame([[3, 4]], modality=SLOPES[2])]
    held = gathered(frames)
    assert (held.histogram.numbers.tolist(), held.histogram.error) == ([0, 1, 2, 3, 4], 0.0)
    # 0.37 * 2 + 5
    assert held.histogram.percentile(50) == pytest.approx(5.74, abs=1e-12)


def test_whole_numbers_of_different_transforms_stay_exact():
    held = gathered([frame([[0, 10]]), frame([[0, 10]], modality=Rescale(1.0, -1024.0))])
    # -1024, -1014, 0, 10: the middle of the two in between is -507.
    assert (held.histogram.error, held.histogram.percentile(50)) == (0.0, -507.0)


def test_different_slopes_share_bins_that_fit_their_range():
    # 0..30000 and 0..1.5: bins of 0.5 would be 60001, bins of 0.25 more than 65536.
    held = gathered([frame([[0, 30000]]), frame([[0, 3]], modality=Rescale(0.5000001, 0.0))])
    assert held.histogram.error == 0.5


def test_a_modality_lut_is_counted_by_its_outputs():
    lut = Lut(np.array([7, 900, 3], np.uint16))
    held = gathered([frame([[0, 1, 2, 2]], "u1", modality=lut)])
    assert (held.minimum, held.maximum, held.histogram.percentile(50)) == (3.0, 900.0, 5.0)


@pytest.mark.parametrize(
    "empty",
    [
        pytest.param(frame([[9, 9]], padding=Padding(9, 9)), id="only-padding"),
        pytest.param(frame([[np.nan, np.inf]], "f4"), id="no-finite-value"),
        pytest.param(frame([[1e308]], "f8", modality=Rescale(100.0)), id="overflow"),
    ],
)
@pytest.mark.parametrize("percentiles", [True, False])
def test_a_frame_without_valid_pixels_adds_nothing(empty, percentiles):
    with np.errstate(over="ignore"):
        held = PartialStatistics.of(empty, percentiles=percentiles)
    other = PartialStatistics.of(frame([[3, 5]]), percentiles=percentiles)
    assert held.count == 0
    assert contents(held.merged(other)) == contents(other.merged(held)) == contents(other)
    assert held.statistics(StatisticsRequest("run", (50.0,)), "").percentile(50.0) == 0.0


def test_padding_is_excluded_from_wider_statistics():
    frames = [frame([[-2000, 5]], padding=Padding(-2000, -2000)), frame([[9]])]
    assert (gathered(frames).minimum, gathered(frames).maximum) == (5.0, 9.0)


def test_color_and_label_frames_are_left_out():
    colored = Frame(stored_values=np.full((1, 2, 3), 200, np.uint8), bits_stored=8)
    labels = frame([[7, 7]], "u1", is_label=True, labels=(LabelName(7, "liver"),))
    held = gather([colored, labels, frame([[1, 2]])], percentiles=False)
    assert {units: (each.minimum, each.maximum) for units, each in held.items()} == {"": (1, 2)}
    statistics_request = StatisticsRequest("series")
    assert with_statistics(colored, statistics_request, ()) is colored
    assert with_statistics(labels, statistics_request, ()) is labels


def test_values_in_different_units_are_never_merged():
    held = gather([frame([[1]], units="HU"), frame([[500]], units="SUVbw")], percentiles=False)
    assert {units: each.maximum for units, each in held.items()} == {"HU": 1, "SUVbw": 500}


def test_wider_statistics_replace_those_of_the_frame():
    statistics_request = StatisticsRequest("series", (1.0, 99.0))
    lent = WiderStatistics(
        request=statistics_request,
        units="HU",
        minimum=-1024,
        maximum=3071,
        values=(-900, 2000),
    )
    of = frame([[0, 10]], units="HU")
    assert (
        MinMax().curve(with_statistics(of, StatisticsRequest(), (lent,))).origin
        == "min-max 0..10 HU"
    )
    lent_frame = with_statistics(of, statistics_request, (lent,))
    assert MinMax().curve(lent_frame).origin == "min-max -1024..3071 HU of the series"
    curve = Percentile().curve(lent_frame)
    assert curve.origin == "percentiles 1 and 99, -900..2000 HU of the series"


def test_the_origin_states_the_error_of_a_percentile():
    statistics_request = StatisticsRequest("run", (1.0, 99.0))
    lent = WiderStatistics(
        request=statistics_request, minimum=0, maximum=9, values=(1, 8), error=0.125
    )
    curve = Percentile().curve(with_statistics(frame([[0]]), statistics_request, (lent,)))
    assert curve.origin == "percentiles 1 and 99, 1..8 of the run, less than 0.125 too low"


def test_a_frame_missed_by_the_statistics_pass_is_rejected():
    lent = WiderStatistics(request=StatisticsRequest("series"), units="HU")
    with pytest.raises(InputError, match="of the series do not include this input") as caught:
        with_statistics(frame([[0]], units="CNTS"), StatisticsRequest("series"), (lent,))
    assert "Run again" in caught.value.hint
    assert caught.value.reason == "changed"


def test_an_unrequested_percentile_is_a_plugin_error():
    with pytest.raises(PluginError, match="percentile 5 of the run") as caught:
        WiderStatistics(
            request=StatisticsRequest("run", (1.0, 99.0)), values=(0.0, 1.0)
        ).percentile(5.0)
    assert "StatisticsRequest(scope=self.scope, percentiles=(1.0, 99.0))" in caught.value.hint


def test_partial_statistics_survive_pickling():
    held = gathered([frame([[1, 2]]), frame([[3.5]], "f8")])
    assert contents(pickle.loads(pickle.dumps(held))) == contents(held)  # noqa: S301


THREE_FRAMES = as_bytes(monochrome(np.array([[[0, 10]], [[20, 40]], [[100, 30]]], np.int16)))


def test_frames_of_an_instance_share_its_extremes():
    converted = dcmconv.convert_frames(THREE_FRAMES, normalize="minmax:scope=instance")
    # 255 * value / 100, rounded half up.
    assert [each.pixels.tolist() for each in converted] == [[[0, 26]], [[51, 102]], [[255, 77]]]


def test_a_single_frame_uses_the_same_statistics_as_all():
    for number, among in enumerate(
        dcmconv.convert_frames(THREE_FRAMES, normalize="percentile:scope=instance"), start=1
    ):
        alone = dcmconv.convert(THREE_FRAMES, frame=number, normalize="percentile:scope=instance")
        assert alone.pixels.tolist() == among.pixels.tolist()


@pytest.mark.parametrize(("frame_count", "decoded"), [(1, [0]), (3, [0, 1, 2, 0, 1, 2])])
def test_a_single_frame_is_not_decoded_twice(monkeypatch, frame_count, decoded):
    reads, opened_by_reader = [], DicomReader.open

    def watched(self, source):
        instance = opened_by_reader(self, source)

        def read_frame(frame_index):
            reads.append(frame_index)
            return instance.read_frame(frame_index)

        return replace(instance, read_frame=read_frame)

    monkeypatch.setattr(DicomReader, "open", watched)
    content = as_bytes(monochrome(np.arange(frame_count * 2, dtype="i2").reshape(-1, 1, 2)))
    plan = plan_from({"normalize": "minmax:scope=instance"})
    with Converter(plan).open(InputFile("a", content=content)) as opened:
        assert len(list(opened.pictures())) == frame_count
    assert reads == decoded


def test_planes_of_a_real_dose_grid_stay_comparable():
    path = get_testdata_file("rtdose.dcm", download=False)
    dose = dcmread(path).pixel_array.astype(np.float64)
    wanted = np.floor(255 * (dose - dose.min()) / (dose.max() - dose.min()) + 0.5)
    shared = dcmconv.convert_frames(path, normalize="minmax:scope=instance")
    planes = np.stack([each.pixels for each in shared])
    assert planes.shape == (15, 10, 10)
    # If the quotient differs from a half only in its last bit, either neighbor is right.
    assert np.abs(planes - wanted).max() <= 1
    assert np.mean(planes != wanted) < 0.01
    assert sorted({int(plane.max()) for plane in planes})[0] < 255


def test_color_frames_of_an_instance_are_unchanged():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    converted = dcmconv.convert_frames(as_bytes(color(pixels)), normalize="minmax:scope=instance")
    assert [each.pixels.tolist() for each in converted] == pixels.tolist()


@pytest.mark.parametrize("scope", ["series", "run"])
def test_convert_rejects_scopes_beyond_its_input(scope):
    with pytest.raises(
        UsageError, match=f"statistics of the {scope}, but this is one input"
    ) as caught:
        dcmconv.convert(THREE_FRAMES, normalize=f"minmax:scope={scope}")
    assert "dcmconv.run()" in caught.value.hint
    with pytest.raises(UsageError, match=f"statistics of the {scope}"):
        next(dcmconv.convert_frames(THREE_FRAMES, normalize=f"percentile:scope={scope}"))
