"""Colors that attributes name, as sRGB: CIELab Values and gray P-Values (PS3.3 C.10.7.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

from dcmconv_builtins.dicom.file.elements import Elements

__all__ = ["Color", "cielab_to_srgb", "find_gray", "find_lab_color"]

# The matrix below maps this D50 to white; ICC rounds its Z to 0.8249.
_WHITE_D50 = (0.96422, 1.0, 0.82521)
# From XYZ under D50 to linear sRGB, adapted to D65 by Bradford's method.
_TO_LINEAR_SRGB = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)


def cielab_to_srgb(encoded: Sequence[float]) -> tuple[int, int, int]:
    """Return the sRGB color, 0 to 255 a channel, of three unsigned 16-bit numbers.

    L* from 0 to 100, and a* and b* from -128 to 127, are each encoded as 0 to 65535; the white
    point is D50.  Colors outside sRGB are clipped.

    >>> cielab_to_srgb((65535, 32896, 32896))
    (255, 255, 255)
    """
    lightness = encoded[0] / 65535 * 100
    # 0x8080 stands for 0: 32896 / 65535 * 255 is 128.
    a_star, b_star = (number / 65535 * 255 - 128 for number in encoded[1:3])
    middle = (lightness + 16) / 116
    parts = (middle + a_star / 500, middle, middle - b_star / 200)
    xyz = [white * _uncompressed(part) for white, part in zip(_WHITE_D50, parts, strict=True)]
    red, green, blue = (
        _gamma(sum(weight * part for weight, part in zip(row, xyz, strict=True)))
        for row in _TO_LINEAR_SRGB
    )
    return red, green, blue


def _uncompressed(part: float) -> float:
    # The inverse of CIELab's f(t), which is linear near black.
    return part**3 if part > 6 / 29 else 3 * (6 / 29) ** 2 * (part - 4 / 29)


def _gamma(linear: float) -> int:
    # The transfer function of sRGB (IEC 61966-2-1).
    clipped = min(max(linear, 0.0), 1.0)
    bent = 12.92 * clipped if clipped <= 0.0031308 else 1.055 * clipped ** (1 / 2.4) - 0.055
    return int(bent * 255 + 0.5)


Color = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""


def find_lab_color(item: Elements, keyword: str) -> Color | None:
    """Return a CIELab Value of an item as sRGB, 0 to 1; None if it is missing."""
    lab = item.numbers(keyword)
    if len(lab) != 3:
        return None
    red, green, blue = cielab_to_srgb(lab)
    return red / 255, green / 255, blue / 255


def find_gray(item: Elements, keyword: str, *, default: float) -> Color:
    """Return a P-Value (0 to 65535) of an item as a gray; ``default`` is used if it is missing."""
    level = item.number(keyword)
    gray = min(max((default if level is None else level) / 65535, 0.0), 1.0)
    return gray, gray, gray
