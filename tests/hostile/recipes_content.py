"""Pixels whose ambiguous header their content resolves, or does not."""

from __future__ import annotations

import numpy as np
from pydicom.uid import RLELossless
from support.dicom_files import as_bytes, changed, color, instance, item, monochrome
from support.doubtful_pixels import (
    big_endian,
    flattened,
    ge_private,
    pmsct_rle1,
    shifted,
    thumbnail,
    with_private_pixels,
    without_frame_count,
)
from support.presentation_states import with_overlay
from support.streams import encoded

from hostile.base import BYTES, RAMP, ramp
from hostile.recipes_color import RGB

WIDE = RAMP.astype(np.uint32) * 1000
NOISE = np.random.default_rng(35).integers(0, 2**32, (64, 64), np.uint32)
PLANE = RAMP > 2000
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"


def lut(bits: int) -> dict[str, list]:
    entries = (np.arange(4096) << (bits - 12)).astype("<u2")
    table = item(LUTDescriptor=[4096, 0, 16], LUTData=entries.tobytes())
    table["LUTData"].VR = "OW"
    return {"VOILUTSequence": [table]}


def rle_frames() -> bytes:
    several = monochrome(np.stack([BYTES] * 4))
    streams = [encoded("rle", BYTES)] * 4
    return as_bytes(without_frame_count(several, streams, RLELossless))


RECIPES = {
    "thumbnail-before-the-image": lambda: flattened(thumbnail(), ramp()),
    "thumbnail-after-the-image": lambda: flattened(ramp(), thumbnail()),
    "two-images-of-one-size": lambda: flattened(ramp(), ramp()),
    "voi-lut-12-bits-of-16": lambda: as_bytes(ramp(**lut(12))),
    "voi-lut-14-bits-of-16": lambda: as_bytes(ramp(**lut(14))),
    "frames-unsaid-native": lambda: as_bytes(monochrome(np.stack([RAMP] * 4), NumberOfFrames=None)),
    "frames-unsaid-encapsulated": rle_frames,
    "frames-unsaid-or-16-bits": lambda: as_bytes(
        monochrome(BYTES, PixelData=(RAMP * 16).tobytes())
    ),
    "samples-missing-of-rgb": lambda: as_bytes(color(RGB, SamplesPerPixel=None)),
    "pmsct-rle1": lambda: as_bytes(with_private_pixels(RAMP, pmsct_rle1(RAMP.ravel().tolist()))),
    "pmsct-rle1-too-short": lambda: as_bytes(with_private_pixels(RAMP, pmsct_rle1([1, 2, 3]))),
    "pmsct-of-another-kind": lambda: as_bytes(
        with_private_pixels(RAMP, b"\0\0", encoding="PMSCT_RGB1")
    ),
    "ge-private": lambda: ge_private(ramp(), RAMP.astype(">u2").tobytes()),
    "high-bit-contradicted": lambda: as_bytes(shifted(RAMP)),
    "big-endian-32-low-word-first": lambda: big_endian(WIDE, low_word_first=True),
    "big-endian-32-high-word-first": lambda: big_endian(WIDE, low_word_first=False),
    "big-endian-32-noise": lambda: big_endian(NOISE, low_word_first=True),
    "only-an-overlay": lambda: as_bytes(with_overlay(monochrome(RAMP * 0), PLANE)),
    "report-with-empty-pixels": lambda: as_bytes(
        changed(instance(RT_STRUCTURE_SET), Rows=0, Columns=0, PixelData=b"")
    ),
    "unknown-image-without-pixels": lambda: as_bytes(
        changed(ramp(PixelData=None), SOPClassUID="2.25.1234567")
    ),
}
