"""Pixel spacing in the units of file formats."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["per_length"]


def per_length(millimeters: float, spacing: float) -> Fraction | None:
    """Return exactly how many pixels are in a length; None if the spacing is not positive.

    A spacing is taken as the decimal number in the file: 0.1 is exactly a tenth.
    """
    if not 0 < spacing < float("inf"):
        return None
    return Fraction(repr(float(millimeters))) / Fraction(repr(float(spacing)))
