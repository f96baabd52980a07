"""What a decoder gets and returns: what a header says of encoded frames, and one decoded frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

__all__ = ["DecodedFrame", "FrameDescription"]


@dataclass(frozen=True, kw_only=True)
class FrameDescription:
    """What a file's header says of its encoded frames; a codestream may say otherwise.

    Parameters
    ----------
    rows, columns, samples_per_pixel : int
        Size of a frame, each at least 1.
    bits_allocated, bits_stored : int
        Bits of the cell of one sample, and how many of them hold its value.
    is_signed : bool
        Pixel Representation is 1: values are two's complement.
    photometric_interpretation : str
        Such as ``MONOCHROME2`` or ``YBR_FULL_422``, as the header says it.
    planar_configuration : int
        0 by pixel, 1 by plane; only uncompressed samples follow it.
    """

    rows: int
    columns: int
    samples_per_pixel: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    is_signed: bool = False
    photometric_interpretation: str = "MONOCHROME2"
    planar_configuration: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a decoded frame: (rows, columns), or (rows, columns, samples)."""
        if self.samples_per_pixel == 1:
            return self.rows, self.columns
        return self.rows, self.columns, self.samples_per_pixel


@dataclass(frozen=True, kw_only=True, eq=False)
class DecodedFrame:
    """One frame as its codestream holds it.

    Parameters
    ----------
    values : integer or float array, shape (rows, columns) or (rows, columns, samples)
        As coded.  Integers without the sign that the header gives them are read as two's complement
        of Bits Stored.  May be read-only.
    photometric_interpretation : str
        What the values mean after decoding: ``RGB`` if the codec undid a color transform.
    is_masked : bool
        The values are already those of the stored bits, sign included: lossy codestreams know
        their own precision, and masking would wrap their overshoot (4170 of 12 bits to 74).
        Otherwise the reader masks to Bits Stored and extends the sign.
    notes : tuple of str
        What was tolerated.
    """

    values: NDArray[Any]
    photometric_interpretation: str
    is_masked: bool = False
    notes: tuple[str, ...] = ()
