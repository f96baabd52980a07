"""Gray levels for the careful scripts: tables of 65,536 entries that OpenCV applies."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.careful.images import Image, Meaning

__all__ = ["exact_window", "extremes", "percentiles", "scaled", "window"]

Span = tuple[float, float]
"""The modality values that become black and white."""


def window(center: float, width: float) -> Span:
    """PS3.3 C.11.2.1.2.1."""
    return center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2


def exact_window(center: float, width: float) -> Span:
    """PS3.3 C.11.2.1.3.2."""
    return center - width / 2, center + width / 2


def scaled(image: Image, span: Span, bits: int = 8) -> NDArray[Any]:
    """Return the display values of an image."""
    # OpenCV 5 takes tables for 16 bits: half the time of numpy's take for CT, a fifth for CR.
    return cv2.LUT(image.cells, _table(span, bits, image.meaning))


@lru_cache(maxsize=64)
def _table(span: Span, bits: int, meaning: Meaning) -> NDArray[Any]:
    """Return the display value of each bit pattern; only the values in the span are computed."""
    top = (1 << bits) - 1
    least = -32768 if meaning.is_signed else 0
    first, last = ((value - meaning.intercept) / meaning.slope for value in span)
    stored = np.arange(max(math.floor(first), least), min(math.ceil(last), least + 65535) + 1)
    # Multiply before dividing: 127.5 must not become 127.4999.
    gray = ((stored - first) * top / max(last - first, 1e-12)).clip(0, top)
    table = np.zeros(65536, np.uint8 if bits == 8 else np.uint16)
    table[stored[0] - least : stored[-1] - least + 1] = np.floor(gray + 0.5)
    table[stored[-1] - least + 1 :] = top
    if meaning.is_inverted:
        table = top - table
    if meaning.is_signed:
        table = np.concatenate((table[32768:], table[:32768]))
    if meaning.padding is not None:
        table[meaning.padding & 0xFFFF] = 0
    return table


def extremes(image: Image) -> Span:
    """Return the least and the greatest modality value without padding."""
    mask = None
    if image.meaning.padding is not None:
        mask = cv2.compare(image.values, float(image.meaning.padding), cv2.CMP_NE)
    least, greatest, _, _ = cv2.minMaxLoc(image.values, mask)
    return _modality(image, least), _modality(image, greatest)


def percentiles(image: Image, *percents: float) -> Span:
    """Return percentiles of the modality values without padding, by counting them."""
    counts, least = _counts(image)
    padding = image.meaning.padding
    if padding is not None and least <= padding < least + counts.size:
        counts[padding - least] = 0
    up_to = counts.cumsum()
    found = []
    for percent in percents:
        position = (up_to[-1] - 1) * percent / 100
        below = int(position)
        low, high = np.searchsorted(up_to, [below, min(below + 1, up_to[-1] - 1)], "right")
        value = low + (high - low) * (position - below) + least
        found.append(_modality(image, float(value)))
    return found[0], found[1]


def _counts(image: Image) -> tuple[NDArray[np.int64], int]:
    """Return how often each stored value occurs, and the least one."""
    if image.meaning.is_signed:
        counts = np.bincount(image.cells.ravel(), minlength=65536)
        return np.concatenate((counts[32768:], counts[:32768])), -32768
    values = 1 << image.header.BitsStored
    if image.values.size < 1 << 20:
        return np.bincount(image.values.ravel(), minlength=values), 0
    # Faster than bincount for large pictures, which it does not copy to int64.
    counted = cv2.calcHist([image.values], [0], None, [values], [0, values])
    return counted.ravel().astype(np.int64), 0


def _modality(image: Image, stored_value: float) -> float:
    return stored_value * image.meaning.slope + image.meaning.intercept
