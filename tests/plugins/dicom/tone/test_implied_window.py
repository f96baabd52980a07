"""The implied window of segments and 1-bit pixels (PS3.3 C.8.20.2)."""

from __future__ import annotations

import numpy as np
import pytest
from support.covers import covers
from support.dicom_files import monochrome
from support.objects import segment, segmentation, slide
from support.reading import read_frame, read_frames

from dcmconv.render.tone import render_tone
from dcmconv_builtins.normalizers.auto import Auto
from dcmconv_builtins.normalizers.minmax import MinMax


def segments(values, kind="BINARY", **attributes):
    frames = np.array(values, np.uint8)
    of_frames = [(1, float(number)) for number in range(len(frames))]
    return segmentation(frames, of_frames, segments=[segment(1, "Liver")], kind=kind, **attributes)


def drawn(frame, normalizer=None, **options):
    picture, origin = render_tone(frame, normalizer or Auto(), **options)
    return picture.pixels.tolist(), origin


@covers("PS3.3 C.8.20.2 Binary segments are black and white in every frame")
@pytest.mark.parametrize(
    ("values", "levels"),
    [([1, 1], [255, 255]), ([0, 0], [0, 0]), ([0, 1], [0, 255])],
    ids=["full", "empty", "both"],
)
def test_a_binary_segment_is_white_even_if_it_fills_its_frame(values, levels):
    frame = read_frame(segments([[values]]))
    assert drawn(frame) == ([levels], "Segmentation 0..1, window LINEAR_EXACT 0.5/1")
    assert drawn(frame, depth=16)[0] == [[257 * level for level in levels]]


@covers("PS3.3 C.8.20.2 Fractional segments are scaled by Maximum Fractional Value")
@pytest.mark.parametrize(
    ("greatest", "levels"),
    # 64 of 255, of 128, of 64; a missing maximum or 0 counts as 255.
    [(255, [0, 64]), (128, [0, 128]), (64, [0, 255]), (None, [0, 64]), (0, [0, 64])],
)
def test_fractional_segments_have_one_scale_in_all_frames(greatest, levels):
    attributes = {} if greatest is None else {"MaximumFractionalValue": greatest}
    frames = read_frames(segments([[[0, 64]], [[64, 64]]], "FRACTIONAL", **attributes))
    assert [drawn(frame)[0] for frame in frames] == [[levels], [[levels[1]] * 2]]


def test_explicit_minmax_is_not_replaced():
    frame = read_frame(segments([[[64, 128]]], "FRACTIONAL", MaximumFractionalValue=255))
    assert drawn(frame, MinMax())[0] == [[0, 255]]


@covers("PS3.5 8.1.1 1-bit pixels are black and white in every frame")
@pytest.mark.parametrize(
    ("meaning", "levels"), [("MONOCHROME2", [255, 255]), ("MONOCHROME1", [0, 0])]
)
def test_constant_1_bit_frames_stay_black_or_white(meaning, levels):
    dataset = monochrome(
        np.array([[1, 1]], np.uint8),
        BitsStored=1,
        HighBit=0,
        PhotometricInterpretation=meaning,
    )
    assert drawn(read_frame(dataset)) == (
        [levels],
        "1-bit pixels 0..1, window LINEAR_EXACT 0.5/1 HU",
    )


def test_the_files_window_takes_precedence():
    frame = read_frame(segments([[[0, 1]]], WindowCenter=1, WindowWidth=2))
    assert drawn(frame)[1].startswith("Window 1 of the file")


def test_only_binary_segments_are_masks():
    assert read_frame(segments([[[0, 1]]])).is_mask
    assert not read_frame(segments([[[0, 1]]], "FRACTIONAL", MaximumFractionalValue=1)).is_mask
    assert not read_frame(monochrome(np.array([[0, 1]], np.uint8))).is_mask


def test_reducing_a_segment_keeps_it_binary():
    tile = np.array([[[0, 0, 1, 1], [0, 1, 1, 1]]], np.uint8)
    dataset = slide(tile, (2, 4), SegmentationType="BINARY")
    frame = read_frame(dataset, tiles="stitched", reduce=2)
    assert set(frame.stored_values.ravel().tolist()) <= {0, 1}
