"""YBR to RGB by the formula, rounded to nearest (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

import numpy as np
import pytest

from dcmconv_builtins.dicom.color.photometric import ybr_full_to_rgb, ybr_partial_to_rgb


@pytest.mark.parametrize(
    ("ybr", "rgb"),
    [
        pytest.param([0, 128, 128], [0, 0, 0], id="black"),
        pytest.param([255, 128, 128], [255, 255, 255], id="white"),
        pytest.param([76, 85, 255], [254, 0, 0], id="red"),
        pytest.param([150, 44, 21], [0, 255, 1], id="green"),
        pytest.param([29, 255, 107], [0, 0, 254], id="blue"),
        pytest.param([255, 255, 255], [255, 121, 255], id="above-white-is-clipped"),
    ],
)
def test_full_range_colors(ybr, rgb):
    assert ybr_full_to_rgb(np.array([[ybr]], np.uint8)).tolist() == [[rgb]]


def test_all_8_bit_colors_match_the_formula():
    steps = np.arange(0, 256, 5)
    ybr = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(1, -1, 3)
    y, cb, cr = (ybr[..., i].astype(np.float64) for i in range(3))
    formula = np.stack(
        [
            y + 1.402 * (cr - 128),
            y - (0.114 * 1.772 * (cb - 128) + 0.299 * 1.402 * (cr - 128)) / 0.587,
            y + 1.772 * (cb - 128),
        ],
        axis=-1,
    )
    expected = np.clip(np.floor(formula + 0.5), 0, 255)
    assert (ybr_full_to_rgb(ybr.astype(np.uint8)) == expected).all()


def test_16_bit_gray_stays_gray():
    ybr = np.array([[[1000, 32768, 32768], [65535, 32768, 32768]]], np.uint16)
    assert ybr_full_to_rgb(ybr).tolist() == [[[1000] * 3, [65535] * 3]]


def test_the_partial_range_reaches_black_and_white():
    ybr = np.array([[[16, 128, 128], [235, 128, 128], [126, 128, 128]]], np.uint8)
    assert ybr_partial_to_rgb(ybr).tolist() == [[[0] * 3, [255] * 3, [128] * 3]]


def test_ybr_conversion_does_not_change_its_input():
    ybr = np.full((2, 2, 3), 77, np.uint8)
    ybr.flags.writeable = False
    ybr_full_to_rgb(ybr)
    ybr_partial_to_rgb(ybr)
    assert (ybr == 77).all()
