"""Segmentations combined to label frames (PS3.3 C.8.20)."""

from __future__ import annotations

import numpy as np
import pytest
from support.covers import covers
from support.dicom_files import changed, item, monochrome, palette_color
from support.objects import SOURCE, segment, segmentation
from support.reading import read_frame, read_frames

LEFT = [[1, 1, 0, 0]]
MIDDLE = [[0, 1, 1, 0]]
RIGHT = [[0, 0, 0, 1]]


def two_segments(**attributes):
    """Two segments on two planes; they overlap on the plane at 5 mm, which comes first."""
    return segmentation(
        np.array([LEFT, RIGHT, MIDDLE], np.uint8),
        [(1, 5.0), (1, -3.0), (2, 5.0)],
        segments=[segment(1, "Liver"), segment(2, "Tumor")],
        **attributes,
    )


def labels_of(dataset):
    return read_frames(dataset, segments="labels")


@covers("PS3.3 C.8.20.2 Segments combined to one label map per plane")
def test_segments_of_a_plane_become_one_label_frame():
    frames = labels_of(two_segments())
    assert [frame.stored_values.tolist() for frame in frames] == [[[0, 0, 0, 1]], [[1, 2, 2, 0]]]
    assert all(frame.is_label for frame in frames)


def test_planes_are_sorted_by_position():
    frames = labels_of(two_segments())
    assert [frame.attributes["ImagePositionPatient"][2] for frame in frames] == [-3.0, 5.0]
    assert [(frame.frame_number, frame.frame_count) for frame in frames] == [(1, 2), (2, 2)]


def test_a_label_frame_names_source_image_and_segments():
    attributes = labels_of(two_segments())[1].attributes
    assert attributes["ReferencedSOPInstanceUID"] == f"{SOURCE}.1005"
    assert attributes["ReferencedSegmentNumber"] == (1, 2)
    assert {"ReferencedSOPInstanceUID", "PatientID"} <= set(attributes)


@covers("PS3.3 C.8.20.2 Segments combined to one label map per plane")
def test_overlapping_segments_use_the_highest_number():
    notes = labels_of(two_segments())[1].notes
    assert "Frame 2: 1 pixels belong to several segments" in " ".join(notes)
    assert not any("several segments" in note for note in labels_of(two_segments())[0].notes)


@covers("PS3.3 C.8.20.4 Segment Description")
def test_labels_have_name_meaning_and_code():
    (label, other) = labels_of(two_segments())[0].labels
    assert (label.number, label.name, label.meaning) == (1, "Liver", "Liver")
    assert (label.meaning_code, label.category_code) == ("SCT:10200004", "SCT:123037004")
    assert (other.number, other.color) == (2, None)


@covers("PS3.3 C.8.20.4 Segment Description")
def test_label_colors_come_from_cielab_values():
    # L* 53.23, a* 80.11, b* 67.22 under D65 is pure red; under D50, 54.29, 80.81 and 69.89.
    red = [round(54.29 / 100 * 65535), *(round((n + 128) / 255 * 65535) for n in (80.81, 69.89))]
    dataset = two_segments(
        SegmentSequence=[segment(1, "Artery", RecommendedDisplayCIELabValue=red)]
    )
    assert labels_of(dataset)[0].labels[0].color == pytest.approx((255, 0, 0), abs=2)


def test_segments_are_not_combined_by_default():
    frames = read_frames(two_segments())
    assert [frame.stored_values.tolist() for frame in frames] == [LEFT, RIGHT, MIDDLE]


@covers("PS3.3 C.8.20.2.3 FRACTIONAL segmentation")
def test_fractional_segments_are_cut_at_one_half():
    dataset = segmentation(
        np.array([[[0, 63, 64, 127, 128]]], np.uint8),
        [(3, 0.0)],
        segments=[segment(3, "Likely")],
        kind="FRACTIONAL",
        MaximumFractionalValue=128,
    )
    (frame,) = labels_of(dataset)
    assert frame.stored_values.tolist() == [[0, 0, 3, 3, 3]]
    assert "at least one half" in " ".join(frame.notes)


