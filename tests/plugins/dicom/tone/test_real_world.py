"""Real World Value Mapping (PS3.3 C.7.6.16.2.11)."""

from __future__ import annotations

import numpy as np
import pytest
from support.covers import covers
from support.dicom_files import item, monochrome
from support.reading import read_frame, read_frames

from dcmconv.plugin import InputError, Rescale

STORED = np.array([[0, 1, 2, 3]], np.uint16)


def mapping(slope=0.5, intercept=10.0, units="mm2/s", **attributes):
    return item(
        RealWorldValueSlope=slope,
        RealWorldValueIntercept=intercept,
        RealWorldValueFirstValueMapped=0,
        RealWorldValueLastValueMapped=65535,
        MeasurementUnitsCodeSequence=[item(CodeValue=units, CodingSchemeDesignator="UCUM")],
        **attributes,
    )


def table(entries, first=0):
    return item(
        RealWorldValueLUTData=[float(entry) for entry in entries],
        RealWorldValueFirstValueMapped=first,
        RealWorldValueLastValueMapped=first + len(entries) - 1,
    )


def mapped(stored_values=STORED, **attributes):
    return read_frame(monochrome(stored_values, **attributes), values="real-world")


@covers("PS3.3 C.7.6.16.2.11 Real World Value Mapping, linear")
def test_slope_and_intercept_give_values_and_unit():
    frame = mapped(RealWorldValueMappingSequence=[mapping()], RescaleSlope=3, RescaleIntercept=0)
    assert frame.modality_values().tolist() == [[10.0, 10.5, 11.0, 11.5]]
    assert frame.units == "mm2/s"


def test_rescale_slope_is_the_default():
    dataset = monochrome(
        STORED,
        RealWorldValueMappingSequence=[mapping()],
        RescaleSlope=3,
        RescaleIntercept=0,
    )
    assert read_frame(dataset).modality == Rescale(3.0, 0.0)


@covers("PS3.3 C.7.6.16.2.11 Real World Value Mapping, table")
def test_a_table_maps_stored_values_to_its_entries():
    frame = mapped(RealWorldValueMappingSequence=[table([0.25, -1.5, 4.0, 1e6])])
    assert frame.modality_values().tolist() == [[0.25, -1.5, 4.0, 1e6]]


def test_the_mapped_range_of_signed_pixels_is_signed():
    stored = np.array([[-2, -1, 0]], np.int16)
    signed = table([5, 6, 7])
    signed.add_new("RealWorldValueFirstValueMapped", "US", 65534)  # -2
    signed.add_new("RealWorldValueLastValueMapped", "US", 0)
    frame = mapped(stored, RealWorldValueMappingSequence=[signed])
    assert frame.modality_values().tolist() == [[5.0, 6.0, 7.0]]


@covers("PS3.3 C.7.6.16.2.11 Real World Value Mapping, per frame")
def test_each_frame_may_have_its_own_mapping():
    dataset = monochrome(np.stack([STORED, STORED]))
    dataset.PerFrameFunctionalGroupsSequence = [
        item(RealWorldValueMappingSequence=[mapping(slope)]) for slope in (1.0, 2.0)
    ]
    frames = read_frames(dataset, values="real-world")
    assert [frame.modality_values()[0, 1] for frame in frames] == [11.0, 12.0]


def test_shared_groups_apply_to_frames_without_a_mapping():
    dataset = monochrome(np.stack([STORED, STORED]))
    dataset.SharedFunctionalGroupsSequence = [
        item(RealWorldValueMappingSequence=[mapping(intercept=0)])
    ]
    frames = read_frames(dataset, values="real-world")
    assert [frame.modality_values()[0, 3] for frame in frames] == [1.5, 1.5]


@covers("PS3.3 C.7.6.16.2.11 Real World Value Mapping of float pixels")
def test_float_pixels_use_the_float_range_attributes():
    values = np.array([[0.5, 1.5]], np.float32)
    one = item(
        RealWorldValueSlope=2.0,
        RealWorldValueIntercept=0.0,
        DoubleFloatRealWorldValueFirstValueMapped=0.0,
        DoubleFloatRealWorldValueLastValueMapped=1.0,
    )
    frame = mapped(values, RealWorldValueMappingSequence=[one])
    assert frame.modality_values().tolist() == [[1.0, 3.0]]
    assert "1 pixels are outside the range" in " ".join(frame.notes)


def test_the_first_of_several_mappings_is_used_and_noted():
    frame = mapped(RealWorldValueMappingSequence=[mapping(1.0, 0.0), mapping(2.0, 0.0)])
    assert frame.modality == Rescale(1.0, 0.0)
    assert "has 2 items; used item 1." in " ".join(frame.notes)


def test_an_unusable_mapping_is_skipped():
    broken = mapping()
    del broken.RealWorldValueSlope
    frame = mapped(RealWorldValueMappingSequence=[broken, mapping(2.0, 0.0)])
    assert frame.modality == Rescale(2.0, 0.0)


@pytest.mark.parametrize(
    ("code", "units"),
    [
        pytest.param("[hnsf'U]", "HU", id="hounsfield-units"),
        pytest.param("1", "", id="a-number-has-no-unit"),
        pytest.param("g/ml{SUVbw}", "SUVbw", id="suv"),
        pytest.param("ms", "ms", id="others-are-unchanged"),
    ],
)
def test_ucum_units_are_shown_in_common_spelling(code, units):
    assert mapped(RealWorldValueMappingSequence=[mapping(units=code)]).units == units


def test_a_missing_mapping_is_an_error_with_a_hint():
    with pytest.raises(InputError, match=r"\(0040,9096\) is missing") as caught:
        mapped()
    assert "Leave out values=real-world" in caught.value.hint


def test_a_mapping_without_numbers_is_an_error():
    with pytest.raises(InputError, match="has no slope and intercept, and no complete table"):
        mapped(RealWorldValueMappingSequence=[item(LUTLabel="empty")])


def test_windows_that_cannot_be_converted_are_noted():
    frame = mapped(
        RealWorldValueMappingSequence=[table([1, 2, 3, 4])], WindowCenter=2, WindowWidth=4
    )
    assert frame.voi_windows == ()
    assert "windows and VOI LUTs do not apply to" in " ".join(frame.notes)


def test_a_window_shows_the_same_pixels_in_both_units():
    # LINEAR 2/3 is 0.5 to 2.5 of the stored values; 10.25 to 11.25 of the mapped ones.
    frame = mapped(RealWorldValueMappingSequence=[mapping()], WindowCenter=2, WindowWidth=3)
    window = frame.voi_windows[0]
    assert (window.center - window.width / 2, window.center + window.width / 2) == (10.25, 11.25)
