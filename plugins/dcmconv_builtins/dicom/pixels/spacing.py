"""How large a pixel is, and how square (PS3.3 10.7, C.7.6.3.1.7)."""

from __future__ import annotations

import math

from dcmconv.plugin import Spacing
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups

__all__ = ["find_aspect", "find_spacing"]

_SOURCES = (
    ("PixelSpacing", "Pixel Spacing"),
    ("ImagerPixelSpacing", "Imager Pixel Spacing"),
    ("NominalScannedPixelSpacing", "Nominal Scanned Pixel Spacing"),
)


def find_spacing(groups: FrameGroups) -> Spacing | None:
    """Return the distance between pixel centers in mm, by the first attribute that makes sense.

    Pixel Spacing (0028,0030) also from the Pixel Measures of functional groups, then Imager Pixel
    Spacing (0018,1164), then Nominal Scanned Pixel Spacing (0018,2010).
    """
    for keyword, attribute in _SOURCES:
        place = groups.find("PixelMeasuresSequence", keyword)
        pair = _positive_pair(place, keyword) if place is not None else None
        if pair is not None:
            return Spacing(pair[0], pair[1], attribute)
    return None


def find_aspect(groups: FrameGroups, spacing: Spacing | None) -> float:
    """Return the height of a pixel over its width: from the spacing, else Pixel Aspect Ratio."""
    if spacing is not None:
        return spacing.rows / spacing.columns
    # (0028,0034) is vertical\horizontal, both as sizes of a pixel: the same order as spacing.
    pair = _positive_pair(groups.top, "PixelAspectRatio") if groups.top else None
    return pair[0] / pair[1] if pair is not None else 1.0


def _positive_pair(place: Elements, keyword: str) -> tuple[float, float] | None:
    numbers = place.numbers(keyword)
    if len(numbers) == 2 and all(math.isfinite(number) and number > 0 for number in numbers):
        return float(numbers[0]), float(numbers[1])
    if numbers:
        place.notes.add(f"{keyword} is not two numbers above 0; it was left out.")
    return None
