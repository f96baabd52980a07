"""The float64 reference of pictures that were resized."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.resampling import errors_of
from PIL import Image


def test_the_original_at_its_own_size_has_no_error():
    original = np.arange(48, dtype=np.uint8).reshape(6, 8)
    assert errors_of([original], original, is_padded=False) == [pytest.approx(0, abs=1e-9)]


def test_pillow_is_off_by_its_rounding_only():
    random = np.random.default_rng(1)
    original = random.integers(60, 200, (90, 120), np.uint8)
    small = np.asarray(Image.fromarray(original).resize((40, 30), Image.Resampling.LANCZOS))
    # Rounding to whole gray levels has a root mean square of 1 / sqrt(12), once for each direction.
    assert errors_of([small], original, is_padded=False)[0] < 0.45


def test_padding_is_left_out():
    original = np.full((20, 10), 100, np.uint8)
    square = np.zeros((10, 10), np.uint8)
    square[:, 2:7] = 103
    assert errors_of([square], original, is_padded=True) == [pytest.approx(3)]
