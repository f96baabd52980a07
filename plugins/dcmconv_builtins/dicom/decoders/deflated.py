"""Deflated Image Frame Compression (PS3.5 A.4.12): each frame a DEFLATE stream of its own."""

from __future__ import annotations

import zlib

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.decoders.decoded import Decoded, truncated
from dcmconv_builtins.dicom.decoders.native import decode_native, frame_bytes
from dcmconv_builtins.dicom.hints import DAMAGED
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = ["DECODER", "decode_deflated"]

DECODER = "zlib"


def decode_deflated(stream: bytes, description: PixelDescription) -> Decoded:
    """Inflate one frame, never further than its described size, and read it as native pixels.

    Raises
    ------
    InputError
        If the stream is damaged, ends too soon, or holds more than the frame.
    """
    needed = frame_bytes(description)
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        # One byte of padding and one to see that there is more.
        content = inflater.decompress(stream, needed + 2)
    except zlib.error as error:
        raise InputError(f"the deflated stream is damaged: {error}", hint=DAMAGED) from error
    if len(content) > needed + 1:
        raise InputError(
            f"the deflated stream holds more than the {needed} bytes of the frame.",
            hint=DAMAGED,
            reason="mismatch",
        )
    if not inflater.eof or len(content) < needed:
        raise truncated("deflated", f"{len(content)} bytes of {needed} came out")
    native = decode_native(content, description)
    return Decoded(
        values=native.values,
        photometric_interpretation=native.photometric_interpretation,
        decoder=DECODER,
    )
