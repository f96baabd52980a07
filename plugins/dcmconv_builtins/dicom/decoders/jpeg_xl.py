"""JPEG XL (PS3.5 8.2.16), by libjxl: lossless, JPEG recompressed, and lossy."""

from __future__ import annotations

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.decoders.decoded import (
    Coded,
    Decoded,
    as_pixel_representation,
    check_coded,
    checked,
    codec_errors,
    truncated,
)
from dcmconv_builtins.dicom.hints import DAMAGED
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = ["DECODER", "decode_jpeg_xl", "decode_jpeg_xl_lossless"]

DECODER = "imagecodecs.jpegxl"
FORMAT = "JPEG XL"
CODESTREAM = b"\xff\x0a"
BOXES = b"\0\0\0\x0cJXL \r\n\x87\n"
MAX_HEADER_BYTES = 16
SIZE_BITS = (9, 13, 18, 30)
RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def decode_jpeg_xl_lossless(stream: bytes, description: PixelDescription) -> Decoded:
    """Decode one frame of lossless JPEG XL; samples as coded.

    Raises
    ------
    InputError
        If the stream is damaged, truncated, or not the picture that the header describes.
    """
    return _decode(stream, description, lossy=False)


def decode_jpeg_xl(stream: bytes, description: PixelDescription) -> Decoded:
    """Decode one frame of recompressed JPEG or lossy JPEG XL; YCbCr and XYB come out as RGB.

    Raises
    ------
    InputError
        As ``decode_jpeg_xl_lossless``.
    """
    return _decode(stream, description, lossy=True)


def _decode(stream: bytes, description: PixelDescription, *, lossy: bool) -> Decoded:
    rows, columns = _size(_codestream_head(stream))
    # Size alone can be read without a decoder; samples and bits are checked on what comes out.
    own = Coded(
        format=FORMAT,
        rows=rows,
        columns=columns,
        samples=description.samples_per_pixel,
        bits=description.bits_stored,
    )
    check_coded(own, description)

    import imagecodecs

    with codec_errors(FORMAT):
        try:
            values = imagecodecs.jpegxl_decode(stream, numthreads=1)
        except imagecodecs.JpegxlError as error:
            if "NEED_MORE_INPUT" in str(error):
                raise truncated(FORMAT, "the decoder needs more bytes than there are") from error
            raise
    values = checked(values, description)
    if values.dtype.kind != "u" or values.dtype.itemsize * 8 > max(description.bits_allocated, 8):
        raise InputError(
            f"the JPEG XL stream decodes to {values.dtype}; Bits Allocated (0028,0100) is "
            f"{description.bits_allocated}.",
            hint=DAMAGED,
            reason="mismatch",
        )
    photometric = description.photometric_interpretation
    if lossy and description.samples_per_pixel == 3:
        photometric = "RGB"
    return Decoded(
        values=as_pixel_representation(values, description.bits_stored, description),
        photometric_interpretation=photometric,
        decoder=DECODER,
        is_masked=lossy,
    )


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
            "ff 0a or a JXL box was needed.",
            hint="Check the Transfer Syntax UID (0002,0010); the pixels are coded another way.",
            reason="mismatch",
        )
    position = 0
    while position + 8 <= len(stream):
        length = int.from_bytes(stream[position : position + 4], "big")
        kind, start = stream[position + 4 : position + 8], position + 8
        if length == 1:
            length, start = int.from_bytes(stream[start : start + 8], "big"), start + 8
        if kind in (b"jxlc", b"jxlp"):
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
        return (take(5) + 1) * 8 if is_small else take(SIZE_BITS[take(2)]) + 1

    rows = dimension()
    ratio = take(3)
    if not ratio:
        return rows, dimension()
    numerator, denominator = RATIOS[ratio - 1]
    return rows, rows * numerator // denominator
