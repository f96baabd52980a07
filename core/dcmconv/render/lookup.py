"""From stored values to display values: the exact rule, and the fast ways to apply it.

``DisplayRule.apply`` is the definition: slow, and exact.  ``TableCache.apply`` takes the fastest of
three ways that gives the same values:

* a ``Line``: float32 arithmetic, half the time of a table, because the processor works on many
  pixels at once.  It is used only after it has reproduced the table's entry for every stored value
  that occurs, so that the result cannot differ;
* a ``LookupTable``: one entry for each bit pattern of the stored type, so that a stored value is
  its own index.  Only the entries between the least and the greatest value seen so far are
  computed, until the table has served enough pixels to be worth completing;
* the rule itself, block by block: for float and 32-bit pixels, and for frames whose range of
  values is wider than their number of pixels.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcmconv.errors import PluginError
from dcmconv.model.curve import CurveLike, is_curve
from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Lut, Padding, Rescale

__all__ = ["DisplayRule", "Line", "LookupTable", "TableCache", "find_line"]


FloatArray = NDArray[np.float64]

_FLOAT64_NOISE = 2.0**-36
"""Of the scale from black to white: a value this little below a half is still rounded up.

With Rescale Slope 32.1216, the middle of an even range comes out as 42.49999999999999.
"""


class DisplayRule(NamedTuple):
    """Everything besides the stored value that determines a display value: the table cache's key.

    ``depth`` is 8 or 16 bits.  ``inverted`` combines the frame's polarity with ``invert``.
    """

    curve: CurveLike
    modality: Rescale | Lut
    padding: Padding | None
    presentation: Lut | None
    inverted: bool
    depth: int

    @classmethod
    def of(cls, frame: Frame, curve: CurveLike, *, depth: int, invert: bool) -> DisplayRule:
        """Return the rule for a frame."""
        presentation = frame.presentation if isinstance(frame.presentation, Lut) else None
        inverted = frame.is_inverted != invert
        return cls(curve, frame.modality, frame.padding, presentation, inverted, depth)

    @property
    def dtype(self) -> type[np.uint8 | np.uint16]:
        """The type of a display value."""
        return np.uint8 if self.depth == 8 else np.uint16

    def apply(self, stored_values: NDArray[Any]) -> NDArray[Any]:
        """Map stored values to display values in the standard's order (PS3.3 C.11).

        Modality LUT, curve, clipping, Presentation LUT, polarity, rounding half up.  Padding and
        non-finite values become background, which is 0 regardless of polarity.

        Returns
        -------
        uint8 or uint16 array, same shape
            A new array.
        """
        modality_values = self.modality(stored_values)
        background = ~np.isfinite(modality_values)
        if self.padding is not None:
            background |= (stored_values >= self.padding.first) & (
                stored_values <= self.padding.last
            )
        modality_values.flags.writeable = False
        unit_values = _checked(self.curve, self.curve(modality_values), modality_values)
        return self.quantize(unit_values, background)

    def quantize(self, unit_values: FloatArray, background: NDArray[np.bool_]) -> NDArray[Any]:
        """Turn values on the scale 0 to 1 into display values: the stages after the curve."""
        # A curve may itself give NaN, for a logarithm of a negative value, say.
        background = background | ~np.isfinite(unit_values)
        clipped = np.clip(np.where(background, 0.0, unit_values), 0.0, 1.0)
        if self.presentation is not None:
            clipped = _apply_presentation_lut(clipped, self.presentation)
        top = float((1 << self.depth) - 1)
        scaled = clipped * top
        if self.inverted:
            # Invert after scaling: (1 - 55 / 510) * 255 would be 227.49999999999997, not a half.
            scaled = top - scaled
        display_values = np.floor(scaled + (0.5 + top * _FLOAT64_NOISE)).astype(self.dtype)
        display_values[background] = 0
        return display_values


def _apply_presentation_lut(unit_values: FloatArray, lut: Lut) -> FloatArray:
    """Look up P-Values (PS3.3 C.11.6.1.1); the range 0 to 1 is spread over the entries."""
    last = len(lut.entries) - 1
    index = np.floor(unit_values * last + (0.5 + last * _FLOAT64_NOISE)) + lut.first
    p_values: FloatArray = lut(index) / ((1 << lut.bits) - 1)
    return p_values


def _checked(curve: CurveLike, result: Any, modality_values: FloatArray) -> FloatArray:
    if getattr(result, "shape", None) != modality_values.shape or result.dtype.kind != "f":
        shape = getattr(result, "shape", type(result).__name__)
        raise PluginError(
            f"The curve {curve!r} returned {shape}; expected a float array of shape "
            f"{modality_values.shape}, like its input.",
            hint="Test the plugin with dcmconv.testing.NormalizerConformance.",
        )
    values: FloatArray = result
    return values


_MOST_TABLES = 32
_PIXELS_BEFORE_ALL = 1 << 23
"""After so many pixels a table is completed, and the extremes of a frame no longer matter."""

# Pixels at once, so that the intermediate arrays of a block stay in the processor's cache.
_LINE_BLOCK = 1 << 16  # four times as much takes twice as long: new memory for each picture
_TABLE_BLOCK = 1 << 17  # numpy widens the index of a table to 64 bits
_RULE_BLOCK = 1 << 18

_FLOAT32_NOISE = 2.0**-22
"""Of the scale from black to white: more than the error of float32, less than one display step."""


class TableCache(threading.local):
    """The tables of the most recently used rules, shared by all frames of a thread.

    A table grows while it is used, so threads have their own: with a lock, none of them could draw
    while another does, and a forked process might inherit it locked.
    """

    def __init__(self) -> None:
        self._tables: OrderedDict[tuple[DisplayRule, np.dtype[Any]], LookupTable] = OrderedDict()
        self._latest: tuple[tuple[DisplayRule, np.dtype[Any]], LookupTable] | None = None

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
        # A table is indexed by bit pattern, so values must be in the byte order of the processor.
        if not (stored_values.dtype.isnative and stored_values.flags.c_contiguous):
            native_type = stored_values.dtype.newbyteorder("=")
            stored_values = np.ascontiguousarray(stored_values, native_type)
        table = self._table(rule, stored_values.dtype)
        table.count(stored_values.size)
        if not table.is_complete:
            low, high = extremes(stored_values)
            # The table would need more entries than the frame has pixels.
            if high - low >= stored_values.size:
                return _in_blocks(rule, stored_values)
            table.cover(low, high)
        return table.apply(stored_values)

    def _table(self, rule: DisplayRule, stored_type: np.dtype[Any]) -> LookupTable:
        if not is_curve(rule.curve):
            # A bare function does not say what it depends on, so its table is not kept.
            return LookupTable(rule, stored_type)
        key = rule, stored_type
        # A series has one rule, whose parts are the same objects: equal without being hashed.
        if self._latest is not None and key == self._latest[0]:
            return self._latest[1]
        # Taken out and put back in: the tables are in the order of their last use.
        table = self._tables.pop(key, None) or LookupTable(rule, stored_type)
        self._tables[key] = table
        self._latest = key, table
        if len(self._tables) > _MOST_TABLES:
            self._tables.popitem(last=False)
        return table


class LookupTable:
    """The display values of a rule for the stored values from ``low`` to ``high``."""

    def __init__(self, rule: DisplayRule, stored_type: np.dtype[Any]) -> None:
        self._rule = rule
        self._type = stored_type
        self._index_type = np.dtype(f"u{stored_type.itemsize}")
        self._all_values = 1 << (8 * stored_type.itemsize)
        self._entries = np.empty(0, rule.dtype)
        """By bit pattern: those of negative values come last.  Empty if there is a line."""
        # Empty, because the end is below the start.
        self._low, self._high = 0, -1
        self._line: Line | None = None
        self._pixels = 0

    @property
    def is_complete(self) -> bool:
        """Whether every value of the stored type has its entry."""
        return self._high - self._low == self._all_values - 1

    def count(self, pixels: int) -> None:
        """Count the pixels of a frame, and complete the table once it has served enough."""
        before = self._pixels
        self._pixels += pixels
        if not 0 < before < _PIXELS_BEFORE_ALL <= self._pixels:
            return
        low, high, line = self._low, self._high, self._line
        limits = np.iinfo(self._type)
        self.cover(int(limits.min), int(limits.max))
        if line is not None and self._line is None:
            # The line that holds for the values seen does not hold for all (padding, for example).
            # It is faster than the complete table, so keep it, with the range it is valid for.
            self._low, self._high, self._line = low, high, line

    def cover(self, low: int, high: int) -> None:
        """Compute the entries from ``low`` to ``high``, both included."""
        if self._low <= low and high <= self._high:
            return
        # One range without gaps: every entry between its ends is valid.
        if self._high >= self._low:
            low, high = min(low, self._low), max(high, self._high)
        stored_values = np.arange(low, high + 1, dtype=np.int64).astype(self._type)
        display_values = self._rule.apply(stored_values)
        self._low, self._high = low, high
        self._line = find_line(self._rule, stored_values, display_values)
        # With `minmax`, each frame has a rule of its own, and nearly always a line.
        if self._line is None:
            self._entries = np.zeros(self._all_values, self._rule.dtype)
            self._entries[stored_values.view(self._index_type)] = display_values

    def apply(self, stored_values: NDArray[Any]) -> NDArray[Any]:
        """Map stored values between ``low`` and ``high``; a new array of the same shape."""
        if self._line is not None:
            return self._line.apply(stored_values)
        index = stored_values.view(self._index_type).reshape(-1)
        display_values = np.empty(index.size, self._entries.dtype)
        for start in range(0, index.size, _TABLE_BLOCK):
            block = slice(start, start + _TABLE_BLOCK)
            # Every bit pattern is a valid index; mode="wrap" only avoids the bounds check.
            self._entries.take(index[block], mode="wrap", out=display_values[block])
        return display_values.reshape(stored_values.shape)


@dataclass(frozen=True)
class Line:
    """From stored values to uint8 display values: ``factor * value + offset``.

    ``offset`` includes the half that turns truncation into rounding.  ``ends`` are the stored
    values beyond which the display value no longer changes.  Stored values are clipped to them,
    because they take half the bytes of float32; None if black and white lie outside the values
    that occur.
    """

    factor: np.float32
    offset: np.float32
    ends: tuple[Any, Any] | None = None
    """Scalars of the stored type: for a Python int, numpy would look up the type's limits."""

    def apply(self, stored_values: NDArray[Any]) -> NDArray[np.uint8]:
        """Map stored values; a new array of the same shape.

        Parameters
        ----------
        stored_values : contiguous integer array, any shape
            Of 8 or 16 bits, which float32 holds exactly.
        """
        display_values = np.empty(stored_values.size, np.uint8)
        flat = stored_values.reshape(-1)
        block = np.empty(min(flat.size, _LINE_BLOCK), np.float32)
        clipped = np.empty(block.size if self.ends else 0, stored_values.dtype)
        for start in range(0, flat.size, _LINE_BLOCK):
            values = flat[start : start + _LINE_BLOCK]
            if self.ends:
                values = values.clip(*self.ends, out=clipped[: values.size])
            scaled = block[: values.size]
            scaled[...] = values
            np.multiply(scaled, self.factor, out=scaled)
            np.add(scaled, self.offset, out=scaled)
            # This truncates; outside 0 to 255 it would be undefined in C, hence the ends.
            display_values[start : start + values.size] = scaled
        return display_values.reshape(stored_values.shape)


