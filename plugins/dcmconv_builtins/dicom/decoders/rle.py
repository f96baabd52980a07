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
    truncated,
)
from dcmconv_builtins.dicom.decoders.syntaxes import RLE, uids_of
from dcmconv_builtins.dicom.hints import DAMAGED

__all__ = ["Rle"]

HEADER_BYTES = 64


@dataclass(frozen=True, kw_only=True)
class Rle(Decoder):
    """RLE Lossless, by PackBits."""

    transfer_syntaxes = uids_of(RLE)

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode one frame; 1-bit pixels are packed in one segment as native ones are.

        Raises
        ------
        InputError
            If there are more or fewer segments than described, or one ends early.
        """
        plane_bytes = description.rows * description.columns
        if description.bits_allocated == 1:
            plane_bytes = (plane_bytes * description.samples_per_pixel + 7) // 8
        segments = _segments(stream, description)
        planes = [
            _plane(segment, plane_bytes, number) for number, segment in enumerate(segments, start=1)
        ]
        return DecodedFrame(
            values=_assemble(planes, description),
            photometric_interpretation=description.photometric_interpretation,
        )


def _segments(stream: bytes, description: FrameDescription) -> list[bytes]:
    if len(stream) < HEADER_BYTES:
        raise truncated("RLE", f"it has {len(stream)} of the 64 bytes of its header")
    count, *offsets = (int(word) for word in np.frombuffer(stream, "<u4", 16))
    needed = description.samples_per_pixel * ((description.bits_allocated + 7) // 8)
    if count != needed:
        raise InputError(
            f"the RLE header announces {count} segments; Samples per Pixel (0028,0002) and Bits "
            f"Allocated (0028,0100) require {needed}.",
            hint=DAMAGED,
            reason="mismatch",
        )
    bounds = [*offsets[:count], len(stream)]
    if bounds[0] != HEADER_BYTES or any(a >= b for a, b in pairwise(bounds)):
        if max(offsets[:count]) >= len(stream):
            raise truncated("RLE", f"a segment starts at byte {max(offsets[:count])}")
        raise InputError(f"the RLE segment offsets {bounds[:-1]} do not increase.", hint=DAMAGED)
    return [stream[a:b] for a, b in pairwise(bounds)]


def _plane(segment: bytes, plane_bytes: int, number: int) -> NDArray[np.uint8]:
    # A byte of padding makes the length even: usually 00, which PackBits takes for the start of a
    # run of one and drops, sometimes another, which it takes for the start of a longer run.
    plane = _unpacked(segment) or _unpacked(segment[:-1])
    if plane is None:
        raise truncated("RLE", f"segment {number} ends within a run")
    if len(plane) < plane_bytes:
        raise truncated("RLE", f"segment {number} holds {len(plane)} of {plane_bytes} bytes")
    return np.frombuffer(plane, np.uint8, plane_bytes)


def _unpacked(segment: bytes) -> bytes | None:
    import imagecodecs

    try:
        return bytes(imagecodecs.packbits_decode(segment))
    except RuntimeError:
        # The only way in which PackBits can be corrupt is to end within a run.
        return None


def _assemble(planes: list[NDArray[np.uint8]], description: FrameDescription) -> NDArray[Any]:
    """Put the planes together: sample by sample, the most significant byte first (PS3.5 G.2)."""
    if description.bits_allocated == 1:
        pixels = description.rows * description.columns
        return np.unpackbits(planes[0], count=pixels, bitorder="little").reshape(description.shape)
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
