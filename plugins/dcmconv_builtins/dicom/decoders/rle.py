"""RLE Lossless (PS3.5 Annex G): byte planes, each run-length coded on its own.

PackBits of imagecodecs unpacks a plane at native speed and detects one that ends early.  Planes are
assembled here, because ready-made decoders fail at 1-bit pixels and 16-bit color.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import DecodedFrame, Decoder, FrameDescription, InputError
from dcmconv_builtins.dicom.decoders.decoded import (
    interleaved,
    only_jpeg2000_has,
    truncated,
)
from dcmconv_builtins.dicom.decoders.syntaxes import RLE, uids_of
from dcmconv_builtins.dicom.hints import DAMAGED

__all__ = ["HEADER_BYTES", "Rle", "rle_offsets"]

HEADER_BYTES = 64


@dataclass(frozen=True, kw_only=True)
class Rle(Decoder):
    """RLE Lossless, by PackBits."""

    transfer_syntaxes = uids_of(RLE)

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode one frame; 1-bit pixels are packed in one segment as native ones are.

        Some encoders give each 1-bit pixel a byte; the length of the segment shows it.

        Raises
        ------
        InputError
            If there are more or fewer segments than described, or one has another length.
        """
        planes = [
            _plane(segment, number)
            for number, segment in enumerate(_segments(stream, description), start=1)
        ]
        pixels = description.rows * description.columns
        if description.bits_allocated == 1:
            values, notes = _one_bit(planes[0], description)
        else:
            notes = _check_lengths(planes, pixels)
            values = _assemble([plane[:pixels] for plane in planes], description)
        return DecodedFrame(
            values=values,
            photometric_interpretation=description.photometric_interpretation,
            notes=notes + only_jpeg2000_has(description.photometric_interpretation),
        )


def rle_offsets(stream: bytes) -> list[int]:
    """Return the offsets of the segments that the header announces, at most 15."""
    count, *offsets = (int(word) for word in np.frombuffer(stream, "<u4", 16))
    return offsets[:count]


def _segments(stream: bytes, description: FrameDescription) -> list[bytes]:
    if len(stream) < HEADER_BYTES:
        raise truncated("RLE", f"it has {len(stream)} of the 64 bytes of its header")
    count, offsets = int.from_bytes(stream[:4], "little"), rle_offsets(stream)
    # PS3.5 G.2: one segment for each byte of each sample.
    needed = description.samples_per_pixel * ((description.bits_allocated + 7) // 8)
    if count != needed:
        raise InputError(
            f"the RLE header announces {count} segments; Samples per Pixel (0028,0002) and Bits "
            f"Allocated (0028,0100) require {needed}.",
            hint=DAMAGED,
            reason="mismatch",
        )
    bounds = [*offsets, len(stream)]
    if bounds[0] != HEADER_BYTES or any(a >= b for a, b in pairwise(bounds)):
        if max(offsets) >= len(stream):
            raise truncated("RLE", f"a segment starts at byte {max(offsets)}")
        raise InputError(f"the RLE segment offsets {bounds[:-1]} do not increase.", hint=DAMAGED)
    return [stream[a:b] for a, b in pairwise(bounds)]


def _plane(segment: bytes, number: int) -> NDArray[np.uint8]:
    # A byte of padding makes the length even: usually 00, which PackBits takes for the start of a
    # run of one and drops, sometimes another, which it takes for the start of a longer run.
    plane = _unpacked(segment) or _unpacked(segment[:-1])
    if plane is None:
        raise truncated("RLE", f"segment {number} ends within a run")
    return np.frombuffer(plane, np.uint8)


def _check_lengths(planes: list[NDArray[np.uint8]], needed: int) -> tuple[str, ...]:
    """Compare the lengths of the planes with that of the frame; return a note on a surplus."""
    for number, plane in enumerate(planes, start=1):
        if len(plane) < needed:
            raise truncated("RLE", f"segment {number} holds {len(plane)} of {needed} bytes")
    surplus = max(len(plane) for plane in planes) - needed
    # A frame of odd length is padded.
    if surplus <= 1:
        return ()
    return (
        f"a segment of the RLE stream holds {surplus} bytes more than its pixels; ignored them",
    )


def _one_bit(
    plane: NDArray[np.uint8], description: FrameDescription
) -> tuple[NDArray[Any], tuple[str, ...]]:
    pixels = description.rows * description.columns * description.samples_per_pixel
    packed = (pixels + 7) // 8
    if len(plane) in (packed, packed + 1):
        # As native pixels: the first one is the lowest bit (PS3.5 8.1.1).
        bits = np.unpackbits(plane, count=pixels, bitorder="little")
        return bits.reshape(description.shape), ()
    if len(plane) in (pixels, pixels + 1):
        found = "Bits Allocated (0028,0100) is 1, but the RLE stream has one byte per pixel"
        values = (plane[:pixels] != 0).astype(np.uint8)
        return values.reshape(description.shape), (f"{found}; read it as such",)
    if len(plane) < packed:
        raise truncated("RLE", f"segment 1 holds {len(plane)} of {packed} bytes")
    raise InputError(
        f"the RLE segment holds {len(plane)} bytes; {pixels} pixels of 1 bit need {packed}, or "
        f"{pixels} if each has a byte.",
        hint=DAMAGED,
        reason="mismatch",
    )


def _unpacked(segment: bytes) -> bytes | None:
    import imagecodecs

    try:
        return bytes(imagecodecs.packbits_decode(segment))
    except RuntimeError:
        # The only way in which PackBits can be corrupt is to end within a run.
        return None


def _assemble(planes: list[NDArray[np.uint8]], description: FrameDescription) -> NDArray[Any]:
    """Put the planes together: sample by sample, the most significant byte first (PS3.5 G.2)."""
    width = description.bits_allocated // 8
    samples = [_joined(planes[first : first + width]) for first in range(0, len(planes), width)]
    values = samples[0] if len(samples) == 1 else interleaved(samples)
    kind = "i" if description.is_signed else "u"
    return values.view(f"{kind}{width}").reshape(description.shape)


def _joined(planes: list[NDArray[np.uint8]]) -> NDArray[Any]:
    """Return the words whose bytes are in separate planes."""
    values = planes[0].astype(f"u{len(planes)}", copy=False)
    for plane in planes[1:]:
        values <<= 8
        values |= plane
    return values
