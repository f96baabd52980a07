"""Resampling that is correct for every dtype that a picture can have.

Each new value is a weighted mean of the old ones around it, first down the rows, then along them.
All of it is matrix products: a few neighboring new rows are made from the same old rows, so their
weights are a small dense matrix.  Many of its entries are zero, and the product still takes a third
to a quarter of the time of Pillow's loops (a radiograph to 512 pixels: 5 to 7 ms instead of 20),
because numpy's BLAS uses the processor fully.  ``docs/explanation/resampling.md`` has the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Filter", "resample"]

Filter = Literal["lanczos", "bicubic", "bilinear", "box", "nearest"]
FloatArray = NDArray[np.floating[Any]]

TILE_SPAN = 16
"""Old rows or columns that the centers of a tile span.

Neighboring new rows share most of their old ones; the others have weight 0.  With large tiles there
are fewer products, but more zeros.  Measured from 5 times smaller to 5 times larger.
"""
FEWEST_IN_TILE, MOST_IN_TILE = 4, 64
STRIP_VALUES = 2**17
"""New rows times columns that are finished at once, at least one tile."""
BLOCK_VALUES, FEWEST_COLUMNS = 2**18, 64
"""Old values that are turned into floats at once, so that they stay in the processor's cache."""

EXACT_STEP = 2.0**-15
"""The weights for 8-bit values are multiples of this.

Every product with a value up to 255, and every sum of them, then fits into the 24 bits of float32.
The result is exact, so it does not depend on the order in which a BLAS adds.
"""
MOST_EXACT = 32
"""Beyond this factor there are too many weights, and each is too small to be such a multiple."""
FLOAT64_NOISE = 2.0**-36
"""Of white: a value this little below a half is still rounded up."""


