"""Truncated codestreams inside intact files: all are rejected as truncated."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import numpy as np
from support.dicom_files import as_bytes, encapsulated, monochrome
from support.reading import read_frames
from support.streams import SYNTAX, encoded, gray

from dcmconv.plugin import DcmconvError

CODECS: dict[str, tuple[str, type]] = {
    "JPEG baseline": ("jpeg", np.uint8),
    "JPEG lossless, 8 bits": ("jpeg-lossless", np.uint8),
    "JPEG lossless, 16 bits": ("jpeg-lossless", np.uint16),
    "JPEG-LS, 8 bits": ("jpeg-ls", np.uint8),
    "JPEG-LS, 16 bits": ("jpeg-ls", np.uint16),
    "JPEG 2000": ("jpeg-2000", np.uint16),
    "RLE, 8 bits": ("rle", np.uint8),
    "RLE, 16 bits": ("rle", np.uint16),
}
"""The eight that other readers were measured with."""

MORE: dict[str, tuple[str, type]] = {
    "HTJ2K": ("htj2k", np.uint16),
    "JPEG XL": ("jpeg-xl", np.uint16),
    "deflated frames": ("deflated-frame", np.uint16),
    "encapsulated, uncompressed": ("encapsulated-uncompressed", np.uint16),
    "JPEG progressive": ("jpeg-progressive", np.uint8),
    "JPEG extended, 12 bits": ("jpeg-12", np.uint16),
}


def frame_of(codec: str) -> tuple[str, np.ndarray, bytes]:
    """Return the Transfer Syntax, a frame with texture, and its codestream."""
    syntax, dtype = {**CODECS, **MORE}[codec]
    values = gray(dtype, bits=12 if syntax == "jpeg-12" else 0)
    noise = np.random.default_rng(7).integers(0, 16, values.shape).astype(dtype)
    values = (values & ~dtype(15)) | noise
    return SYNTAX[syntax], values, encoded(syntax, values)


def file_with(transfer_syntax: str, values: np.ndarray, stream: bytes) -> bytes:
    """Return a file that is complete except for its one codestream."""
    bits = {"BitsStored": 12, "HighBit": 11} if transfer_syntax.endswith(".51") else {}
    return as_bytes(encapsulated(monochrome(values, **bits), transfer_syntax, [stream]))


def cuts(stream: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield the stream cut at different lengths, without its padding."""
    whole = stream.rstrip(b"\0") if stream[-1:] == b"\0" else stream
    places = random.Random(seed).sample(range(2, len(whole)), count)
    for place in sorted(places):
        yield whole[:place]


def truncations(codec: str, count: int, seed: int = 1) -> Counter[str]:
    """Count the outcomes; ``picture`` must not be one of them."""
    transfer_syntax, values, stream = frame_of(codec)
    found: Counter[str] = Counter()
    for short in cuts(stream, count, seed):
        try:
            read_frames(file_with(transfer_syntax, values, short))
            found["picture"] += 1
        except DcmconvError as error:
            found[error.reason] += 1
    return found


def whole(codec: str) -> int:
    """Return how many frames the uncut file gives."""
    transfer_syntax, values, stream = frame_of(codec)
    return len(read_frames(file_with(transfer_syntax, values, stream)))
