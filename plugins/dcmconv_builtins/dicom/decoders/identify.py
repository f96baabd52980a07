"""Identify a codestream by its first bytes, for files whose Transfer Syntax is wrong."""

from __future__ import annotations

from itertools import pairwise

from dcmconv.plugin import FrameDescription
from dcmconv_builtins.dicom.decoders.jpeg_header import (
    JPEG_LS_FRAME,
    LOSSLESS_FRAME,
    START_OF_SCAN,
    header_segments,
    segment_end,
)
from dcmconv_builtins.dicom.decoders.rle import HEADER_BYTES, rle_offsets
from dcmconv_builtins.dicom.decoders.syntaxes import (
    DICOM,
    JPEG,
    JPEG_2000,
    JPEG_XL,
    SYNTAXES,
    TransferSyntax,
)

__all__ = ["identify_stream"]

BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
_JPEG_UIDS = {BASELINE: "4.50", EXTENDED: "4.51", PROGRESSIVE: "4.55"}
FIRST_ORDER = 1
CODING_STYLE, HIGH_THROUGHPUT, START_OF_TILE_PART = 0x52, 0x50, 0x90
_MARKERS = 4096
"""How far the main header of a JPEG 2000 codestream is searched."""


def identify_stream(stream: bytes, description: FrameDescription) -> TransferSyntax | None:
    """Return the Transfer Syntax that a codestream is in by its own markers; None if it has none.

    RLE has no marker, but a header of 64 bytes that leaves no doubt.
    """
    if stream.startswith(JPEG.starts):
        last = _jpeg(stream)
    elif stream.startswith(JPEG_2000.starts):
        last = _jpeg_2000(stream)
    elif stream.startswith(JPEG_XL.starts):
        last = "4.112"
    elif _is_rle(stream, description):
        last = "5"
    else:
        return None
    return SYNTAXES.get(f"{DICOM}.{last}")


def _jpeg(stream: bytes) -> str:
    try:
        places = dict(header_segments(stream))
    except (EOFError, ValueError):
        return ""
    end = segment_end(stream, places[START_OF_SCAN])
    # A scan header ends with the predictor, or NEAR, and two further bytes.
    parameter = int.from_bytes(stream[end - 3 : end - 2], "big")
    if JPEG_LS_FRAME in places:
        return "4.81" if parameter else "4.80"
    if LOSSLESS_FRAME in places:
        return "4.70" if parameter == FIRST_ORDER else "4.57"
    return next((uid for marker, uid in _JPEG_UIDS.items() if marker in places), "")


def _jpeg_2000(stream: bytes) -> str:
    head = bytes(stream[:_MARKERS])
    start = max(head.find(JPEG_2000.starts[0]), 0)
    is_high, is_reversible = False, False
    position = start + 2
    while position + 14 <= len(head) and head[position] == 0xFF:
        marker = head[position + 1]
        if marker == START_OF_TILE_PART:
            break
        is_high = is_high or marker == HIGH_THROUGHPUT
        if marker == CODING_STYLE:
            # The wavelet: 1 is the reversible one (ISO/IEC 15444-1 Table A.20).
            is_reversible = head[position + 13] == 1
        position = segment_end(head, position)
    if is_high:
        return "4.201" if is_reversible else "4.203"
    return "4.90" if is_reversible else "4.91"


def _is_rle(stream: bytes, description: FrameDescription) -> bool:
    if len(stream) <= HEADER_BYTES:
        return False
    offsets = rle_offsets(stream)
    needed = description.samples_per_pixel * ((description.bits_allocated + 7) // 8)
    bounds = [*offsets, len(stream)]
    return (
        len(offsets) == needed
        and offsets[0] == HEADER_BYTES
        and all(first < following for first, following in pairwise(bounds))
        and not any(stream[4 + 4 * needed : HEADER_BYTES])  # unused offsets are 0
    )
