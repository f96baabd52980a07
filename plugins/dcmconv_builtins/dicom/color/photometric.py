"""From YBR (luminance and chrominance) to RGB (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ybr_full_to_rgb", "ybr_partial_to_rgb"]

# The inverse of the standard's matrix, from the luma weights 0.299, 0.587, 0.114 of ITU-R BT.601.
_RED_CR = 1.402
_GREEN_CB = 0.114 * 1.772 / 0.587
_GREEN_CR = 0.299 * 1.402 / 0.587
_BLUE_CB = 1.772

# Of the type of the values: for a Python int, numpy would look up the type's limits.
_BLACK, _WHITE = np.int16(0), np.int16(255)
_MIDDLE = 128
_BLOCK = 1 << 14
"""Pixels that are converted at once."""


def ybr_full_to_rgb(ybr_values: NDArray[Any]) -> NDArray[Any]:
    """Convert YBR_FULL, or upsampled YBR_FULL_422, to RGB (PS3.3 C.7.6.3.1.2).

    Parameters
    ----------
    ybr_values : uint8 or uint16 array, shape (rows, columns, 3)
        Y, Cb and Cr over the full range of the type.

    Returns
    -------
    array of the same type and shape
        RGB, rounded to nearest and clipped.  Always a new array.

    >>> ybr_full_to_rgb(np.array([[[76, 85, 255]]], np.uint8)).tolist()
    [[[254, 0, 0]]]
    """
    if ybr_values.dtype == np.uint8:
        return _ybr8_to_rgb(ybr_values)
    middle = (np.iinfo(ybr_values.dtype).max + 1) // 2
    luminance = ybr_values[..., 0].astype(np.float64)
    blue_part = ybr_values[..., 1].astype(np.float64) - middle
    red_part = ybr_values[..., 2].astype(np.float64) - middle
    return _rgb_of(luminance, blue_part, red_part, ybr_values.dtype)


def ybr_partial_to_rgb(ybr_values: NDArray[Any]) -> NDArray[Any]:
    """Convert upsampled YBR_PARTIAL_422 or YBR_PARTIAL_420, both retired, to RGB.

    Y ranges over 16..235 and chroma over 16..240 (times 256 for 16 bits).

    Parameters
    ----------
    ybr_values : uint8 or uint16 array, shape (rows, columns, 3)
        Y, Cb and Cr in the partial range.

    Returns
    -------
    array of the same type and shape
        RGB over the full range, rounded to nearest and clipped.  Always a new array.
    """
    unit = (np.iinfo(ybr_values.dtype).max + 1) // 256
    full = float(np.iinfo(ybr_values.dtype).max)
    luminance = (ybr_values[..., 0] - 16.0 * unit) * (full / (219.0 * unit))
    blue_part = (ybr_values[..., 1] - 128.0 * unit) * (full / (224.0 * unit))
    red_part = (ybr_values[..., 2] - 128.0 * unit) * (full / (224.0 * unit))
    return _rgb_of(luminance, blue_part, red_part, ybr_values.dtype)


def _rgb_of(
    luminance: NDArray[np.float64],
    blue_part: NDArray[np.float64],
    red_part: NDArray[np.float64],
    dtype: np.dtype[Any],
) -> NDArray[Any]:
    rgb = np.empty((*luminance.shape, 3), np.float64)
    rgb[..., 0] = luminance + _RED_CR * red_part
    rgb[..., 1] = luminance - _GREEN_CB * blue_part - _GREEN_CR * red_part
    rgb[..., 2] = luminance + _BLUE_CB * blue_part
    np.floor(rgb + 0.5, out=rgb)
    return np.clip(rgb, 0, np.iinfo(dtype).max, out=rgb).astype(dtype)


def _ybr8_to_rgb(ybr_values: NDArray[Any]) -> NDArray[np.uint8]:
    rgb_values = np.empty(ybr_values.shape, np.uint8)
    # A view, unless the pixels are not contiguous.
    ybr, rgb = ybr_values.reshape(-1, 3), rgb_values.reshape(-1, 3)
    # Block by block, so that what is between the tables stays in the processor's cache: with tables
    # that check no bounds, a third of the time that whole planes take.
    for start in range(0, len(ybr), _BLOCK):
        block = slice(start, start + _BLOCK)
        _convert_block(ybr[block], rgb[block])
    return rgb_values


def _convert_block(ybr: NDArray[np.uint8], rgb: NDArray[np.uint8]) -> None:
    colored = np.flatnonzero((ybr[:, 1] != _MIDDLE) | (ybr[:, 2] != _MIDDLE))
    if colored.size > len(ybr) // 4:
        _convert_pixels(ybr, rgb)
        return
    # Most of an ultrasound picture is gray, and there red, green and blue are Y.
    for channel in range(3):
        rgb[:, channel] = ybr[:, 0]
    few = np.empty((colored.size, 3), np.uint8)
    _convert_pixels(ybr[colored], few)
    rgb[colored] = few


def _convert_pixels(ybr: NDArray[np.uint8], rgb: NDArray[np.uint8]) -> None:
    # Y is an integer, so round(Y + c) is Y + round(c), and three small tables give exact results.
    red, green, blue = _chroma_tables()
    luminance = ybr[:, 0].astype(np.int16)
    # The type of an index: numpy would convert any other one for each table.
    blue_part, red_part = ybr[:, 1].astype(np.intp), ybr[:, 2].astype(np.intp)
    # Green depends on Cb and Cr; rounding its two parts separately could be off by one.
    pair = blue_part << 8
    pair |= red_part
    for channel, (table, index) in enumerate(((red, red_part), (green, pair), (blue, blue_part))):
        # Every index is valid; mode="wrap" only avoids the bounds check.
        values = table.take(index, mode="wrap")
        values += luminance
        rgb[:, channel] = values.clip(_BLACK, _WHITE, out=values)


@cache
def _chroma_tables() -> tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int16]]:
    chroma = np.arange(256) - 128.0
    red = np.floor(_RED_CR * chroma + 0.5)
    blue = np.floor(_BLUE_CB * chroma + 0.5)
    green = np.floor(-_GREEN_CB * chroma[:, None] - _GREEN_CR * chroma[None, :] + 0.5)
    return red.astype(np.int16), green.ravel().astype(np.int16), blue.astype(np.int16)
