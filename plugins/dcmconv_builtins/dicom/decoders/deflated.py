"""Deflated Image Frame Compression (PS3.5 A.4.12): each frame is a separate DEFLATE stream."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

from dcmconv.plugin import DecodedFrame, Decoder, FrameDescription, InputError
from dcmconv_builtins.dicom.decoders.decoded import surplus_note, truncated
from dcmconv_builtins.dicom.decoders.native import as_pixel_description, decode_native, frame_bytes
from dcmconv_builtins.dicom.decoders.syntaxes import DEFLATE, uids_of
from dcmconv_builtins.dicom.hints import DAMAGED

__all__ = ["Deflate"]


@dataclass(frozen=True, kw_only=True)
class Deflate(Decoder):
    """Deflated frames, by zlib."""

    transfer_syntaxes = uids_of(DEFLATE)

    def decode(
        self, stream: bytes, description: FrameDescription, transfer_syntax: str
    ) -> DecodedFrame:
        """Inflate one frame, never beyond its described size, and read it as native pixels.

        Raises
        ------
        InputError
            If the stream is damaged, ends early, or contains more than the frame.
        """
        described = as_pixel_description(description)
        needed = frame_bytes(described)
        inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        try:
            # One byte of padding, and one more to detect a surplus.
            content = inflater.decompress(stream, needed + 2)
        except zlib.error as error:
            raise InputError(f"the deflated stream is damaged: {error}", hint=DAMAGED) from error
        if len(content) > needed + 1:
            raise InputError(
                f"the deflated stream contains more than the {needed} bytes of the frame.",
                hint=DAMAGED,
                reason="mismatch",
            )
        if not inflater.eof or len(content) < needed:
            raise truncated("deflated", f"it inflates to {len(content)} of {needed} bytes")
        decoded = decode_native(content, described)
        surplus = len(inflater.unused_data.rstrip(b"\0\xff"))
        notes = decoded.notes + surplus_note(surplus)
        return replace(decoded, decoder=DEFLATE.decoder, notes=notes)
