"""ICC profiles: colors come out in sRGB (PS3.3 C.11.15)."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageCms
from support.dicom_files import color, item, palette_color
from support.objects import linear_rgb_profile, slide
from support.reading import read_frame

LINEAR = linear_rgb_profile()
RGB = np.array([[[0, 0, 0], [128, 128, 128], [255, 255, 255], [255, 0, 0]]], np.uint8)
# 1.055 x (128 / 255)^(1 / 2.4) - 0.055 = 0.7366, which is 188 of 255.
IN_SRGB = [[[0, 0, 0], [188, 188, 188], [255, 255, 255], [255, 0, 0]]]


def near(values):
    return pytest.approx(np.array(values, float), abs=1)


def test_colors_are_converted_and_the_profile_is_done_with():
    frame = read_frame(color(RGB, ICCProfile=LINEAR))
    assert frame.stored_values.astype(float) == near(IN_SRGB)
    assert frame.icc_profile == b""


def test_a_profile_that_means_srgb_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    frame = read_frame(color(RGB, ICCProfile=profile))
    assert np.array_equal(frame.stored_values, RGB)
    assert (frame.icc_profile, frame.notes) == (b"", ())


def test_a_profile_can_be_handed_on():
    frame = read_frame(color(RGB, ICCProfile=LINEAR), icc="embed")
    assert np.array_equal(frame.stored_values, RGB)
    assert frame.icc_profile.rstrip(b"\0") == LINEAR.rstrip(b"\0")


def test_a_profile_can_be_left_out():
    frame = read_frame(color(RGB, ICCProfile=LINEAR), icc="ignore")
    assert np.array_equal(frame.stored_values, RGB)
    assert frame.icc_profile == b""


def test_a_broken_profile_is_a_note_and_changes_nothing():
    frame = read_frame(color(RGB, ICCProfile=b"not a profile!"))
    assert np.array_equal(frame.stored_values, RGB)
    assert frame.icc_profile == b""
    assert "ICC Profile (0028,2000) cannot be used" in " ".join(frame.notes)


def test_deep_colors_keep_their_profile_with_a_note():
    frame = read_frame(color(RGB.astype(np.uint16) * 257, ICCProfile=LINEAR))
    assert frame.icc_profile
    assert "more than 8 bits are not converted" in " ".join(frame.notes)


def test_the_colors_of_a_palette_are_converted():
    table = np.array([[0, 0, 0], [128, 128, 128]], np.uint16) * 257
    dataset = palette_color(np.array([[0, 1]], np.uint8), table, ICCProfile=LINEAR)
    frame = read_frame(dataset)
    assert frame.palette.table.astype(float) == near([[0, 0, 0], [188, 188, 188]])
    assert frame.icc_profile == b""
    assert "at 8 bits" in " ".join(frame.notes)


def test_the_profile_of_an_optical_path_counts_too():
    dataset = slide(RGB[np.newaxis], (1, 4))
    dataset.OpticalPathSequence = [item(OpticalPathIdentifier="1", ICCProfile=LINEAR)]
    assert read_frame(dataset).stored_values.astype(float) == near(IN_SRGB)
