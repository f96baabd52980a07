"""The window of pictures whose black and white are known without one: segments, and 1-bit pixels.

Min-max would show a segment that fills its frame as black, and a faint one as bright.
"""

from __future__ import annotations

import math
from typing import Any

from dcmconv.plugin import VoiWindow
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange

__all__ = ["find_own_window", "is_binary_segment"]

_WHOLE_BYTE = 255
"""What Maximum Fractional Value (0062,000E) is taken for, where it is missing or 0."""


def find_own_window(
    top: Elements, modality_values: StoredRange, *, bits_stored: int
) -> dict[str, Any]:
    """Return window and source of a Frame whose file offers neither window nor table.

    A segment goes from 0, which is black, to Maximum Fractional Value, or to 1 where it is BINARY
    (PS3.3 C.8.20.2); 1-bit pixels go from the lower to the upper of their two values.

    Parameters
    ----------
    top : Elements
        The dataset.
    modality_values : StoredRange
        What the stored bits allow.
    bits_stored : int
        0 for float pixels.

    Returns
    -------
    dict
        ``voi_windows`` and ``voi_source``; empty for all other pictures.
    """
    kind = top.text("SegmentationType").upper()
    if kind == "FRACTIONAL":
        greatest = top.number("MaximumFractionalValue") or _WHOLE_BYTE
        return _window(0, greatest, "Segmentation")
    if kind == "BINARY":
        return _window(0, 1, "Segmentation")
    if bits_stored == 1 and not kind:
        return _window(*modality_values, "1-bit pixels")
    return {}


def is_binary_segment(top: Elements) -> bool:
    """Whether the frames are segments of 0 and 1, between which there is nothing."""
    return top.text("SegmentationType").upper() == "BINARY"


def _window(black: float, white: float, subject: str) -> dict[str, Any]:
    if not math.isfinite(white - black) or white <= black:
        return {}
    words = f"{black:.10g}..{white:.10g}"
    window = VoiWindow((black + white) / 2, white - black, "LINEAR_EXACT", words)
    return {"voi_windows": (window,), "voi_source": f"{subject} {words}"}
