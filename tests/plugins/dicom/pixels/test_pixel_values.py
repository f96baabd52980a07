"""Stored values out of pixel cells, by hand (PS3.5 8.1)."""

from __future__ import annotations

import numpy as np
import pytest
from support.dicom_files import changed, monochrome
from support.reading import read_frame

from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange, stored_values_of


@pytest.mark.parametrize(
    ("cells", "options", "stored_values"),
    [
        pytest.param(
            np.array([0xFFFF, 0xF7FF, 0x0800], np.uint16),
            {"bits_stored": 12, "high_bit": 11, "is_signed": False},
            [4095, 2047, 2048],
            id="bits-beyond-bits-stored-are-cut-off",
        ),
        pytest.param(
            np.array([0xFFFF, 0xF7FF, 0x0800], np.uint16),
            {"bits_stored": 12, "high_bit": 11, "is_signed": True},
            [-1, 2047, -2048],
            id="the-sign-is-bit-eleven",
        ),
        pytest.param(
            np.array([0xFFF7, 0x8000], np.uint16),
            {"bits_stored": 12, "high_bit": 15, "is_signed": False},
            [4095, 2048],
            id="a-high-bit-of-15-shifts-down",
        ),
        pytest.param(
            np.array([0xFFF7, 0x8000], np.uint16),
            {"bits_stored": 12, "high_bit": 15, "is_signed": True},
            [-1, -2048],
            id="a-high-bit-of-15-shifts-down-with-its-sign",
        ),
        pytest.param(
            np.array([255, 128], np.uint8),
            {"bits_stored": 8, "high_bit": 7, "is_signed": True},
            [-1, -128],
            id="whole-cells-only-change-their-name",
        ),
    ],
)
def test_stored_values(cells, options, stored_values):
    before = cells.copy()
    assert stored_values_of(cells, **options).tolist() == stored_values
    assert cells.tolist() == before.tolist()


def test_whole_cells_are_not_copied():
    cells = np.zeros((4, 4), np.uint16)
    values = stored_values_of(cells, bits_stored=16, high_bit=15, is_signed=True)
    assert np.shares_memory(values, cells)
    assert values.dtype == np.int16


def test_the_range_of_bits():
    assert StoredRange.of(12, is_signed=True) == (-2048, 2047)
    assert StoredRange.of(1, is_signed=False) == (0, 1)


def test_padding_is_read_with_the_sign_of_the_pixels():
    signed = monochrome(np.zeros((2, 2), np.int16))
    signed.add_new("PixelPaddingValue", "US", 63536)
    assert read_frame(signed).padding == (-2000, -2000)


def test_padding_is_a_range_in_either_order():
    dataset = monochrome(np.zeros((2, 2), np.uint16))
    dataset.add_new("PixelPaddingValue", "US", 4000)
    dataset.add_new("PixelPaddingRangeLimit", "US", 10)
    assert read_frame(dataset).padding == (10, 4000)


def test_float_pixels_have_a_float_padding():
    dataset = monochrome(np.zeros((2, 2), np.float32))
    changed(dataset, FloatPixelPaddingValue=-1.5)
    assert read_frame(dataset).padding == (-1.5, -1.5)
