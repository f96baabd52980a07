"""Straight lines in float32: half the time of a table, where every value comes out the same.

A table is exact by construction, and costs a look into memory for each pixel.  A line is
arithmetic that the processor does on many pixels at once; it is used only after it has given the
table's entry for each stored value that occurs, so that nobody can tell the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.curve import Curve
from dcmconv.model.frame import Rescale
from dcmconv.render.display import DisplayRule

__all__ = ["Line", "find_line"]

_PIXELS_AT_ONCE = 1 << 16
"""Keeps the float32 block in the processor's cache."""

_NOISE = 2.0**-22
"""Of the scale from black to white: more than float32 errs, less than lies between two steps."""


@dataclass(frozen=True)
class Line:
    """From stored values to uint8 display values: ``factor * value + offset``.

    ``offset`` has the half in it that turns cutting off the fraction into rounding.  ``ends`` are
    the stored values beyond which nothing changes any more, so that it is stored values that are
    cut off, in half the bytes; None where black and white lie beyond the values that occur.
    """

    factor: np.float32
    offset: np.float32
    ends: tuple[int, int] | None = None

    def apply(self, stored_values: NDArray[Any]) -> NDArray[np.uint8]:
        """Map stored values; a new array of the same shape.

        Parameters
        ----------
        stored_values : contiguous integer array, any shape
            Of 8 or 16 bits, which float32 holds exactly.
        """
        display_values = np.empty(stored_values.size, np.uint8)
        flat = stored_values.reshape(-1)
        block = np.empty(min(flat.size, _PIXELS_AT_ONCE), np.float32)
        cut = np.empty(block.size if self.ends else 0, stored_values.dtype)
        # Of the type itself: numpy looks up the limits of the type for each plain number.
        ends = [stored_values.dtype.type(end) for end in self.ends or ()]
        for start in range(0, flat.size, _PIXELS_AT_ONCE):
            values = flat[start : start + _PIXELS_AT_ONCE]
            if ends:
                values = values.clip(*ends, out=cut[: values.size])
            scaled = block[: values.size]
            np.copyto(scaled, values)
            np.multiply(scaled, self.factor, out=scaled)
            np.add(scaled, self.offset, out=scaled)
            np.copyto(display_values[start : start + values.size], scaled, casting="unsafe")
        return display_values.reshape(stored_values.shape)


def find_line(rule: DisplayRule, stored_values: NDArray[Any], entries: NDArray[Any]) -> Line | None:
    """Return the line that gives ``entries`` for ``stored_values``, every one; None if none does.

    Parameters
    ----------
    rule : DisplayRule
        What the entries were made with.
    stored_values : integer array, shape (n,)
        Every value that may occur, in ascending order.
    entries : array, shape (n,)
        Their display values.
    """
    ends = rule.curve.ends if isinstance(rule.curve, Curve) else None
    is_straight = isinstance(rule.modality, Rescale) and rule.presentation is None
    if ends is None or not is_straight or rule.depth != 8:
        return None
    line = _line(rule, *ends)
    line = line and _with_ends(line, stored_values)
    if line is None or not np.array_equal(line.apply(stored_values), entries):
        return None
    return line


def _with_ends(line: Line, stored_values: NDArray[Any]) -> Line | None:
    """Return the line with the values between which it stays inside 0 to 255; None for a cliff."""
    heights = stored_values * np.float64(line.factor) + np.float64(line.offset)
    # A margin for the rounding of float32.
    (inside,) = np.nonzero((heights >= 0) & (heights < 255.9))
    if not inside.size:
        return None
    first, last = int(inside[0]), int(inside[-1])
    if (first, last) == (0, len(stored_values) - 1):
        return line
    return replace(line, ends=(int(stored_values[first]), int(stored_values[last])))


def _line(rule: DisplayRule, black: float, white: float) -> Line | None:
    slope, intercept = rule.modality.slope, rule.modality.intercept  # type: ignore[union-attr]
    if rule.inverted:
        black, white = white, black
    if not np.isfinite(white - black) or white == black:
        return None
    steps = 255.0 / (white - black)
    factor, offset = slope * steps, (intercept - black) * steps + 0.5 + 255 * _NOISE
    if max(abs(factor), abs(offset)) > 1e9:
        return None
    return Line(np.float32(factor), np.float32(offset))
