"""JPEG, lossy and lossless (PS3.5 8.2.1), by the libjpeg-turbo 3 in imagecodecs.

It decodes 8, 12 and 16 bits, sequential, progressive and lossless.  Lossless frames equal those of
the reference decoders; lossy ones differ from them as little as they do from each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from dcmconv.plugin import DecodedFrame, Decoder, FrameDescription, InputError, UnsupportedError
from dcmconv_builtins.dicom.decoders.decoded import (
    as_pixel_representation,
    check_coded,
    checked,
    codec_errors,
    sign_bits,
)
from dcmconv_builtins.dicom.decoders.jpeg_header import JpegHeader, read_jpeg_header
from dcmconv_builtins.dicom.decoders.syntaxes import JPEG, uids_of

__all__ = ["JPEG_BASELINE", "Jpeg", "is_ycbcr", "ordinary_head"]

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
BASELINE_FRAME = 0xC0

ARITHMETIC_OR_HIERARCHICAL = range(0xC5, 0xD0)


@dataclass(frozen=True, kw_only=True)
class Jpeg(Decoder):
    """JPEG, lossy and lossless, by libjpeg-turbo."""

    transfer_syntaxes = uids_of(JPEG)

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
        header, notes = read_jpeg_header(stream, stream_format="JPEG")
        _check_process(header)
        notes += check_coded(header.coded, description)
        converts = not header.is_lossless and is_ycbcr(header, description)
        space = _color_space(header, converts=converts)

        import imagecodecs

        with codec_errors("JPEG", JPEG):
            values = imagecodecs.jpeg8_decode(
                stream, colorspace=space, outcolorspace="RGB" if converts else space
            )
        lossy = not header.is_lossless
        bits = sign_bits(header.coded, description, lossy=lossy)
        photometric = description.photometric_interpretation
        if lossy and header.coded.samples == 3:
            notes += _color_note(photometric, converts=converts)
            photometric = "RGB"
        return DecodedFrame(
            values=as_pixel_representation(checked(values, description), bits, description),
            photometric_interpretation=photometric,
            is_masked=lossy,
            notes=notes,
        )


def ordinary_head(stream: bytes, description: FrameDescription) -> bytes:
    """Return the header of an ordinary color JPEG stream; empty for any other stream.

    Ordinary is baseline, 8 bits, YCbCr, which every viewer shows correctly, and nothing that
    decoding would note.

    Raises
    ------
    InputError
        As ``Jpeg.decode``, for faults in the stream's header and a missing end.
    """
    header, notes = read_jpeg_header(stream, stream_format="JPEG")
    _check_process(header)
    notes += check_coded(header.coded, description)
    is_baseline = header.frame_marker == BASELINE_FRAME and header.coded.bits == 8
    converts = is_ycbcr(header, description)
    notes += _color_note(description.photometric_interpretation, converts=converts)
    return stream[: header.size] if is_baseline and converts and not notes else b""


def is_ycbcr(header: JpegHeader, description: FrameDescription) -> bool:
    """Return whether the three components of a lossy stream are Y, Cb and Cr.

    The stream's own markers take precedence: in real files, Photometric Interpretation (0028,0004)
    is wrong more often than they are.  Without markers, it decides.
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
            hint="No installable library decodes it; ask the sender for JPEG Lossless.",
        )
