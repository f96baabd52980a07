"""Lookup tables: one pass over the pixels, whatever the chain of stages.

A table has one entry for each bit pattern of the stored type, so that stored values are their own
index.  Only the entries between the least and the greatest value seen so far are worked out, until
a table has proved to be of use.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.curve import Curve
from dcmconv.render.display import DisplayRule
from dcmconv.render.lines import Line, find_line

__all__ = ["TableCache"]

_MOST_TABLES = 32
_ROWS_AT_ONCE = 1 << 18  # pixels; keeps the float64 intermediates of a block in the cache
_PIXELS_BEFORE_ALL = 1 << 23
"""After so many a table gets all of its entries, and no frame's extremes are looked for."""
_LOOKED_UP_AT_ONCE = 1 << 17  # pixels; numpy widens an index to 64 bits, which must not leave it


class _Table:
    """The display value of each stored value from ``low`` to ``high``."""

    def __init__(self, rule: DisplayRule, stored_type: np.dtype[Any]) -> None:
        self._rule = rule
        self._type = stored_type
        self._index_type = np.dtype(f"u{stored_type.itemsize}")
        self._entries = np.zeros(1 << (8 * stored_type.itemsize), rule.dtype)
        self._low, self._high = 0, -1
        self._line: Line | None = None
        self._pixels = 0

    def covers_all(self, pixels: int) -> bool:
        """Say whether every value of the type has its entry: that pays after some ``pixels``."""
        is_new = self._pixels < _PIXELS_BEFORE_ALL
        if is_new and self._pixels > 0 and self._pixels + pixels >= _PIXELS_BEFORE_ALL:
            low, high, line = self._low, self._high, self._line
            limits = np.iinfo(self._type)
            self.cover(int(limits.min), int(limits.max))
            if line is not None and self._line is None:
                # What is a line for the values that occur is none for all of them.
                self._low, self._high, self._line = low, high, line
        self._pixels += pixels
        return self._high - self._low == len(self._entries) - 1

    def cover(self, low: int, high: int) -> None:
        """Work out the entries from ``low`` to ``high``, both included."""
        if self._low <= low and high <= self._high:
            return
        if self._high >= self._low:
            low, high = min(low, self._low), max(high, self._high)
        stored_values = np.arange(low, high + 1, dtype=np.int64).astype(self._type)
        display_values = self._rule.apply(stored_values)
        self._entries[stored_values.view(self._index_type)] = display_values
        self._low, self._high = low, high
        self._line = find_line(self._rule, stored_values, display_values)

    def apply(self, stored_values: NDArray[Any]) -> NDArray[Any]:
        if self._line is not None:
            return self._line.apply(stored_values)
        index = stored_values.view(self._index_type).reshape(-1)
        display_values = np.empty(index.size, self._entries.dtype)
        for start in range(0, index.size, _LOOKED_UP_AT_ONCE):
            block = slice(start, start + _LOOKED_UP_AT_ONCE)
            # Every bit pattern is a valid index, so "wrap" only switches the bounds check off.
            self._entries.take(index[block], mode="wrap", out=display_values[block])
        return display_values.reshape(stored_values.shape)


class TableCache:
    """The tables of the rules used last, shared by all frames of a process."""

    def __init__(self) -> None:
        self._tables: OrderedDict[tuple[DisplayRule, np.dtype[Any]], _Table] = OrderedDict()

    def apply(self, rule: DisplayRule, stored_values: NDArray[Any]) -> NDArray[Any]:
        """Map stored values to display values; equal to ``rule.apply``, and faster.

        Parameters
        ----------
        stored_values : array, shape (rows, columns)
            Of any integer or float type.

        Returns
        -------
        uint8 or uint16 array, same shape
            A new array.
        """
        if stored_values.dtype.kind not in "iu" or stored_values.dtype.itemsize > 2:
            return _in_blocks(rule, stored_values)
        table = self._table(rule, stored_values.dtype.newbyteorder("="))
        if not table.covers_all(stored_values.size):
            low, high = int(stored_values.min()), int(stored_values.max())
            if high - low >= stored_values.size:
                return _in_blocks(rule, stored_values)
            table.cover(low, high)
        return table.apply(np.ascontiguousarray(stored_values, table_type(stored_values)))

    def _table(self, rule: DisplayRule, stored_type: np.dtype[Any]) -> _Table:
        if not isinstance(rule.curve, Curve):
            return _Table(rule, stored_type)
        key = rule, stored_type
        table = self._tables.pop(key, None) or _Table(rule, stored_type)
        self._tables[key] = table
        if len(self._tables) > _MOST_TABLES:
            self._tables.popitem(last=False)
        return table


def table_type(stored_values: NDArray[Any]) -> np.dtype[Any]:
    """Return the native type of stored values."""
    return stored_values.dtype.newbyteorder("=")


def _in_blocks(rule: DisplayRule, stored_values: NDArray[Any]) -> NDArray[Any]:
    """Evaluate directly, some rows at a time, so that a large frame costs no large float array."""
    display_values = np.empty(stored_values.shape, rule.dtype)
    rows_at_once = max(1, _ROWS_AT_ONCE // max(1, stored_values.shape[1]))
    for row in range(0, stored_values.shape[0], rows_at_once):
        block = slice(row, row + rows_at_once)
        display_values[block] = rule.apply(stored_values[block])
    return display_values
