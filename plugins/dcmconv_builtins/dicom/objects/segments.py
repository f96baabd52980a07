"""Segment numbers, names and colors of a segmentation (PS3.3 C.8.20.2, C.8.20.4)."""

from __future__ import annotations

from dcmconv.plugin import LabelName, Palette
from dcmconv_builtins.dicom.color.cielab import cielab_to_srgb
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups

__all__ = ["find_labels", "segment_number"]


def find_labels(top: Elements, palette: Palette | None = None) -> tuple[LabelName, ...]:
    """Return the names and colors in Segment Sequence (0062,0002), sorted by segment number.

    The color is Recommended Display CIELab Value (0062,000D), or comes from the palette of a label
    map, or is None.
    """
    labels = {}
    for item in top.items("SegmentSequence"):
        number = item.integer("SegmentNumber")
        if number is not None:
            labels[number] = _label(item, number, palette)
    return tuple(labels[number] for number in sorted(labels))


def segment_number(groups: FrameGroups) -> int | None:
    """Return Referenced Segment Number (0062,000B) of a frame, or None for a label map."""
    item = groups.find("SegmentIdentificationSequence", "ReferencedSegmentNumber")
    return item.integer("ReferencedSegmentNumber") if item is not None else None


def _label(item: Elements, number: int, palette: Palette | None) -> LabelName:
    meaning, meaning_code = _code(item, "SegmentedPropertyTypeCodeSequence")
    category, category_code = _code(item, "SegmentedPropertyCategoryCodeSequence")
    return LabelName(
        number=number,
        name=item.text("SegmentLabel"),
        # A tuple of three is true, so a recommended black, (0, 0, 0), counts.
        color=_recommended_color(item) or _palette_color(palette, number),
        meaning=meaning,
        category=category,
        meaning_code=meaning_code,
        category_code=category_code,
    )


def _recommended_color(item: Elements) -> tuple[int, int, int] | None:
    lab = item.numbers("RecommendedDisplayCIELabValue")
    return cielab_to_srgb(lab) if len(lab) == 3 else None


def _palette_color(palette: Palette | None, number: int) -> tuple[int, int, int] | None:
    if palette is None or not 0 <= number - palette.first < len(palette.table):
        return None
    color = palette.table[number - palette.first]
    # Keep the high byte of 16-bit entries.
    shift = 8 * (color.dtype.itemsize - 1)
    red, green, blue = (int(channel) >> shift for channel in color[:3])
    return red, green, blue


def _code(item: Elements, keyword: str) -> tuple[str, str]:
    """Return meaning and ``SCHEME:VALUE`` of a code."""
    for code in item.items(keyword)[:1]:
        # PS3.3 8.8: exactly one of the three has the value.
        value = code.text("CodeValue") or code.text("LongCodeValue") or code.text("URNCodeValue")
        return code.text("CodeMeaning"), f"{code.text('CodingSchemeDesignator')}:{value}"
    return "", ""
