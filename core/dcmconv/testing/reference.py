"""Display values the slow, plain way: float64, pixel by pixel, no table.

What the engine folds into one lookup table must give the same picture as this.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.curve import CurveLike
from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Lut

__all__ = ["background_of", "display_values"]


def background_of(frame: Frame) -> NDArray[np.bool_]:
    """Return where a frame is no image: padding, and modality values that are not finite."""
    outside: NDArray[np.bool_] = ~np.isfinite(frame.modality_values())
    if frame.padding is not None:
        values = frame.stored_values
        outside |= (values >= frame.padding.first) & (values <= frame.padding.last)
    return outside


def display_values(
    frame: Frame, curve: CurveLike, *, bits: int = 8, invert: bool = False
) -> NDArray[Any]:
    """Return the picture of a frame under a curve: curve, clip, presentation, polarity, round.

    Returns
    -------
    uint8 or uint16 array, shape (rows, columns)
        Padding and values that are not finite are 0, after polarity; a half is rounded up.
    """
    outside = background_of(frame)
    modality_values = np.where(outside, 0.0, frame.modality_values())
    shown = np.asarray(curve(modality_values), dtype=np.float64)
    outside |= ~np.isfinite(shown)
    shown = np.clip(np.where(outside, 0.0, shown), 0, 1)
    if isinstance(frame.presentation, Lut):
        table = frame.presentation
        last = len(table.entries) - 1
        p_input = _rounded(shown * last, last) + table.first
        shown = table(p_input) / (2**table.bits - 1)
    white = 2**bits - 1
    scaled = shown * white
    rounded = _rounded(white - scaled if frame.is_inverted != invert else scaled, white)
    rounded[outside] = 0
    pixels: NDArray[Any] = rounded.astype(np.uint8 if bits == 8 else np.uint16)
    return pixels


def _rounded(values: NDArray[np.float64], top: float) -> NDArray[np.float64]:
    # A half that decimals left short by 2**-36 of the whole scale, and no more, goes up as well.
    up: NDArray[np.float64] = np.floor(values + 0.5 + top * 2.0**-36)
    return up
