"""What the Image Pixel Module says about the coding of the pixels (PS3.3 C.7.6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["NumberType", "PixelDescription"]

NumberType = Literal["integer", "float32", "float64"]
"""Pixel Data (7FE0,0010), Float Pixel Data (7FE0,0008) or Double Float Pixel Data (7FE0,0009)."""


@dataclass(frozen=True, kw_only=True)
class PixelDescription:
    """How one Instance's pixels are coded; checked by the reader, believed by the decoders.

    Parameters
    ----------
    rows, columns, samples_per_pixel : int
        (0028,0010), (0028,0011) and (0028,0002); all at least 1.
    bits_allocated, bits_stored, high_bit : int
        (0028,0100), (0028,0101) and (0028,0102).
    is_signed : bool
        Pixel Representation (0028,0103) is 1.
    photometric_interpretation : str
        (0028,0004), as the file says it.
    planar_configuration : int
        (0028,0006): 0 by pixel, 1 by plane; counts for native pixels alone.
    frame_count : int
        Number of Frames (0028,0008), at least 1.
    number_type : "integer", "float32" or "float64"
        Which of the three pixel data elements the values come from.
    has_even_rows : bool
        Native rows whose chroma is halved are filled up to an even count of columns.
    value_representation : str
        VR of the pixel data element; it matters for big endian OW alone.
    """

    rows: int
    columns: int
    samples_per_pixel: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    high_bit: int = 15
    is_signed: bool = False
    photometric_interpretation: str = "MONOCHROME2"
    planar_configuration: int = 0
    frame_count: int = 1
    number_type: NumberType = "integer"
    value_representation: str = "OW"
    has_even_rows: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a decoded frame: (rows, columns), or (rows, columns, samples)."""
        if self.samples_per_pixel == 1:
            return self.rows, self.columns
        return self.rows, self.columns, self.samples_per_pixel

    @property
    def is_chroma_halved(self) -> bool:
        """Whether *native* pixels share their chroma between two columns (PS3.3 C.7.6.3.1.2)."""
        return self.samples_per_pixel == 3 and self.photometric_interpretation in (
            "YBR_FULL_422",
            "YBR_PARTIAL_422",
        )
