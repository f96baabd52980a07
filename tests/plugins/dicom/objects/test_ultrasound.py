"""Ultrasound regions, each with its own scale (PS3.3 C.8.5.5)."""

from __future__ import annotations

import numpy as np
import pytest
from support.covers import covers
from support.dicom_files import item, monochrome
from support.reading import read_frame

from dcmconv.plugin import InputError, Spacing, View

PIXELS = np.arange(48, dtype=np.uint8).reshape(6, 8)


def region(corners=(2, 1, 5, 4), units=(3, 3), deltas=(0.02, 0.04)):
    made = item(
        RegionLocationMinX0=corners[0],
        RegionLocationMinY0=corners[1],
        RegionLocationMaxX1=corners[2],
        RegionLocationMaxY1=corners[3],
        PhysicalUnitsXDirection=units[0],
        PhysicalUnitsYDirection=units[1],
    )
    made.PhysicalDeltaX, made.PhysicalDeltaY = deltas
    return made


def shown(*regions, number=1, **attributes):
    dataset = monochrome(PIXELS, SequenceOfUltrasoundRegions=list(regions), **attributes)
    return read_frame(dataset, region=number)


@covers("PS3.3 C.8.5.5 US Region, cut out")
def test_a_region_includes_both_corners():
    # Columns 2 to 5 and rows 1 to 4, inclusive.
    assert shown(region()).view == View(region=(2, 1, 4, 4))


@covers("PS3.3 C.8.5.5 US Region, spacing from Physical Delta")
def test_centimeters_become_millimeters_of_spacing():
    frame = shown(region(), PixelSpacing=[9, 9])
    assert frame.spacing == Spacing(0.4, 0.2, "Physical Delta X and Y")
    assert frame.aspect == 2.0


def test_the_sign_of_a_delta_is_ignored():
    assert shown(region(deltas=(0.02, -0.04))).spacing.rows == pytest.approx(0.4)


def test_a_region_in_seconds_has_no_spacing():
    frame = shown(region(units=(4, 3)), PixelSpacing=[9, 9])
    assert (frame.spacing, frame.aspect) == (None, 1.0)


def test_regions_are_counted_from_one():
    frame = shown(region(), region((0, 0, 1, 1)), number=2)
    assert frame.view.region == (0, 0, 2, 2)


def test_a_region_is_clipped_to_the_frame():
    assert shown(region((6, 4, 20, 20))).view.region == (6, 4, 2, 2)


def test_the_whole_screen_is_the_default():
    assert read_frame(monochrome(PIXELS, SequenceOfUltrasoundRegions=[region()])).view is None


def test_a_missing_region_is_an_error_with_the_count():
    with pytest.raises(
        InputError, match=r"\(0018,6011\) has 2 items; there is no region 3"
    ) as caught:
        shown(region(), region(), number=3)
    assert "from 1 to 2" in caught.value.hint


def test_a_file_without_regions_is_an_error():
    with pytest.raises(
        InputError, match=r"\(0018,6011\) is missing; there is no region 1"
    ) as caught:
        read_frame(monochrome(PIXELS), region=1)
    assert "Leave out the region" in caught.value.hint


@pytest.mark.parametrize(
    ("corners", "words"),
    [((5, 1, 2, 4), "no valid rectangle"), ((8, 0, 9, 1), "outside the frame")],
)
def test_an_invalid_region_is_an_error(corners, words):
    with pytest.raises(InputError, match=words):
        shown(region(corners))
