"""JPEG, lossy and lossless (PS3.5 8.2.1), by libjpeg-turbo 3 as imagecodecs carries it.

It decodes 8, 12 and 16 bits, sequential, progressive and lossless, equal to the reference
decoders where JPEG is lossless, and as near as they are to each other where it is not.
"""

from __future__ import annotations

from dcmconv.plugin import InputError, UnsupportedError
from dcmconv_builtins.dicom.decoders.decoded import (
    Decoded,
    as_pixel_representation,
    check_coded,
    checked,
    codec_errors,
    sign_bits,
)
from dcmconv_builtins.dicom.decoders.jpeg_header import JpegHeader, read_jpeg_header
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = ["DECODER", "JPEG_BASELINE", "decode_jpeg", "is_ycbcr", "ordinary_head"]

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
BASELINE_FRAME = 0xC0

DECODER = "imagecodecs.jpeg8"
ARITHMETIC_OR_HIERARCHICAL = range(0xC5, 0xD0)


def decode_jpeg(stream: bytes, description: PixelDescription) -> Decoded:
    """Decode one frame of JPEG.

    Returns
    -------
    Decoded
        Lossy YCbCr comes out as ``RGB``; lossless samples as coded.

    Raises
    ------
    InputError
        If the stream is damaged, truncated, or not the picture that the header describes.
    UnsupportedError
        If it is arithmetic or hierarchical JPEG.
    """
    header, notes = read_jpeg_header(stream, stream_format="JPEG")
    _check_process(header)
    notes += check_coded(header.coded, description)
    converts = not header.is_lossless and is_ycbcr(header, description)
    space = _color_space(header, converts=converts)

    import imagecodecs

    with codec_errors("JPEG"):
        values = imagecodecs.jpeg8_decode(
            stream, colorspace=space, outcolorspace="RGB" if converts else space
        )
    lossy = not header.is_lossless
    bits = sign_bits(header.coded, description, lossy=lossy)
    photometric = description.photometric_interpretation
    if lossy and header.coded.samples == 3:
        notes += _color_note(photometric, converts=converts)
        photometric = "RGB"
    return Decoded(
        values=as_pixel_representation(checked(values, description), bits, description),
        photometric_interpretation=photometric,
        decoder=DECODER,
        is_masked=lossy,
        notes=notes,
    )


def ordinary_head(stream: bytes, description: PixelDescription) -> bytes:
    """Return what stands before the data of the color picture of a JPEG file; empty for any other.

    That is baseline, 8 bits, Y Cb Cr: what every viewer makes of a stream with a JFIF segment.
    Anything that ``decode_jpeg`` would note is not ordinary.

    Raises
    ------
    InputError
        As ``decode_jpeg``, as far as the stream's header and end tell.
    """
    header, notes = read_jpeg_header(stream, stream_format="JPEG")
    _check_process(header)
    notes += check_coded(header.coded, description)
    is_baseline = header.frame_marker == BASELINE_FRAME and header.coded.bits == 8
    converts = is_ycbcr(header, description)
    notes += _color_note(description.photometric_interpretation, converts=converts)
    return stream[: header.size] if is_baseline and converts and not notes else b""


def is_ycbcr(header: JpegHeader, description: PixelDescription) -> bool:
    """Say whether the three components of a lossy stream are Y, Cb and Cr.

    The stream's own markers win, because real files lie in Photometric Interpretation (0028,0004)
    more often; where it has none, the header decides, and nobody guesses.
    """
    if header.coded.samples != 3:
        return False
    if header.adobe_transform is not None:
        return header.adobe_transform != 0
    if header.has_jfif:
        return True
    if header.component_ids == b"RGB":
        return False
    return description.photometric_interpretation.startswith("YBR")


def _color_space(header: JpegHeader, *, converts: bool) -> str:
    if header.coded.samples == 1:
        return "GRAYSCALE"
    if header.coded.samples == 3:
        return "YCBCR" if converts else "RGB"
    return "UNKNOWN"


def _color_note(photometric: str, *, converts: bool) -> tuple[str, ...]:
    if converts == photometric.startswith("YBR"):
        return ()
    coded = "YCbCr" if converts else "RGB"
    note = (
        f"the JPEG stream is {coded} by its own markers, Photometric Interpretation (0028,0004) is"
    )
    return (f"{note} {photometric}",)


def _check_process(header: JpegHeader) -> None:
    if header.is_jpeg_ls:
        raise InputError(
            "the stream is JPEG-LS; the Transfer Syntax UID (0002,0010) names JPEG.",
            hint="Correct it to 1.2.840.10008.1.2.4.80, for example with dcmodify.",
            reason="mismatch",
        )
    if header.frame_marker in ARITHMETIC_OR_HIERARCHICAL:
        raise UnsupportedError(
            f"the JPEG stream is hierarchical or arithmetic coded (ff {header.frame_marker:02x}).",
            hint="Nothing installable decodes it; ask the sender for JPEG Lossless.",
        )
