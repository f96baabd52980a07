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

from dcmconv.curve import Curve
from dcmconv.frame import Rescale
from dcmconv.render.display import DisplayRule

__all__ = ["Line", "find_line"]

_PIXELS_AT_ONCE = 1 << 16
"""Keeps the float32 block in the processor's cache."""

_NOISE = 2.0**-22
"""Of the scale from black to white: more than float32 errs, less than lies between two steps."""


@dataclass(frozen=True)
class Line:
    """From stored values to uint8 display values: ``factor * value + offset``, cut off at the ends.

    ``offset`` has the half in it that turns cutting off the fraction into rounding.  ``is_inside``
    says that nothing has to be cut off: black and white lie beyond the values that occur.
    """

    factor: np.float32
    offset: np.float32
    is_inside: bool = False

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
        for start in range(0, flat.size, _PIXELS_AT_ONCE):
            values = flat[start : start + _PIXELS_AT_ONCE]
            scaled = block[: values.size]
            np.copyto(scaled, values)
            np.multiply(scaled, self.factor, out=scaled)
            np.add(scaled, self.offset, out=scaled)
            if not self.is_inside:
                np.clip(scaled, _BLACK, _WHITE, out=scaled)
            np.copyto(display_values[start : start + values.size], scaled, casting="unsafe")
        return display_values.reshape(stored_values.shape)


_BLACK, _WHITE = np.float32(0), np.float32(255)


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
    if line is not None:
        line = replace(line, is_inside=_is_inside(line, stored_values))
    if line is None or not np.array_equal(line.apply(stored_values), entries):
        return None
    return line


def _is_inside(line: Line, stored_values: NDArray[Any]) -> bool:
    # A straight line has its extremes at the ends; a margin for the rounding of float32.
    ends = [float(line.factor) * float(end) + float(line.offset) for end in stored_values[[0, -1]]]
    return min(ends) >= 0 and max(ends) < 255.9


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
