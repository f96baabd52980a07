"""JPEG-LS (PS3.5 8.2.3), by CharLS as imagecodecs carries it.

Every interleave mode comes out by pixel, and of the decoders tried it alone sees most damage.
"""

from __future__ import annotations

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.decoders.decoded import (
    Decoded,
    as_pixel_representation,
    check_coded,
    checked,
    codec_errors,
    contiguous,
    sign_bits,
)
from dcmconv_builtins.dicom.decoders.jpeg_header import read_jpeg_header
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = ["DECODER", "decode_jpeg_ls", "decode_jpeg_ls_near"]

DECODER = "imagecodecs.jpegls"


def decode_jpeg_ls(stream: bytes, description: PixelDescription) -> Decoded:
    """Decode one frame of lossless JPEG-LS; colour stays as coded.

    Raises
    ------
    InputError
        If the stream is damaged, truncated, or not the picture that the header describes.
    """
    return _decode(stream, description, lossy=False)


def decode_jpeg_ls_near(stream: bytes, description: PixelDescription) -> Decoded:
    """Decode one frame of near-lossless JPEG-LS; colour stays as coded.

    Raises
    ------
    InputError
        As ``decode_jpeg_ls``.
    """
    return _decode(stream, description, lossy=True)


def _decode(stream: bytes, description: PixelDescription, *, lossy: bool) -> Decoded:
    header, notes = read_jpeg_header(stream, stream_format="JPEG-LS")
    if not header.is_jpeg_ls:
        raise InputError(
            "the stream is JPEG, not JPEG-LS as the Transfer Syntax UID (0002,0010) names it.",
            hint="Correct it to the syntax that the sender used, for example with dcmodify.",
            reason="mismatch",
        )
    notes += check_coded(header.coded, description)

    import imagecodecs

    with codec_errors("JPEG-LS"):
        values = contiguous(imagecodecs.jpegls_decode(stream))
    bits = sign_bits(header.coded, description, lossy=lossy)
    return Decoded(
        values=as_pixel_representation(checked(values, description), bits, description),
        photometric_interpretation=description.photometric_interpretation,
        decoder=DECODER,
        is_masked=lossy,
        notes=notes,
    )
