"""Pixel spacing in the units of file formats."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["per_length"]


def per_length(millimeters: float, spacing: float) -> Fraction | None:
    """Return how many pixels lie in a length, exactly; None where the spacing means nothing.

    A spacing is read as the decimal number that the file wrote: 0.1 is a tenth.
    """
    if not 0 < spacing < float("inf"):
        return None
    return Fraction(repr(float(millimeters))) / Fraction(repr(float(spacing)))
