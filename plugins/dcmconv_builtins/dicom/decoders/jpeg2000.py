"""JPEG 2000 and High-Throughput JPEG 2000 (PS3.5 8.2.4, 8.2.15), by OpenJPEG.

HTJ2K too, although OpenJPH in imagecodecs is twice as fast: it wraps lossy values that overshoot
(1331 samples of one real picture), and what it finds damaged imagecodecs returns as a picture, with
no exception (100 of 600 streams with one bit flipped; OpenJPEG refused every one of those).
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from dcmconv.plugin import UnsupportedError
from dcmconv_builtins.dicom.decoders.decoded import (
    Decoded,
    as_pixel_representation,
    check_coded,
    checked,
    codec_errors,
    contiguous,
    sign_bits,
)
from dcmconv_builtins.dicom.decoders.jpeg2000_header import (
    FORMAT,
    Jpeg2000Header,
    bare_codestream,
    read_jpeg2000_header,
)
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = ["DECODER", "decode_jpeg2000", "decode_jpeg2000_lossless"]

DECODER = "pylibjpeg.openjpeg"
MAX_BITS = 25
"""Widest sample that OpenJPEG gave back exactly; of 26 bits it misses the lowest now and then."""


def decode_jpeg2000_lossless(stream: bytes, description: PixelDescription) -> Decoded:
    """Decode one frame of a lossless syntax; RCT is undone.

    Raises
    ------
    InputError
        If the stream is damaged, truncated, or not the picture that the header describes.
    UnsupportedError
        If it has more bits than OpenJPEG decodes exactly.
    """
    return _decode(stream, description, lossy=False)


def decode_jpeg2000(stream: bytes, description: PixelDescription) -> Decoded:
    """Decode one frame of a syntax that may be lossy; ICT and RCT are undone, overshoot is kept.

    Raises
    ------
    InputError, UnsupportedError
        As ``decode_jpeg2000_lossless``.
    """
    return _decode(stream, description, lossy=True)


def _decode(stream: bytes, description: PixelDescription, *, lossy: bool) -> Decoded:
    codestream, notes = bare_codestream(stream)
    header, found = read_jpeg2000_header(codestream)
    notes += found + check_coded(header.coded, description)
    if header.coded.bits > MAX_BITS:
        raise UnsupportedError(
            f"the JPEG 2000 stream has {header.coded.bits} bits a sample; up to {MAX_BITS} can be "
            "decoded exactly.",
            hint="Ask the sender for an uncompressed Transfer Syntax or RLE Lossless.",
        )
    with codec_errors(FORMAT):
        values = contiguous(_openjpeg(codestream))
    bits = sign_bits(header.coded, description, lossy=lossy)
    photometric, found = _photometric(header, description)
    if header.is_signed != description.is_signed:
        notes += ("the JPEG 2000 stream and Pixel Representation (0028,0103) differ in sign",)
    return Decoded(
        values=as_pixel_representation(checked(values, description), bits, description),
        photometric_interpretation=photometric,
        decoder=DECODER,
        is_masked=lossy,
        notes=notes + found,
    )


def _photometric(
    header: Jpeg2000Header, description: PixelDescription
) -> tuple[str, tuple[str, ...]]:
    """Decide what the decoded components are (PS3.5 8.2.4)."""
    named = description.photometric_interpretation
    if header.coded.samples != 3:
        return named, ()
    expected = named in ("YBR_ICT", "YBR_RCT")
    if header.undoes_color:
        # A component transform is applied to RGB only; a YBR_FULL left from before is stale.
        stale = not expected and named != "RGB"
        return "RGB", _stale(named) if stale else ()
    return ("RGB", _stale(named)) if expected else (named, ())


def _stale(named: str) -> tuple[str, ...]:
    note = (
        "the JPEG 2000 stream is RGB by its own header, Photometric Interpretation (0028,0004) is"
    )
    return (f"{note} {named}",)


def _openjpeg(codestream: bytes) -> NDArray[Any]:
    import openjpeg.utils

    values: NDArray[Any] = openjpeg.utils.decode(codestream, 0)
    return values
