"""Reference pictures for tasks that resize: Lanczos with 3 lobes, in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["errors_of"]

LOBES = 3

Float = NDArray[np.float64]


def errors_of(
    pictures: list[NDArray[np.uint8]], original: NDArray[np.uint8], *, is_padded: bool
) -> list[float]:
    """Return the root mean square error, in gray levels, of pictures made from one original.

    With ``is_padded``, the original was fitted into the pictures, and what is around it is left
    out; otherwise it was stretched to their size.
    """
    rows, columns = pictures[0].shape
    if is_padded:
        scale = min(rows / original.shape[0], columns / original.shape[1])
        shape = round(original.shape[0] * scale), round(original.shape[1] * scale)
    else:
        shape = rows, columns
    wanted = _resized(original, shape)
    top, left = (rows - shape[0]) // 2, (columns - shape[1]) // 2
    inside = (slice(top, top + shape[0]), slice(left, left + shape[1]))
    return [float(np.sqrt(np.mean((picture[inside] - wanted) ** 2))) for picture in pictures]


def _resized(values: NDArray[np.uint8], shape: tuple[int, int]) -> Float:
    rows = _weights(values.shape[0], shape[0])
    columns = _weights(values.shape[1], shape[1])
    made: Float = (rows @ values.astype(np.float64) @ columns.T).clip(0, 255)
    return made


def _weights(size: int, wanted: int) -> Float:
    """Return how much each of ``size`` pixels counts for each of ``wanted`` pixels."""
    scale = size / wanted
    # To shrink, the filter is as wide as the pixels that become one.
    width = max(scale, 1.0)
    centers = (np.arange(wanted)[:, np.newaxis] + 0.5) * scale
    distance = (np.arange(size) + 0.5 - centers) / width
    weights = np.where(np.abs(distance) < LOBES, np.sinc(distance) * np.sinc(distance / LOBES), 0)
    normal: Float = weights / weights.sum(axis=1, keepdims=True)
    return normal