def find_line(rule: DisplayRule, stored_values: NDArray[Any], entries: NDArray[Any]) -> Line | None:
    """Return the line that gives every one of ``entries`` for ``stored_values``, or None.

    Parameters
    ----------
    rule : DisplayRule
        What the entries were computed with.
    stored_values : integer array, shape (n,)
        Every value that may occur, without gaps, in ascending order.
    entries : array, shape (n,)
        Their display values.
    """
    ends = rule.curve.ends if is_curve(rule.curve) else None
    is_straight = isinstance(rule.modality, Rescale) and rule.presentation is None
    if ends is None or not is_straight or rule.depth != 8:
        return None
    line = _line(rule, *ends)
    line = line and _with_ends(line, stored_values)
    if line is None or not np.array_equal(line.apply(stored_values), entries):
        return None
    return line


def _line(rule: DisplayRule, black: float, white: float) -> Line | None:
    slope, intercept = rule.modality.slope, rule.modality.intercept  # type: ignore[union-attr]
    if rule.inverted:
        # Inverting a straight line exchanges its ends.
        black, white = white, black
    if not np.isfinite(white - black) or white == black:
        return None
    steps = 255.0 / (white - black)
    factor, offset = slope * steps, (intercept - black) * steps + 0.5 + 255 * _FLOAT32_NOISE
    # float32 has 24 bits: beyond this, a line cannot be exact and may overflow.
    if max(abs(factor), abs(offset)) > 1e9:
        return None
    return Line(np.float32(factor), np.float32(offset))