def test_segment_numbers_above_255_need_16_bits():
    dataset = segmentation(
        np.array([LEFT], np.uint8), [(300, 0.0)], segments=[segment(300, "Last")]
    )
    (frame,) = labels_of(dataset)
    assert (frame.stored_values.dtype, frame.bits_stored) == (np.uint16, 16)
    assert frame.stored_values.tolist() == [[300, 300, 0, 0]]


def test_rounding_does_not_split_a_plane():
    dataset = segmentation(
        np.array([LEFT, RIGHT], np.uint8),
        [(1, 5.0001), (2, 5.0004)],
        segments=[segment(1, "a"), segment(2, "b")],
    )
    assert len(labels_of(dataset)) == 1


def test_source_images_separate_times_at_one_position():
    dataset = two_segments()
    dataset.PerFrameFunctionalGroupsSequence[2].SegmentIdentificationSequence = [
        item(ReferencedSegmentNumber=1)
    ]
    source = dataset.PerFrameFunctionalGroupsSequence[2].DerivationImageSequence[0]
    source.SourceImageSequence[0].ReferencedSOPInstanceUID = f"{SOURCE}.99"
    assert [f.stored_values.tolist() for f in labels_of(dataset)] == [RIGHT, LEFT, MIDDLE]


def test_temporal_position_separates_planes():
    dataset = two_segments()
    for index, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        groups.FrameContentSequence = [item(TemporalPositionIndex=index)]
    assert len(labels_of(dataset)) == 3


def test_dimension_indices_replace_missing_positions():
    dataset = changed(two_segments(), ImageOrientationPatient=None)
    dataset.DimensionIndexSequence = [
        item(DimensionIndexPointer=0x0062000B),
        item(DimensionIndexPointer=0x00200032),
    ]
    values = [[1, 2], [1, 1], [2, 2]]
    for groups, indices in zip(dataset.PerFrameFunctionalGroupsSequence, values, strict=True):
        del groups.PlanePositionSequence
        groups.FrameContentSequence = [item(DimensionIndexValues=indices)]
    assert [f.stored_values.tolist() for f in labels_of(dataset)] == [RIGHT, [[1, 2, 2, 0]]]


def test_source_images_replace_missing_dimension_indices():
    dataset = changed(two_segments(), ImageOrientationPatient=None)
    for groups in dataset.PerFrameFunctionalGroupsSequence:
        del groups.PlanePositionSequence
    assert [f.stored_values.tolist() for f in labels_of(dataset)] == [[[1, 2, 2, 0]], RIGHT]


def label_map(values):
    return monochrome(
        np.array(values, np.uint8),
        SOPClassUID="1.2.840.10008.5.1.4.1.1.66.7",
        SegmentationType="LABELMAP",
        SegmentSequence=[segment(0, "Background"), segment(7, "Liver")],
    )


@pytest.mark.parametrize("option", ["frames", "labels"])
@covers("PS3.3 C.8.20.2.3 LABELMAP segmentation")
def test_a_label_map_is_unchanged_and_gets_names(option):
    frame = read_frame(label_map([[0, 7]]), segments=option)
    assert frame.is_label
    assert frame.stored_values.tolist() == [[0, 7]]
    assert [label.name for label in frame.labels] == ["Background", "Liver"]


def test_label_colors_come_from_the_palette():
    table = np.array([[0, 0, 0], [255, 128, 0]], np.uint16) * 257
    dataset = palette_color(
        np.array([[0, 1]], np.uint8),
        table,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.66.7",
        SegmentationType="LABELMAP",
        SegmentSequence=[segment(1, "Orange")],
    )
    frame = read_frame(dataset, segments="labels")
    assert frame.labels[0].color == (255, 128, 0)
    assert (frame.palette, frame.photometric_interpretation) == (None, "MONOCHROME2")


def test_other_images_are_not_changed():
    frame = read_frame(monochrome(np.array([[1, 2]], np.uint8)), segments="labels")
    assert not frame.is_label
