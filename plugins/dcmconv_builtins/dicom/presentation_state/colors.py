"""The colors that a state names: CIELab values, and gray levels as P-Values (PS3.3 C.10.7)."""

from __future__ import annotations

from dcmconv_builtins.dicom.color.cielab import cielab_to_srgb
from dcmconv_builtins.dicom.file.elements import Elements

__all__ = ["Color", "find_gray", "find_lab_color"]

Color = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""


def find_lab_color(item: Elements, keyword: str) -> Color | None:
    """Return a CIELab Value of an item as a color of the screen; None where there is none."""
    lab = item.numbers(keyword)
    if len(lab) != 3:
        return None
    red, green, blue = cielab_to_srgb(lab)
    return red / 255, green / 255, blue / 255


def find_gray(item: Elements, keyword: str, *, default: float) -> Color:
    """Return a P-Value, 0 to 65535, of an item as a gray; ``default`` where there is none."""
    level = item.number(keyword)
    gray = min(max((default if level is None else level) / 65535, 0.0), 1.0)
    return gray, gray, gray
