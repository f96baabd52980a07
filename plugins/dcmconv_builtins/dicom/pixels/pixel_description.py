"""What the Image Pixel Module says about the coding of the pixels (PS3.3 C.7.6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from dcmconv.plugin import FrameDescription

__all__ = ["NumberType", "PixelDescription"]

NumberType = Literal["integer", "float32", "float64"]
"""Pixel Data (7FE0,0010), Float Pixel Data (7FE0,0008) or Double Float Pixel Data (7FE0,0009)."""


@dataclass(frozen=True, kw_only=True)
class PixelDescription(FrameDescription):
    """How the pixels of one Instance are coded; checked by the reader, trusted by the decoders.

    Parameters
    ----------
    high_bit : int
        (0028,0102).
    frame_count : int
        Number of Frames (0028,0008), at least 1.
    number_type : "integer", "float32" or "float64"
        Which of the three pixel data elements the values come from.
    has_even_rows : bool
        Native rows with halved chroma are padded to an even number of columns.
    value_representation : str
        VR of the pixel data element; it matters for big endian OW only.
    has_low_word_first : bool
        Big endian cells of 32 or 64 bits are words of 16 bits, the low one first (PS3.5 8.1.1).
    """

    high_bit: int = 15
    frame_count: int = 1
    number_type: NumberType = "integer"
    value_representation: str = "OW"
    has_even_rows: bool = False
    has_low_word_first: bool = False

    @cached_property
    def stored_columns(self) -> int:
        """How many columns a native row takes in the file."""
        return self.columns + (self.has_even_rows and self.columns % 2)

    @cached_property
    def frame_bits(self) -> int:
        """How many bits one native frame takes, without any padding; worked out once a series."""
        # Y Y Cb Cr: four samples for two pixels (PS3.3 C.7.6.3.1.2).
        samples = 2 if self.is_chroma_halved else self.samples_per_pixel
        return self.rows * self.stored_columns * samples * self.bits_allocated

    @cached_property
    def is_float(self) -> bool:
        """Whether the values come from Float or Double Float Pixel Data."""
        return self.number_type != "integer"

    @property
    def is_chroma_halved(self) -> bool:
        """Whether *native* pixels share their chroma between two columns (PS3.3 C.7.6.3.1.2)."""
        return self.samples_per_pixel == 3 and self.photometric_interpretation in (
            "YBR_FULL_422",
            "YBR_PARTIAL_422",
        )
