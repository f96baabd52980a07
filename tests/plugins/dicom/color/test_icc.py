"""ICC profiles: colors are converted to sRGB (PS3.3 C.11.15)."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageCms
from pydicom.pixels import apply_icc_profile
from support.covers import covers
from support.dicom_files import color, item, palette_color
from support.objects import linear_rgb_profile, slide
from support.reading import read_frame

from dcmconv_builtins.dicom.color.icc import colors_in_srgb

LINEAR = linear_rgb_profile()
RGB = np.array([[[0, 0, 0], [128, 128, 128], [255, 255, 255], [255, 0, 0]]], np.uint8)
# 1.055 x (128 / 255)^(1 / 2.4) - 0.055 = 0.7366, which is 188 of 255.
IN_SRGB = [[[0, 0, 0], [188, 188, 188], [255, 255, 255], [255, 0, 0]]]


def near(values):
    return pytest.approx(np.array(values, float), abs=1)


@covers("PS3.3 C.11.15 ICC Profile converted to sRGB")
def test_converted_colors_have_no_profile():
    frame = read_frame(color(RGB, ICCProfile=LINEAR))
    assert frame.stored_values.astype(float) == near(IN_SRGB)
    assert frame.icc_profile == b""


def test_a_profile_that_is_only_called_srgb_is_converted_by_its_content():
    named = LINEAR.replace(b"linear\0", b"sRGB v4")
    assert read_frame(color(RGB, ICCProfile=named)).stored_values.astype(float) == near(IN_SRGB)


def test_a_profile_of_srgb_changes_nothing():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    frame = read_frame(color(RGB, ICCProfile=srgb + b"\0" * (len(srgb) % 2)))
    assert np.array_equal(frame.stored_values, RGB)
    assert frame.icc_profile == b""


def test_converted_colors_equal_pydicoms():
    dataset = color(RGB, ICCProfile=LINEAR)
    wanted = apply_icc_profile(RGB.copy(), dataset)
    assert np.array_equal(read_frame(dataset).stored_values, wanted)


def test_converting_does_not_change_its_input():
    colors = RGB.copy()
    colors_in_srgb(colors, LINEAR)
    assert np.array_equal(colors, RGB)


def test_conversion_keeps_alpha():
    colors = np.concatenate([RGB, np.full((1, 4, 1), 7, np.uint8)], axis=2)
    converted = colors_in_srgb(colors, LINEAR)
    assert converted[..., :3].astype(float) == near(IN_SRGB)
    assert (converted[..., 3] == 7).all()


def test_an_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    frame = read_frame(color(RGB, ICCProfile=profile))
    assert np.array_equal(frame.stored_values, RGB)
    assert (frame.icc_profile, frame.notes) == (b"", ())


@covers("PS3.3 C.11.15 ICC Profile embedded")
def test_a_profile_can_be_embedded():
    frame = read_frame(color(RGB, ICCProfile=LINEAR), icc="embed")
    assert np.array_equal(frame.stored_values, RGB)
    assert frame.icc_profile.rstrip(b"\0") == LINEAR.rstrip(b"\0")


def test_a_profile_can_be_ignored():
    frame = read_frame(color(RGB, ICCProfile=LINEAR), icc="ignore")
    assert np.array_equal(frame.stored_values, RGB)
    assert frame.icc_profile == b""


def test_a_broken_profile_is_noted_and_changes_nothing():
    frame = read_frame(color(RGB, ICCProfile=b"not a profile!"))
    assert np.array_equal(frame.stored_values, RGB)
    assert frame.icc_profile == b""
    assert "ICC Profile (0028,2000) is unusable" in " ".join(frame.notes)


@covers("PS3.3 C.11.15 ICC Profile embedded")
def test_16_bit_colors_keep_their_profile_with_a_note():
    frame = read_frame(color(RGB.astype(np.uint16) * 257, ICCProfile=LINEAR))
    assert frame.icc_profile
    assert "only 8-bit colors can be converted" in " ".join(frame.notes)


@covers("PS3.3 C.11.15 ICC Profile converted to sRGB")
def test_palette_colors_are_converted():
    table = np.array([[0, 0, 0], [128, 128, 128]], np.uint16) * 257
    dataset = palette_color(np.array([[0, 1]], np.uint8), table, ICCProfile=LINEAR)
    frame = read_frame(dataset)
    assert frame.palette.table.astype(float) == near([[0, 0, 0], [188, 188, 188]])
    assert frame.icc_profile == b""
    assert "reduced to 8 bits" in " ".join(frame.notes)


@covers("PS3.3 C.8.12.5 ICC Profile of an optical path")
def test_the_profile_of_an_optical_path_is_used():
    dataset = slide(RGB[np.newaxis], (1, 4))
    dataset.OpticalPathSequence = [item(OpticalPathIdentifier="1", ICCProfile=LINEAR)]
    assert read_frame(dataset).stored_values.astype(float) == near(IN_SRGB)
