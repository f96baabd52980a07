"""Numbers whose bytes are blanks in a text are there like all others (PS3.5 6.2)."""

from __future__ import annotations

import io

import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.covers import covers
from support.dicom_files import item
from support.objects import segment, segmentation, slide
from support.reading import read_frames, recoded

from dcmconv_builtins.dicom.file.elements import Elements, Notes
from dcmconv_builtins.dicom.file.part10 import read_part10

BLANK_NUMBERS = [0, 9, 10, 13, 32, 0x0909, 0x2020]
SYNTAXES = pytest.mark.parametrize(
    "transfer_syntax",
    [ExplicitVRLittleEndian, ImplicitVRLittleEndian],
    ids=["explicit", "implicit"],
)


@SYNTAXES
@covers("PS3.3 C.8.20.2 Segments combined to one label map per plane")
def test_segment_numbers_that_are_blank_as_text_are_read(transfer_syntax):
    numbers = range(1, 41)
    frames = np.eye(40, dtype=np.uint8).reshape(40, 1, 40)
    dataset = segmentation(
        frames,
        [(number, 0.0) for number in numbers],
        segments=[segment(number, f"S{number}") for number in numbers],
    )
    (plane,) = read_frames(recoded(dataset, transfer_syntax), segments="labels")
    assert plane.stored_values.tolist() == [list(numbers)]


@pytest.mark.parametrize("moments", [(3, 4), (9, 10), (13, 32)])
def test_time_points_that_are_blank_as_text_stay_apart(moments):
    frames = np.array([[[1, 0]], [[0, 1]]], np.uint8)
    dataset = segmentation(frames, [(1, 0.0), (1, 0.0)], segments=[segment(1, "Liver")])
    for groups, moment in zip(dataset.PerFrameFunctionalGroupsSequence, moments, strict=True):
        groups.FrameContentSequence = [item(TemporalPositionIndex=moment)]
    planes = read_frames(dataset, segments="labels")
    assert [plane.stored_values.tolist() for plane in planes] == [[[1, 0]], [[0, 1]]]


@covers("PS3.3 C.8.12.14 Sparse slide with explicit tile positions")
def test_tiles_at_row_9_and_column_32_have_a_position():
    tiles = np.array([[[7]], [[8]]], np.uint8)
    frame = read_frames(slide(tiles, (9, 32), [(9, 32), (9, 9)]), tiles="stitched")[0]
    assert (frame.stored_values[8, 31], frame.stored_values[8, 8]) == (7, 8)


@pytest.mark.parametrize("number", BLANK_NUMBERS)
def test_every_number_is_a_value(number):
    with_number = Elements(item(TemporalPositionIndex=number), Notes())
    assert with_number.has_value("TemporalPositionIndex")


@SYNTAXES
@pytest.mark.parametrize(
    ("attributes", "is_there"),
    [
        ({"SegmentNumber": 9}, True),
        ({"SegmentNumber": None}, False),
        ({"SegmentLabel": "  "}, False),
        ({"SegmentLabel": "a"}, True),
    ],
)
def test_blank_text_is_not_a_value_but_a_number_is(attributes, is_there, transfer_syntax):
    dataset = segmentation(np.ones((1, 1, 1), np.uint8), [(1, 0.0)], segments=[item(**attributes)])
    content = recoded(dataset, transfer_syntax)
    top = read_part10(io.BytesIO(content), Notes(), inflate_limit=1 << 20).top
    (described,) = top.items("SegmentSequence")
    (keyword,) = attributes
    assert described.has_value(keyword) is is_there
    assert top.has_value("SegmentSequence")
    assert not top.has_value("ModalityLUTSequence")
