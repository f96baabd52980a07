"""Tiles joined to one frame, at full size or reduced, with sums for one row of tiles in memory."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["BoxMean", "Mosaic", "Nearest"]


class Mosaic(Protocol):
    """A large frame being assembled; tiles are added in the order of their first row."""

    def add(self, tile: NDArray[Any], row: int, column: int) -> None:
        """Add a tile whose upper left pixel is at row and column; all of it must be inside."""
        ...

    def finish(self) -> NDArray[Any]:
        """Return the pixels of the assembled frame."""
        ...


class Nearest:
    """Keeps the middle pixel of each box, which is every pixel if ``factor`` is 1.

    Parameters
    ----------
    result : array, shape (ceil(rows / factor), ceil(columns / factor)) or with samples
        Filled with background; tiles are written into it.
    factor : int
        Side of the box of pixels that becomes one pixel.
    full_size : tuple of two ints
        Rows and columns before the reduction.
    """

    def __init__(self, result: NDArray[Any], factor: int, *, full_size: tuple[int, int]) -> None:
        self._result = result
        self._rows, self._columns = (_middles(length, factor) for length in full_size)

    def add(self, tile: NDArray[Any], row: int, column: int) -> None:
        """Add a tile."""
        rows, top = _within(self._rows, row, tile.shape[0])
        columns, left = _within(self._columns, column, tile.shape[1])
        covered = slice(top, top + len(rows)), slice(left, left + len(columns))
        self._result[covered] = tile[rows][:, columns]

    def finish(self) -> NDArray[Any]:
        """Return the pixels of the assembled frame."""
        return self._result


class BoxMean:
    """Keeps the mean of each box, rounded half up; missing tiles count as background.

    Boxes at the right and lower edge are smaller if the factor does not divide the size.  Sums are
    kept for one row of tiles; a row of boxes is finished as soon as a tile starts below it.

    Parameters
    ----------
    result : array, shape (ceil(rows / factor), ceil(columns / factor)) or with samples
        Filled with background; means are written into it.
    factor : int
        Side of the box of pixels that becomes one pixel.
    full_size : tuple of two ints
        Rows and columns before the reduction.
    tile_rows : int
        The largest number of rows of a tile.
    """

    def __init__(
        self, result: NDArray[Any], factor: int, *, full_size: tuple[int, int], tile_rows: int
    ) -> None:
        self._result = result
        self._factor = factor
        self._heights = _box_sizes(full_size[0], factor)
        self._widths = _box_sizes(full_size[1], factor)
        self._first = 0
        # A tile touches at most this many rows of boxes, wherever it starts.
        rows = tile_rows // factor + 2
        self._sums = np.zeros((rows, *result.shape[1:]), np.float64)
        self._counts = np.zeros((rows, result.shape[1]), np.int64)

    def add(self, tile: NDArray[Any], row: int, column: int) -> None:
        """Add a tile."""
        top, row_starts = _boxes(row, tile.shape[0], self._factor)
        left, column_starts = _boxes(column, tile.shape[1], self._factor)
        # Tiles come sorted by row, so no later tile can touch a row above this one.
        self._finish_rows_above(top)
        # reduceat sums from each start to the next one, and from the last to the end.
        sums = np.add.reduceat(tile.astype(np.float64), row_starts, axis=0)
        sums = np.add.reduceat(sums, column_starts, axis=1)
        heights = np.diff([*row_starts, tile.shape[0]])
        widths = np.diff([*column_starts, tile.shape[1]])
        start = top - self._first
        covered = slice(start, start + len(heights)), slice(left, left + len(widths))
        self._sums[covered] += sums
        self._counts[covered] += np.outer(heights, widths)

    def finish(self) -> NDArray[Any]:
        """Return the pixels of the assembled frame."""
        self._finish_rows_above(self._result.shape[0])
        return self._result

    def _finish_rows_above(self, row: int) -> None:
        rows = min(row - self._first, len(self._sums), self._result.shape[0] - self._first)
        if rows > 0:
            self._write(rows)
            # Scroll the buffers up by the finished rows.
            for window in (self._sums, self._counts):
                window[:-rows] = window[rows:].copy()
                window[-rows:] = 0
        # Rows beyond the sums were touched by no tile: the result keeps its background there.
        self._first = max(row, self._first)

    def _write(self, rows: int) -> None:
        block = self._result[self._first : self._first + rows]
        heights = self._heights[self._first : self._first + rows]
        counts, sums = self._counts[:rows], self._sums[:rows]
        # Tiles may overlap, so a box can have more pixels than its size.
        missing = np.maximum(np.outer(heights, self._widths) - counts, 0)
        whole = counts + missing
        if block.ndim == 3:
            missing, whole = missing[..., np.newaxis], whole[..., np.newaxis]
        # The block still holds the background, which may be NaN, and 0 * NaN would be NaN.
        background = np.where(missing > 0, block, 0)
        means = (sums + missing * background) / whole
        if block.dtype.kind in "iu":
            means = np.floor(means + 0.5)
        block[...] = means.astype(block.dtype)


def _middles(length: int, factor: int) -> NDArray[np.int64]:
    """Return the middle of each box, or the last pixel if the last box ends before its middle."""
    return np.minimum(np.arange(0, length, factor) + factor // 2, length - 1)


def _within(middles: NDArray[np.int64], start: int, length: int) -> tuple[NDArray[np.int64], int]:
    """Return the middles inside a tile, counted from its start, and the first one's box."""
    first, last = np.searchsorted(middles, [start, start + length])
    return middles[first:last] - start, int(first)


def _box_sizes(length: int, factor: int) -> NDArray[np.int64]:
    starts = np.arange(0, length, factor)
    return np.minimum(starts + factor, length) - starts


def _boxes(start: int, length: int, factor: int) -> tuple[int, list[int]]:
    """Return the first box that a tile touches, and where in the tile its boxes start."""
    first, last = start // factor, (start + length - 1) // factor
    return first, [0, *(box * factor - start for box in range(first + 1, last + 1))]
