"""JPEG XL (PS3.5 8.2.16), by libjxl: lossless, JPEG recompressed, and lossy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from dcmconv.plugin import DecodedFrame, Decoder, FrameDescription, InputError
from dcmconv_builtins.dicom.decoders.decoded import (
    Coded,
    as_pixel_representation,
    check_coded,
    checked,
    codec_errors,
    truncated,
)
from dcmconv_builtins.dicom.decoders.syntaxes import JPEG_XL, LOSSY, uids_of
from dcmconv_builtins.dicom.hints import ANOTHER_CODEC, DAMAGED

__all__ = ["JpegXl"]

FORMAT = "JPEG XL"
CODESTREAM, BOXES = JPEG_XL.starts
MAX_HEADER_BYTES = 16
SIZE_BITS = (9, 13, 18, 30)
RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


@dataclass(frozen=True, kw_only=True)
class JpegXl(Decoder):
    """JPEG XL: lossless, recompressed JPEG, and lossy, by libjxl."""

    transfer_syntaxes = uids_of(JPEG_XL)

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode one frame; lossless samples as coded, YCbCr and XYB as RGB.

        Raises
        ------
        InputError
            If the stream is damaged, truncated, or contradicts the header.
        """
        _check_size(stream, description)
        values = checked(_libjxl(stream), description)
        bits = values.dtype.itemsize * 8
        if values.dtype.kind != "u" or bits > max(description.bits_allocated, 8):
            raise InputError(
                f"the JPEG XL stream decodes to {values.dtype}; Bits Allocated (0028,0100) is "
                f"{description.bits_allocated}.",
                hint=DAMAGED,
                reason="mismatch",
            )
        lossy = transfer_syntax in LOSSY
        photometric = description.photometric_interpretation
        if lossy and description.samples_per_pixel == 3:
            photometric = "RGB"
        return DecodedFrame(
            values=as_pixel_representation(values, description.bits_stored, description),
            photometric_interpretation=photometric,
            is_masked=lossy,
        )


def _check_size(stream: bytes, description: FrameDescription) -> None:
    """Check the size, all that can be read without a decoder; the rest is checked afterwards."""
    rows, columns = _size(_codestream_head(stream))
    own = Coded(
        format=FORMAT,
        rows=rows,
        columns=columns,
        samples=description.samples_per_pixel,
        bits=description.bits_stored,
    )
    check_coded(own, description)


def _libjxl(stream: bytes) -> NDArray[Any]:
    import imagecodecs

    with codec_errors(FORMAT, JPEG_XL):
        try:
            # A run uses one process per core already.
            values: NDArray[Any] = imagecodecs.jpegxl_decode(stream, numthreads=1)
        except imagecodecs.JpegxlError as error:
            if "NEED_MORE_INPUT" in str(error):
                raise truncated(FORMAT, "the decoder needs more bytes than there are") from error
            raise
    return values


def _codestream_head(stream: bytes) -> bytes:
    """Return the first bytes of the codestream, bare or within boxes (ISO/IEC 18181-2)."""
    if stream.startswith(CODESTREAM):
        return stream[:MAX_HEADER_BYTES]
    signature = bytes(stream[: len(BOXES)]).rstrip(b"\0")
    if len(signature) < len(BOXES) and BOXES.startswith(signature):
        raise truncated("JPEG XL", "it ends within its signature")
    if not stream.startswith(BOXES):
        raise InputError(
            f"the JPEG XL stream starts with {stream[:4].hex(' ') or 'nothing'}; "
            "expected ff 0a or a JXL box.",
            hint=ANOTHER_CODEC,
            reason="mismatch",
        )
    position = 0
    while position + 8 <= len(stream):
        length = int.from_bytes(stream[position : position + 4], "big")
        kind, start = stream[position + 4 : position + 8], position + 8
        if length == 1:
            length, start = int.from_bytes(stream[start : start + 8], "big"), start + 8
        if kind in (b"jxlc", b"jxlp"):
            # jxlp is a part of a codestream, and begins with its number.
            start += 4 if kind == b"jxlp" else 0
            return stream[start : start + MAX_HEADER_BYTES]
        if length < 8:
            break
        position += length
    raise truncated(FORMAT, "its boxes hold no codestream")


def _size(head: bytes) -> tuple[int, int]:
    """Read rows and columns (ISO/IEC 18181-1, SizeHeader): bits, the lowest first."""
    if len(head) < MAX_HEADER_BYTES:
        raise truncated(FORMAT, "it ends within its header")
    bits = int.from_bytes(head[len(CODESTREAM) :], "little")

    def take(count: int) -> int:
        nonlocal bits
        value, bits = bits & ((1 << count) - 1), bits >> count
        return value

    is_small = take(1)

    def dimension() -> int:
        # A small image has sides that are multiples of 8, up to 256.
        return (take(5) + 1) * 8 if is_small else take(SIZE_BITS[take(2)]) + 1

    rows = dimension()
    ratio = take(3)  # 0: the width follows; others give the width by the height
    if not ratio:
        return rows, dimension()
    numerator, denominator = RATIOS[ratio - 1]
    return rows, rows * numerator // denominator