def _with_ends(line: Line, stored_values: NDArray[Any]) -> Line | None:
    """Return the line with the values between which it stays inside 0 to 255; None if none do."""
    factor, offset = float(line.factor), float(line.offset)
    if factor == 0 or math.isnan(factor + offset):
        return None
    low, high = int(stored_values[0]), int(stored_values[-1])
    # 255.9 instead of 256: a margin for the rounding of float32.
    black, white = sorted((-offset / factor, (255.9 - offset) / factor))
    first, last = max(low, math.ceil(black)), min(high, math.floor(white))
    if first > last:
        return None
    if (first, last) == (low, high):
        return line
    return Line(
        line.factor, line.offset, ends=(stored_values[first - low], stored_values[last - low])
    )


def extremes(values: NDArray[Any]) -> tuple[int, int]:
    """Return the least and the greatest of some integers."""
    # Not values.min(), which is a Python function of numpy around this one.
    return int(np.minimum.reduce(values, axis=None)), int(np.maximum.reduce(values, axis=None))


def _in_blocks(rule: DisplayRule, stored_values: NDArray[Any]) -> NDArray[Any]:
    """Apply the rule a few rows at a time, so that a large frame needs no large float array."""
    display_values = np.empty(stored_values.shape, rule.dtype)
    rows_at_once = max(1, _RULE_BLOCK // max(1, stored_values.shape[1]))
    for row in range(0, stored_values.shape[0], rows_at_once):
        block = slice(row, row + rows_at_once)
        display_values[block] = rule.apply(stored_values[block])
    return display_values