def resample(
    pixels: NDArray[Any],
    rows: int,
    columns: int,
    kind: Filter = "lanczos",
    *,
    out: NDArray[Any] | None = None,
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
    out : array, shape (rows, columns) or (rows, columns, 3 or 4), optional
        Where to put the result: a part of a larger picture, for example.

    Returns
    -------
    array, shape (rows, columns) or (rows, columns, 3 or 4), same dtype
        Rounded half up, never beyond the range of the dtype.  The colors of uint8 RGBA are
        weighted by alpha; the channels of uint16 RGBA are resampled one by one.  It is ``out`` if
        that is given, and ``pixels`` if the size is the same.
    """
    if pixels.shape[:2] == (rows, columns):
        result = pixels
    elif kind == "nearest":
        result = _nearest(pixels, rows, columns)
    elif pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 4:
        result = _with_pillow(pixels, rows, columns, kind)
    else:
        result = np.empty((rows, columns, *pixels.shape[2:]), pixels.dtype) if out is None else out
        _weigh(_with_channels(pixels), kind, _with_channels(result))
        return result
    if out is None:
        return result
    out[...] = result
    return out


def _with_channels(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def _nearest(pixels: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """Take the value under the center of each new pixel."""
    # (i + 0.5) * old / new in integers: floats may be just below a whole number.
    from_row = (np.arange(rows) * 2 + 1) * pixels.shape[0] // (2 * rows)
    from_column = (np.arange(columns) * 2 + 1) * pixels.shape[1] // (2 * columns)
    # Two steps, because whole rows are copied at once: a tenth of the time of one index for both.
    first, second = ((from_row, 0), (from_column, 1))
    if rows > pixels.shape[0]:
        first, second = second, first
    resized: NDArray[Any] = pixels.take(first[0], axis=first[1]).take(second[0], axis=second[1])
    return resized


def _with_pillow(pixels: NDArray[Any], rows: int, columns: int, kind: Filter) -> NDArray[Any]:
    """Resample RGBA of 8 bits: transparent pixels must not lend their colors to the others."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.resize((columns, rows), Image.Resampling[kind.upper()]))


class _Tile(NamedTuple):
    """A few neighboring new rows or columns, and what they are made of."""

    old: slice
    new: slice
    weights: FloatArray
    """Shape (new, old)."""


def _weigh(pixels: NDArray[Any], kind: Filter, out: NDArray[Any]) -> None:
    """Fill ``out`` with the weighted means, one strip of rows after the other.

    Both have shape (rows, columns, channels).
    """
    if abs(pixels.strides[0]) < abs(pixels.strides[1]):
        # A rotated view: as it is in memory, it is read five times as fast.
        pixels, out = pixels.swapaxes(0, 1), out.swapaxes(0, 1)
    rows, columns, channels = out.shape
    shrink = max(pixels.shape[0] / rows, pixels.shape[1] / columns)
    is_exact = pixels.dtype == np.uint8 and shrink <= MOST_EXACT
    # float32 takes half the time of float64; after the first pass, values have too many bits.
    first_type = np.float32 if is_exact else np.float64
    down = _tiles(pixels.shape[0], rows, kind, is_exact, first_type)
    across = _tiles(pixels.shape[1], columns, kind, is_exact, np.float64)
    values_of_tile = _tile_size(pixels.shape[0], rows) * max(pixels.shape[1], columns) * channels
    tiles_at_once = max(1, STRIP_VALUES // values_of_tile)
    for start in range(0, len(down), tiles_at_once):
        strip = down[start : start + tiles_at_once]
        taller = _down(pixels, strip)
        new = np.empty((len(taller), columns))
        for tile in across:
            np.matmul(taller[:, tile.old], tile.weights.T, out=new[:, tile.new])
        _round(new, out.dtype, overshoots=kind in OVERSHOOTING)
        inside = out[strip[0].new.start : strip[-1].new.stop]
        for channel, plane in enumerate(new.reshape(channels, -1, columns)):
            # This truncates, and nothing is below 0.
            np.copyto(inside[..., channel], plane, casting="unsafe")


def _down(pixels: NDArray[Any], strip: tuple[_Tile, ...]) -> NDArray[np.float64]:
    """Return the new rows of a strip, with the old columns; one channel below the other.

    Down the rows, the channels of a pixel are as good as columns, so they stay where they are.
    """
    dtype = strip[0].weights.dtype
    first_old, first_new = strip[0].old.start, strip[0].new.start
    _, columns, channels = pixels.shape
    old_rows = _flat_rows(pixels[first_old : strip[-1].old.stop])
    new = np.empty((strip[-1].new.stop - first_new, columns * channels), dtype)
    width = max(FEWEST_COLUMNS, BLOCK_VALUES // len(old_rows))
    for column in range(0, columns * channels, width):
        block = slice(column, column + width)
        old = old_rows[:, block].astype(dtype, order="C")
        for tile in strip:
            np.matmul(
                tile.weights,
                old[tile.old.start - first_old : tile.old.stop - first_old],
                out=new[tile.new.start - first_new : tile.new.stop - first_new, block],
            )
    planes = new.reshape(-1, columns, channels).transpose(2, 0, 1)
    return planes.astype(np.float64, order="C", copy=False).reshape(-1, columns)


def _flat_rows(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return shape (rows, columns * channels): a view, unless columns of colors are reversed."""
    rows, columns, channels = pixels.shape
    if channels > 1 and pixels.strides[1] != channels * pixels.strides[2]:
        # One channel after the other: numpy's copy of all at once takes five times as long.
        in_order = np.empty(pixels.shape, pixels.dtype)
        for channel in range(channels):
            in_order[..., channel] = pixels[..., channel]
        pixels = in_order
    return pixels.reshape(rows, columns * channels)


def _round(values: FloatArray, dtype: np.dtype[Any], *, overshoots: bool) -> None:
    """Prepare values, in place, for a conversion that truncates."""
    white = int(np.iinfo(dtype).max)
    values += 0.5 + white * FLOAT64_NOISE
    if overshoots:
        np.clip(values, 0, white, out=values)


def _tile_size(old: int, new: int) -> int:
    return min(max(TILE_SPAN * new // old, FEWEST_IN_TILE), MOST_IN_TILE)


@lru_cache(maxsize=16)
def _tiles(
    old: int, new: int, kind: Filter, is_exact: bool, dtype: type[np.floating[Any]]
) -> tuple[_Tile, ...]:
    """Return the weights that turn ``old`` values in a row into ``new`` ones."""
    size = _tile_size(old, new)
    kernel, support = KERNELS[kind]
    step = old / new
    # When shrinking, the kernel is as much wider as the new pixels are: this is the antialiasing.
    stretch = max(step, 1.0)
    tiles = []
    for start in range(0, new, size):
        stop = min(start + size, new)
        centers = (np.arange(start, stop) + 0.5) * step
        first = max(0, int(centers[0] - support * stretch))
        last = min(old, int(centers[-1] + support * stretch) + 1)
        distances = (np.arange(first, last) + 0.5 - centers[:, np.newaxis]) / stretch
        weights = kernel(distances)
        weights /= weights.sum(axis=1, keepdims=True)
        if is_exact:
            _make_exact(weights)
        tiles.append(_Tile(slice(first, last), slice(start, stop), weights.astype(dtype)))
    return tuple(tiles)


def _make_exact(weights: FloatArray) -> None:
    """Round the weights to multiples of ``EXACT_STEP`` whose sum is exactly 1, in place."""
    weights /= EXACT_STEP
    np.rint(weights, out=weights)
    # The largest weight takes what is missing: there it changes least.
    missing = 1 / EXACT_STEP - weights.sum(axis=1)
    weights[np.arange(len(weights)), weights.argmax(axis=1)] += missing
    weights *= EXACT_STEP


def _lanczos(x: FloatArray) -> FloatArray:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


def _bicubic(x: FloatArray) -> FloatArray:
    """Cubic convolution with a = -0.5 (Keys, 1981)."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _bilinear(x: FloatArray) -> FloatArray:
    return np.where(np.abs(x) < 1, 1 - np.abs(x), 0.0)


def _box(x: FloatArray) -> FloatArray:
    # Half open, so that an edge between two new pixels belongs to one of them.
    return np.where((x > -0.5) & (x <= 0.5), 1.0, 0.0)


KERNELS: dict[str, tuple[Callable[[FloatArray], FloatArray], float]] = {
    "lanczos": (_lanczos, 3.0),
    "bicubic": (_bicubic, 2.0),
    "bilinear": (_bilinear, 1.0),
    "box": (_box, 0.5),
}
"""Each filter, and how far from the center it is not 0.  The same as Pillow's."""

OVERSHOOTING = ("lanczos", "bicubic")
"""Filters with negative weights: a result may lie beyond black and white."""
