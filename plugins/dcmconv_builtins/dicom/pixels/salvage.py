"""Frames of truncated native pixels, for the policy ``salvage``: missing pixels are background.

No pixel is invented.  Compressed frames are salvaged by their decoders (``Decoder.salvage``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Frame, Layer, Padding
from dcmconv_builtins.dicom.decoders import Decoded, native_span
from dcmconv_builtins.dicom.decoders.native import decode_native
from dcmconv_builtins.dicom.decoders.syntaxes import NATIVE
from dcmconv_builtins.dicom.file.bounded_stream import read_span
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = ["SalvagedFrames", "with_background"]


class SalvagedFrames:
    """Native frames whose element ends early: all frames of which at least one byte is there.

    Parameters
    ----------
    stream : binary file
        Its position is changed; it is never closed.
    start, length : int
        Where the value of the element starts, and how many of its bytes are there; at least 1.
    description : PixelDescription
        What the Image Pixel Module says; fewer frames may be there.
    is_little_endian : bool
        The byte order of the dataset.
    """

    decoder = NATIVE.decoder

    def __init__(
        self,
        stream: BinaryIO,
        start: int,
        length: int,
        description: PixelDescription,
        *,
        is_little_endian: bool,
    ) -> None:
        self._stream = stream
        self._start = start
        self._length = length
        self._is_little_endian = is_little_endian
        announced = description.frame_count
        # Computed, not counted: a header may announce a billion frames.
        there = min(announced, max(-(-length * 8 // description.frame_bits), 1))
        self.description = replace(description, frame_count=there)
        self.salvaged = (
            f"Pixel Data (7FE0,0010) ends early: {there} of {announced} frames are there"
        )

    def read_frame(self, frame_index: int) -> Decoded:
        """Read one frame; ``missing`` marks the pixels that the file does not have."""
        span = native_span(self.description, frame_index, big_endian=not self._is_little_endian)
        length = min(span.length, self._length - span.start)
        content = bytes(read_span(self._stream, self._start + span.start, length))
        rest = bytes(span.length - len(content))
        decoded = self._decoded(content + rest, self.description, span.first_bit)
        # Decode ones in place of the bytes that are there: a pixel of all ones is complete.  This
        # covers planes, words and packed bits alike.
        cells = replace(self.description, number_type="integer", is_signed=False)
        there = self._decoded(b"\xff" * len(content) + rest, cells, span.first_bit).values
        whole = 1 if cells.bits_allocated == 1 else np.iinfo(there.dtype).max
        missing = there != whole
        if missing.ndim == 3:
            missing = missing.any(axis=2)
        return replace(decoded, missing=missing if missing.any() else None)

    def close(self) -> None:
        """Do nothing: there is no decoder to release."""

    def _decoded(self, content: bytes, description: PixelDescription, first_bit: int) -> Decoded:
        big_endian = not self._is_little_endian
        return decode_native(content, description, big_endian=big_endian, first_bit=first_bit)


def with_background(frame: Frame, missing: NDArray[Any]) -> Frame:
    """Return a frame whose missing pixels are background, and left out of all statistics.

    Parameters
    ----------
    frame : Frame
        Its missing pixels may have any value.
    missing : bool array, shape (rows, columns)
        True where the file has no pixel.
    """
    count = int(np.count_nonzero(missing))
    words = f"{count} of {missing.size} pixels are missing"
    marked = replace(frame, salvaged=words, notes=(*frame.notes, f"Salvaged: {words}."))
    if frame.palette is not None and not frame.palette.is_supplemental:
        # No index is free to mean background; so a black layer covers the missing pixels.
        cover = Layer("shutter", missing, (0.0, 0.0, 0.0), "missing pixels")
        return replace(marked, layers=(*frame.layers, cover))
    if frame.is_label or frame.is_color:
        return replace(marked, stored_values=_filled(frame.stored_values, missing, 0))
    if frame.stored_values.dtype.kind == "f":
        return replace(marked, stored_values=_filled(frame.stored_values, missing, np.nan))
    values, fill = _with_free_value(frame, missing)
    return replace(
        marked,
        stored_values=_filled(values, missing, fill),
        padding=frame.padding or Padding(fill, fill),
    )


def _with_free_value(frame: Frame, missing: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Return the values in a type that has a number which no pixel uses, and that number."""
    values = frame.stored_values
    if frame.padding is not None:
        return values, int(frame.padding.first)
    there = values[~missing]
    low, high = (int(there.min()), int(there.max())) if there.size else (0, 0)
    limits = np.iinfo(values.dtype)
    if low > limits.min:
        return values, low - 1
    if high < limits.max:
        return values, high + 1
    # The pixels have both the least and the greatest value of their type.
    return values.astype(np.int64), low - 1


def _filled(values: NDArray[Any], missing: NDArray[Any], fill: float) -> NDArray[Any]:
    filled = values.copy()
    filled[missing] = fill
    return filled
