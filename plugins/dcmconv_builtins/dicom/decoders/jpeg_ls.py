"""JPEG-LS (PS3.5 8.2.3), by the CharLS in imagecodecs.

It returns every interleave mode by pixel, and detects most damage of all the decoders tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dcmconv.plugin import DecodedFrame, Decoder, FrameDescription, InputError, UnsupportedError
from dcmconv_builtins.dicom.decoders.decoded import (
    as_pixel_representation,
    check_coded,
    checked,
    codec_errors,
    contiguous,
    only_jpeg2000_has,
    sign_bits,
)
from dcmconv_builtins.dicom.decoders.jpeg_header import NO_END, read_jpeg_header
from dcmconv_builtins.dicom.decoders.syntaxes import JPEG_LS, LOSSY, uids_of

__all__ = ["JpegLs"]


@dataclass(frozen=True, kw_only=True)
class JpegLs(Decoder):
    """JPEG-LS, lossless and near-lossless, by CharLS."""

    transfer_syntaxes = uids_of(JPEG_LS)

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode one frame; color stays as coded.

        Raises
        ------
        InputError
            If the stream is damaged, truncated, or contradicts the header.
        UnsupportedError
            If some of its components have fewer samples than others.
        """
        header, notes = read_jpeg_header(stream, stream_format="JPEG-LS")
        if not header.is_jpeg_ls:
            raise InputError(
                "the stream is JPEG; the Transfer Syntax UID (0002,0010) names JPEG-LS.",
                hint="Correct it to the syntax that the sender used, for example with dcmodify.",
                reason="mismatch",
            )
        notes += check_coded(header.coded, description)
        notes += only_jpeg2000_has(description.photometric_interpretation)
        if header.is_subsampled:
            raise UnsupportedError(
                "the components of the JPEG-LS stream differ in size.",
                hint="No installable library decodes it; ask the sender for RLE Lossless.",
            )

        import imagecodecs

        with codec_errors("JPEG-LS", JPEG_LS):
            values = contiguous(imagecodecs.jpegls_decode(stream))
        lossy = transfer_syntax in LOSSY
        bits = sign_bits(header.coded, description, lossy=lossy)
        return DecodedFrame(
            values=as_pixel_representation(checked(values, description), bits, description),
            photometric_interpretation=description.photometric_interpretation,
            # A lossless stream may hold whole cells, with bits outside Bits Stored.
            is_masked=lossy,
            notes=notes,
        )

    def salvage(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Decode a frame of which nothing but the end marker is missing."""
        try:
            return self.decode(stream, description, transfer_syntax)
        except InputError as error:
            if not error.message.endswith(f"{NO_END}."):
                raise
            reason = error.message.rstrip(".")
        closed = bytes(stream).rstrip(b"\0\xff") + JPEG_LS.end
        return replace(self.decode(closed, description, transfer_syntax), salvaged=reason)
