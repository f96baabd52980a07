"""The pixel data element of a file, or in words why there is none (PS3.3 C.7.6.3, C.7.6.24)."""

from __future__ import annotations

from typing import Literal

from dcmconv.plugin import InputError, SkipInput
from dcmconv_builtins.dicom.file.bounded_stream import read_span
from dcmconv_builtins.dicom.file.elements import named
from dcmconv_builtins.dicom.file.encoding import PIXEL_KEYWORDS
from dcmconv_builtins.dicom.file.part10 import Part10, PixelElement
from dcmconv_builtins.dicom.file.sop_classes import RT_DOSE, name_of, without_picture
from dcmconv_builtins.dicom.hints import COPY_AGAIN

__all__ = ["find_pixels"]

_LOOK = "See what it holds: dcmconv info FILE"


def find_pixels(part10: Part10) -> PixelElement:
    """Return the pixel data element.

    Raises
    ------
    SkipInput
        If the object is of a kind that holds no picture.
    InputError
        If the file ends before its pixels, or has two elements of them.
    """
    if part10.pixels is not None:
        _check_only_one(part10, part10.pixels)
        return part10.pixels
    top = part10.top
    sop_class = top.text("SOPClassUID") or part10.media_storage
    words = without_picture(sop_class)
    has_rows = "Rows" in top
    if part10.is_cut:
        raise InputError(
            "the file ends in the middle of an element.", hint=COPY_AGAIN, reason="truncated"
        )
    if words and not (has_rows and sop_class == RT_DOSE):
        raise SkipInput(f"{words} holds no picture.", hint=_LOOK)
    if not list(top.tags):
        raise InputError("the file holds no element.", hint=COPY_AGAIN, reason="truncated")
    is_unknown = bool(sop_class) and name_of(sop_class) == sop_class
    if is_unknown and not has_rows and any(tag >> 16 > 0x28 for tag in top.tags):
        # What comes after Rows is there, so that nothing was cut off.
        raise SkipInput(
            f"{sop_class!r} is a SOP Class that is not known here, and no pixels are described.",
            hint=_LOOK,
        )
    if has_rows or sop_class:
        name = name_of(sop_class) if sop_class else "an image"
        raise InputError(
            f"the file ends before Pixel Data (7FE0,0010), which {name} should hold.",
            hint=COPY_AGAIN,
            reason="truncated",
        )
    raise SkipInput(
        "a dataset without SOP Class UID (0008,0016) and pixels holds no picture.", hint=_LOOK
    )


def _check_only_one(part10: Part10, pixels: PixelElement) -> None:
    """Refuse a second pixel data element behind the first: readers disagree which one counts."""
    if pixels.length is None or pixels.length >= pixels.available:
        return
    head = bytes(read_span(part10.stream, pixels.offset + pixels.length, 4))
    order: Literal["little", "big"] = "little" if part10.encoding.is_little_endian else "big"
    tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:], order)
    if tag in PIXEL_KEYWORDS:
        raise InputError(
            f"there is {named(pixels.keyword)}, and {named(PIXEL_KEYWORDS[tag])} after it; "
            "one of them was needed.",
            hint="Ask the sender which one is the picture, and for a file that holds that alone.",
        )
