"""Square pixels: what a picture needs before anything is drawn on it, with numpy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.errors import InputError, LimitError
from dcmconv.model.picture import Picture

__all__ = ["MAX_PIXELS", "TOLERANCE", "square_pixels"]

TOLERANCE = 0.01
"""Pixels that are off square by no more than this stay as they are."""

MAX_PIXELS = 2**28
"""A file that asks for more than this is damaged, or an attack on the memory."""

BLOCK_VALUES = 2**20


def square_pixels(picture: Picture) -> Picture:
    """Return the picture with square pixels (Pixel Aspect Ratio, PS3.3 C.7.6.3.1.7).

    The shorter physical side is enlarged, so that nothing is lost; by linear interpolation in
    float64, rounded half up, and by the nearest value in labels and masks.

    Parameters
    ----------
    picture : Picture
        Any dtype, domain and number of channels; ``aspect`` is a pixel's height over its width.

    Returns
    -------
    Picture
        The same picture if it is square within ``TOLERANCE``; otherwise a new one with the same
        dtype, aspect 1 and the spacing that goes with it.

    Raises
    ------
    InputError
        If the aspect is not a positive number.
    LimitError
        If the result would have more than ``MAX_PIXELS`` pixels.
    """
    aspect = picture.aspect
    if not 0 < aspect < float("inf"):
        raise InputError(
            f"Pixel Aspect Ratio (0028,0034) is {aspect:g}; it must be a positive number.",
            hint="Leave the file out, or correct Pixel Aspect Ratio and Pixel Spacing.",
        )
    if 1 / (1 + TOLERANCE) <= aspect <= 1 + TOLERANCE:
        return picture
    axis, factor = (0, aspect) if aspect > 1 else (1, 1 / aspect)
    length = picture.pixels.shape[axis]
    if picture.rows * picture.columns * factor > MAX_PIXELS:
        raise LimitError(
            f"Square pixels would make {picture.columns} x {picture.rows} pixels {factor:g} times "
            f"as many; the limit is {MAX_PIXELS}.",
            hint="Check Pixel Aspect Ratio (0028,0034) and Pixel Spacing (0028,0030).",
        )
    wanted = max(1, int(length * factor + 0.5))
    stretch = _nearest if picture.is_sharp else _linear
    return picture.with_(
        pixels=stretch(picture.pixels, axis, wanted),
        aspect=1.0,
        spacing=_scaled_spacing(picture, axis, length / wanted),
    )


def _scaled_spacing(picture: Picture, axis: int, factor: float) -> Any:
    if picture.spacing is None:
        return None
    name = ("rows", "columns")[axis]
    return picture.spacing._replace(**{name: getattr(picture.spacing, name) * factor})


def _centers(length: int, wanted: int) -> NDArray[np.float64]:
    """Return where the centers of the new pixels lie among the old ones."""
    centers: NDArray[np.float64] = np.arange(wanted, dtype=np.float64)
    centers += 0.5
    centers *= length / wanted
    centers -= 0.5
    return centers.clip(0, length - 1, out=centers)


def _nearest(pixels: NDArray[Any], axis: int, wanted: int) -> NDArray[Any]:
    nearest = np.floor(_centers(pixels.shape[axis], wanted) + 0.5).astype(np.intp)
    return pixels.take(nearest, axis=axis, mode="clip")


def _linear(pixels: NDArray[Any], axis: int, wanted: int) -> NDArray[Any]:
    centers = _centers(pixels.shape[axis], wanted)
    before = centers.astype(np.intp)
    after = np.minimum(before + 1, pixels.shape[axis] - 1)
    weight = centers - before
    if axis == 1:
        weight = weight.reshape(-1, *[1] * (pixels.ndim - 2))
        return _by_blocks(
            pixels.shape[0],
            lambda rows: _mixed(pixels[rows].take(before, 1), pixels[rows].take(after, 1), weight),
        )
    weight = weight.reshape(-1, *[1] * (pixels.ndim - 1))
    return _by_blocks(
        wanted, lambda rows: _mixed(pixels[before[rows]], pixels[after[rows]], weight[rows])
    )


def _by_blocks(rows: int, make: Any) -> NDArray[Any]:
    """Make rows a few at a time: whole float64 copies would be eight times the picture."""
    first: NDArray[Any] = make(slice(0, 1))
    result = np.empty((rows, *first.shape[1:]), first.dtype)
    step = max(1, BLOCK_VALUES // max(1, first.size))
    for start in range(0, rows, step):
        result[start : start + step] = make(slice(start, start + step))
    return result


def _mixed(before: NDArray[Any], after: NDArray[Any], weight: NDArray[np.float64]) -> NDArray[Any]:
    start = before.astype(np.float64)
    mixed = start + (after - start) * weight
    if np.issubdtype(before.dtype, np.integer):
        np.floor(mixed + 0.5, out=mixed)
    return mixed.astype(before.dtype)
