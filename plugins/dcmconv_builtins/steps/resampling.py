"""Resampling that is correct for every dtype that a picture can have."""

from __future__ import annotations

from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

__all__ = ["Filter", "resample"]

Filter = Literal["lanczos", "bicubic", "bilinear", "box", "nearest"]

# Pillow first shrinks by an integer factor if that leaves at least this factor to the filter;
# according to its documentation, 3 is indistinguishable from resampling in one step.
REDUCING_GAP = 3.0


def resample(
    pixels: NDArray[Any], rows: int, columns: int, kind: Filter = "lanczos"
) -> NDArray[Any]:
    """Change the size of a picture.

    Parameters
    ----------
    pixels : uint8 or uint16 array, shape (r, c) or (r, c, 3 or 4)
        Display values; read only.  With ``nearest`` any dtype, label values too.
    rows, columns : int
        The new size, at least 1 x 1.
    kind : str
        The filter; all but ``nearest`` are antialiased when they shrink.

    Returns
    -------
    array, shape (rows, columns) or (rows, columns, 3 or 4), same dtype
        Rounded half up, never beyond the range of the dtype.  The channels of uint16 RGBA are
        resampled one by one, alpha like the others.
    """
    if pixels.shape[:2] == (rows, columns):
        return pixels
    if kind == "nearest":
        return _nearest(pixels, rows, columns)
    if pixels.dtype == np.uint8:
        return _with_pillow(pixels, rows, columns, kind)
    if pixels.ndim == 3:
        planes = [resample(pixels[..., i], rows, columns, kind) for i in range(pixels.shape[2])]
        return np.stack(planes, axis=-1)
    # Pillow's own 16-bit modes are incomplete; float32 holds every uint16 exactly.
    values = _with_pillow(pixels.astype(np.float32), rows, columns, kind)
    limit = np.iinfo(pixels.dtype).max
    rounded: NDArray[Any] = np.floor(values + np.float32(0.5)).clip(0, limit).astype(pixels.dtype)
    return rounded


def _with_pillow(pixels: NDArray[Any], rows: int, columns: int, kind: Filter) -> NDArray[Any]:
    from PIL import Image

    method = Image.Resampling[kind.upper()]
    image = Image.fromarray(np.ascontiguousarray(pixels))
    smaller = image.resize((columns, rows), method, reducing_gap=REDUCING_GAP)
    return np.asarray(smaller)


def _nearest(pixels: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """Take the value under the center of each new pixel."""
    # (i + 0.5) * old / new in integers: floats may be just below a whole number.
    from_row = (np.arange(rows) * 2 + 1) * pixels.shape[0] // (2 * rows)
    from_column = (np.arange(columns) * 2 + 1) * pixels.shape[1] // (2 * columns)
    return cast("NDArray[Any]", pixels[from_row[:, np.newaxis], from_column])
