"""Frames with overlay planes, by a name that a spawned worker can find."""

from __future__ import annotations

import numpy as np

from dcmconv.plugin import Frame
from dcmconv_builtins.dicom.objects.overlay import OverlayLayer


def with_an_overlay() -> Frame:
    """Return a frame of 6 by 8 with a plane over its left half."""
    coverage = np.zeros((6, 8), bool)
    coverage[:, :4] = True
    layer = OverlayLayer("overlay", coverage, drawn=False, group=0x6002)
    stored_values = np.arange(48, dtype=np.uint8).reshape(6, 8)
    return Frame(stored_values=stored_values, bits_stored=8, layers=(layer,))
