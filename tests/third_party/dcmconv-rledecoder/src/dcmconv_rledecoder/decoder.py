"""RLE Lossless (PS3.5 Annex G) without any codec library."""

from dataclasses import dataclass

import numpy as np

from dcmconv.plugin import DecodedFrame, Decoder, FrameDescription, InputError


@dataclass(frozen=True, kw_only=True)
class NumpyRle(Decoder):
    """RLE Lossless in plain numpy; 8 and 16 bits."""

    transfer_syntaxes = frozenset({"1.2.840.10008.1.2.5"})

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode one frame."""
        pixels = description.rows * description.columns
        width = description.bits_allocated // 8
        planes = [_unpacked(segment, pixels) for segment in _segments(stream)]
        if len(planes) != width * description.samples_per_pixel:
            raise InputError(
                f"the RLE stream has {len(planes)} segments; "
                f"expected {width * description.samples_per_pixel}.",
                hint="Ask the sender for the file again.",
            )
        words = np.stack(planes, axis=1).view(f">u{width}")
        return DecodedFrame(
            values=words.astype(f"=u{width}").reshape(description.shape),
            photometric_interpretation=description.photometric_interpretation,
        )


def _segments(stream: bytes) -> list[bytes]:
    if len(stream) < 64:
        raise _truncated(f"it has {len(stream)} of the 64 bytes of its header")
    count, *offsets = np.frombuffer(stream, "<u4", 16).tolist()
    ends = [*offsets[1:count], len(stream)]
    return [stream[start:end] for start, end in zip(offsets[:count], ends, strict=True)]


def _unpacked(segment: bytes, size: int) -> np.ndarray:
    plane, position = bytearray(), 0
    while len(plane) < size and position < len(segment):
        length = segment[position]
        if length < 128:
            plane += segment[position + 1 : position + 2 + length]
            position += 2 + length
        else:
            plane += segment[position + 1 : position + 2] * (257 - length if length > 128 else 0)
            position += 2 if length > 128 else 1
    if len(plane) < size:
        raise _truncated(f"a segment has {len(plane)} of {size} bytes")
    return np.frombuffer(bytes(plane), np.uint8, size)


def _truncated(found: str) -> InputError:
    return InputError(
        f"the RLE stream ends early: {found}.", hint="Copy the file again.", reason="truncated"
    )
