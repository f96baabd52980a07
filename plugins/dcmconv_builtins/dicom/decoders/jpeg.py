"""JPEG, lossy and lossless (PS3.5 8.2.1), by libjpeg-turbo 3.

The one in simplejpeg decodes lossy streams of 8 bits, and reports damage in their scans.  That in
imagecodecs decodes all others: 12 bits, and lossless up to 16.  Lossless frames equal those of the
reference decoders; lossy ones differ from them as little as they do from each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import DecodedFrame, Decoder, FrameDescription, InputError, UnsupportedError
from dcmconv_builtins.dicom.decoders.decoded import (
    as_pixel_representation,
    check_coded,
    checked,
    codec_errors,
    sign_bits,
)
from dcmconv_builtins.dicom.decoders.jpeg_header import JpegHeader, read_jpeg_header
from dcmconv_builtins.dicom.decoders.jpeg_scan import decode_lossless
from dcmconv_builtins.dicom.decoders.jpeg_turbo import check_scan, decode_8_bit
from dcmconv_builtins.dicom.decoders.syntaxes import JPEG, JPEG_LOSSLESS, uids_of

__all__ = ["JPEG_BASELINE", "Jpeg", "is_ordinary", "is_ycbcr"]

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
BASELINE_FRAME = 0xC0
YCBCR = "YCbCr"
TAIL = 64
FILLERS = (b"\x55" * TAIL, b"\x36\x5b" * TAIL)
"""Bytes appended to a cut scan; pixels that depend on them are not in the file."""

ARITHMETIC_OR_HIERARCHICAL = range(0xC5, 0xD0)  # SOF5 to SOF15 (ISO/IEC 10918-1 Table B.1)


@dataclass(frozen=True, kw_only=True)
class Jpeg(Decoder):
    """JPEG, lossy and lossless, by libjpeg-turbo."""

    transfer_syntaxes = uids_of(JPEG) | uids_of(JPEG_LOSSLESS)

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode one frame; lossy YCbCr comes out as ``RGB``, lossless samples as coded.

        Raises
        ------
        InputError
            If the stream is damaged, truncated, or contradicts the header.
        UnsupportedError
            If it is arithmetic or hierarchical JPEG.
        """
        return _decode(stream, description)

    def salvage(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode what is left of a damaged frame; rows that a cut stream lacks are missing."""
        try:
            return _decode(stream, description)
        except InputError as error:
            reason = error.message.rstrip(".")
        if JPEG.end in stream[-TAIL:]:
            return replace(_decode(stream, description, strict=False), salvaged=reason)
        return replace(_salvaged_part(bytes(stream), description), salvaged=reason)


def _decode(stream: bytes, description: FrameDescription, *, strict: bool = True) -> DecodedFrame:
    header, notes = read_jpeg_header(stream, stream_format="JPEG")
    _check_process(header)
    notes += check_coded(header.coded, description)
    converts = not header.is_lossless and is_ycbcr(header, description)
    photometric, found = _photometric(header, description, converts=converts)
    notes += found
    decoder = JPEG_LOSSLESS.decoder
    if header.is_lossless:
        decode = partial(_imagecodecs, header=header, converts=False)
        values, found = decode_lossless(stream, header, decode) if strict else (decode(stream), ())
    elif header.coded.bits == 8 and header.coded.samples in (1, 3):
        decoder = JPEG.decoder
        values, found = decode_8_bit(stream, header, converts=converts, strict=strict)
    else:
        found = check_scan(stream, header) if strict else ()
        values = _imagecodecs(stream, header=header, converts=converts)
    bits = sign_bits(header.coded, description, lossy=not header.is_lossless)
    return DecodedFrame(
        values=as_pixel_representation(checked(values, description), bits, description),
        photometric_interpretation=photometric,
        is_masked=not header.is_lossless,
        notes=notes + found,
        decoder=decoder,
    )


def _salvaged_part(stream: bytes, description: FrameDescription) -> DecodedFrame:
    """Decode a stream without an end; pixels that depend on appended bytes are not in the file."""
    start = stream.rstrip(b"\0\xff")
    try:
        return _decode(start + JPEG.end, description)
    except InputError:
        first, second = (
            _decode(start + filler + JPEG.end, description, strict=False) for filler in FILLERS
        )
    differs = first.values != second.values
    rows = np.flatnonzero(differs.reshape(len(differs), -1).any(axis=1))
    missing = np.zeros(differs.shape[:2], np.bool_)
    missing[rows[0] if rows.size else len(missing) :] = True
    return replace(first, missing=missing if rows.size else None)


def _imagecodecs(stream: bytes, *, header: JpegHeader, converts: bool) -> NDArray[Any]:
    import imagecodecs

    space = _color_space(header, converts=converts)
    with codec_errors("JPEG", JPEG_LOSSLESS):
        values: NDArray[Any] = imagecodecs.jpeg8_decode(
            stream, colorspace=space, outcolorspace="RGB" if converts else space
        )
    return values


def is_ordinary(stream: bytes, description: FrameDescription) -> bool:
    """Return whether a color JPEG stream is ordinary: its own bytes are the picture.

    Ordinary means baseline, 8 bits, YCbCr, which every viewer shows correctly, and nothing that
    decoding would note.  Its scan is decoded, only to find damage.

    Raises
    ------
    InputError
        As ``Jpeg.decode``.
    """
    header, notes = read_jpeg_header(stream, stream_format="JPEG")
    _check_process(header)
    notes += check_coded(header.coded, description)
    is_baseline = header.frame_marker == BASELINE_FRAME and header.coded.bits == 8
    converts = is_ycbcr(header, description)
    notes += _photometric(header, description, converts=converts)[1]
    return is_baseline and converts and not (notes + check_scan(stream, header))


def is_ycbcr(header: JpegHeader, description: FrameDescription) -> bool:
    """Return whether the three components of a stream are Y, Cb and Cr.

    The stream itself takes precedence: in real files, Photometric Interpretation (0028,0004) is
    wrong more often than it is (PS3.5 8.2.1).  Only where the stream says nothing does it decide.
    """
    if header.coded.samples != 3:
        return False
    own = _own_color(header)
    return own == YCBCR if own else description.photometric_interpretation.startswith("YBR")


def _own_color(header: JpegHeader) -> str:
    """Return what the stream itself says its three components are; empty if it does not."""
    if header.adobe_transform is not None:
        return YCBCR if header.adobe_transform else "RGB"
    if header.is_subsampled:
        # Red, green and blue always have the same resolution.
        return YCBCR
    if header.has_jfif and not header.is_lossless:
        # JFIF does not define RGB, but lossless encoders write it before any samples.
        return YCBCR
    return "RGB" if header.component_ids == b"RGB" else ""


def _color_space(header: JpegHeader, *, converts: bool) -> str:
    if header.coded.samples == 1:
        return "GRAYSCALE"
    if header.coded.samples == 3:
        return "YCBCR" if converts else "RGB"
    return "UNKNOWN"


def _photometric(
    header: JpegHeader, description: FrameDescription, *, converts: bool
) -> tuple[str, tuple[str, ...]]:
    """Return what the decoded samples are, with a note if that is not what the file says."""
    named = description.photometric_interpretation
    if header.coded.samples != 3:
        return named, ()
    is_ybr = is_ycbcr(header, description)
    decoded = "RGB" if converts or not is_ybr else "YBR_FULL"
    if is_ybr == named.startswith("YBR"):
        return (named if header.is_lossless else decoded), ()
    coded = YCBCR if is_ybr else "RGB"
    by_chroma = header.is_subsampled and header.adobe_transform is None
    reason = "because its chroma is subsampled" if by_chroma else "by its own markers"
    return decoded, (
        f"the JPEG stream is {coded} {reason}; Photometric Interpretation (0028,0004) is {named}",
    )


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
            hint="No installable library decodes it; ask the sender for JPEG Lossless.",
        )
