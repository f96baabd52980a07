"""JPEG 2000 and High-Throughput JPEG 2000 (PS3.5 8.2.4, 8.2.15), by OpenJPEG.

The OpenJPH in imagecodecs decodes HTJ2K twice as fast, but it wraps lossy values that overshoot
(1331 samples of one real picture), and imagecodecs returns the streams that it finds damaged as
pictures, without an exception (100 of 600 with one flipped bit; OpenJPEG rejected each of them).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from dcmconv.plugin import DecodedFrame, Decoder, FrameDescription, InputError, UnsupportedError
from dcmconv_builtins.dicom.decoders.decoded import (
    as_pixel_representation,
    check_coded,
    checked,
    codec_errors,
    contiguous,
    sign_bits,
    surplus_note,
)
from dcmconv_builtins.dicom.decoders.jpeg2000_header import (
    FORMAT,
    Jpeg2000Header,
    bare_codestream,
    closed_codestream,
    read_jpeg2000_header,
)
from dcmconv_builtins.dicom.decoders.syntaxes import JPEG_2000, LOSSY, uids_of

__all__ = ["Jpeg2000"]

MAX_BITS = 25
"""Widest samples that OpenJPEG decodes exactly; of 26 bits, the lowest is sometimes wrong."""


@dataclass(frozen=True, kw_only=True)
class Jpeg2000(Decoder):
    """JPEG 2000 and High-Throughput JPEG 2000, by OpenJPEG."""

    transfer_syntaxes = uids_of(JPEG_2000)

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode one frame; ICT and RCT are undone, overshoot of lossy streams is kept.

        Raises
        ------
        InputError
            If the stream is damaged, truncated, or contradicts the header.
        UnsupportedError
            If it has more bits than OpenJPEG decodes exactly.
        """
        codestream, notes = bare_codestream(stream)
        header = read_jpeg2000_header(codestream)
        notes += check_coded(header.coded, description) + surplus_note(header.surplus)
        if header.coded.bits > MAX_BITS:
            raise UnsupportedError(
                f"the JPEG 2000 stream has {header.coded.bits} bits per sample; up to {MAX_BITS} "
                "can be decoded exactly.",
                hint="Ask the sender for an uncompressed Transfer Syntax or RLE Lossless.",
            )
        with codec_errors(FORMAT, JPEG_2000):
            values = contiguous(_openjpeg(codestream))
        lossy = transfer_syntax in LOSSY
        bits = sign_bits(header.coded, description, lossy=lossy)
        photometric, found = _photometric(header, description)
        if header.is_signed != description.is_signed:
            notes += ("the JPEG 2000 stream and Pixel Representation (0028,0103) differ in sign",)
        return DecodedFrame(
            values=as_pixel_representation(checked(values, description), bits, description),
            photometric_interpretation=photometric,
            # To mask a lossy value that overshoots would wrap it around.
            is_masked=lossy,
            notes=notes + found,
        )

    def salvage(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode what is left of a damaged frame, as far as its tile-parts go."""
        try:
            return self.decode(stream, description, transfer_syntax)
        except InputError as error:
            reason = error.message.rstrip(".")
        closed = closed_codestream(bare_codestream(stream)[0])
        return replace(self.decode(closed, description, transfer_syntax), salvaged=reason)


def _photometric(
    header: Jpeg2000Header, description: FrameDescription
) -> tuple[str, tuple[str, ...]]:
    """Decide what the decoded components are (PS3.5 8.2.4)."""
    named = description.photometric_interpretation
    if header.coded.samples != 3:
        return named, ()
    expected = named in ("YBR_ICT", "YBR_RCT")
    if header.undoes_color:
        # A component transform is applied to RGB only: a YBR_FULL in the header is out of date.
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
