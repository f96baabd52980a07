"""What a DICOM file consists of: its dataset, and where the pixels lie (PS3.10 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from dcmconv_builtins.dicom.file.elements import Elements
    from dcmconv_builtins.dicom.file.encoding import Encoding

__all__ = ["PIXEL_KEYWORDS", "PREAMBLE", "UNDEFINED_LENGTH", "Part10", "PixelElement"]

PREAMBLE = 128
UNDEFINED_LENGTH = 0xFFFFFFFF
PIXEL_KEYWORDS = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}


@dataclass(frozen=True, kw_only=True)
class PixelElement:
    """Where a pixel data element lies.

    ``offset`` is that of its value, ``length`` is None where it is undefined (encapsulated), and
    ``available`` counts the bytes from ``offset`` to the end of the file.
    """

    keyword: str
    value_representation: str
    offset: int
    length: int | None
    available: int


@dataclass(frozen=True, kw_only=True)
class Part10:
    """A file taken apart; ``stream`` is where the offsets of ``pixels`` count.

    ``is_cut`` says that the dataset ends in the middle of an element.
    """

    top: Elements
    transfer_syntax: str
    media_storage: str
    encoding: Encoding
    stream: BinaryIO
    pixels: PixelElement | None
    is_cut: bool
