"""Recommended colors: from PCS values to sRGB (PS3.3 C.10.7.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["cielab_to_srgb"]

_WHITE_D50 = (0.9642, 1.0, 0.8249)
# XYZ relative to D50, adapted to D65 by Bradford's method, to linear sRGB (IEC 61966-2-1).
_XYZ_D50_TO_SRGB = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)


def cielab_to_srgb(encoded: Sequence[float]) -> tuple[float, float, float]:
    """Turn a Recommended Display CIELab Value into a color of a screen.

    Parameters
    ----------
    encoded : three numbers, 0 to 65535
        L* from 0 to 100, a* and b* from -128 to 127, relative to D50.

    Returns
    -------
    tuple of three floats
        Red, green and blue of sRGB, 0 to 1; what a screen cannot show is clipped.

    >>> [round(channel, 2) for channel in cielab_to_srgb((65535, 32896, 32896))]
    [1.0, 1.0, 1.0]
    """
    lightness = encoded[0] / 65535 * 100
    a, b = (part / 65535 * 255 - 128 for part in encoded[1:3])
    middle = (lightness + 16) / 116
    parts = (middle + a / 500, middle, middle - b / 200)
    xyz = [white * _uncompressed(part) for white, part in zip(_WHITE_D50, parts, strict=True)]
    red, green, blue = (
        _gamma(sum(weight * value for weight, value in zip(row, xyz, strict=True)))
        for row in _XYZ_D50_TO_SRGB
    )
    return red, green, blue


def _uncompressed(part: float) -> float:
    return part**3 if part > 6 / 29 else 3 * (6 / 29) ** 2 * (part - 4 / 29)


def _gamma(linear: float) -> float:
    clipped = min(max(linear, 0.0), 1.0)
    return 12.92 * clipped if clipped <= 0.0031308 else 1.055 * clipped ** (1 / 2.4) - 0.055
