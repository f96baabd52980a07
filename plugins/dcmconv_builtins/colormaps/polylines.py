"""Colormaps of straight lines: ``gray``, and ``bone``, ``hot``, ``jet`` as in matplotlib.

Each channel is a polyline: positions of its corners between 0 and 1, and the brightness at each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Colormap, ColorTable

__all__ = ["Bone", "Gray", "Hot", "Jet", "polyline_table"]

FloatArray = NDArray[np.float64]
Polyline = tuple[tuple[float, ...], tuple[float, ...]]
"""Positions of the corners, ascending from 0 to 1, and the brightness at each."""

# The corners of matplotlib's _cm.py.
_BONE_RED: Polyline = ((0.0, 0.746032, 1.0), (0.0, 0.652778, 1.0))
_BONE_GREEN: Polyline = ((0.0, 0.365079, 0.746032, 1.0), (0.0, 0.319444, 0.777778, 1.0))
_BONE_BLUE: Polyline = ((0.0, 0.365079, 1.0), (0.0, 0.444444, 1.0))

_HOT_RED: Polyline = ((0.0, 0.365079, 1.0), (0.0416, 1.0, 1.0))
_HOT_GREEN: Polyline = ((0.0, 0.365079, 0.746032, 1.0), (0.0, 0.0, 1.0, 1.0))
_HOT_BLUE: Polyline = ((0.0, 0.746032, 1.0), (0.0, 0.0, 1.0))

_JET_RED: Polyline = ((0.0, 0.35, 0.66, 0.89, 1.0), (0.0, 0.0, 1.0, 1.0, 0.5))
_JET_GREEN: Polyline = ((0.0, 0.125, 0.375, 0.64, 0.91, 1.0), (0.0, 0.0, 1.0, 1.0, 0.0, 0.0))
_JET_BLUE: Polyline = ((0.0, 0.11, 0.34, 0.65, 1.0), (0.5, 1.0, 1.0, 0.0, 0.0))


def polyline_table(red: Polyline, green: Polyline, blue: Polyline) -> ColorTable:
    """Return the 256 colors of three polylines.

    Parameters
    ----------
    red, green, blue : Polyline
        Positions and brightness of the corners of each channel, both from 0 to 1.

    Returns
    -------
    uint8 array, shape (256, 3)
        Row *i* is the RGB color of display value *i*.  A new array.
    """
    channels = [
        _channel(np.array(corners), np.array(levels)) for corners, levels in (red, green, blue)
    ]
    # matplotlib truncates.
    return (np.stack(channels, axis=-1) * 255).astype(np.uint8)


def _channel(corners: FloatArray, levels: FloatArray) -> FloatArray:
    # The order of operations is that of matplotlib, for the same float noise where a level is a
    # whole number before truncation; np.interp is one level off in a few places.
    corners = corners * 255
    position = 255 * np.linspace(0.0, 1.0, 256)
    right = np.clip(np.searchsorted(corners, position), 1, len(corners) - 1)
    left = right - 1
    share = (position - corners[left]) / (corners[right] - corners[left])
    return share * (levels[right] - levels[left]) + levels[left]


@dataclass(frozen=True, kw_only=True)
class Gray(Colormap):
    """Black to white: every display value unchanged."""

    def table(self) -> ColorTable:
        """Return the colors; no level is lost (float noise in matplotlib darkens 24 by one)."""
        return np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)


@dataclass(frozen=True, kw_only=True)
class Bone(Colormap):
    """Gray with a faint blue cast: the look of an X-ray film."""

    def table(self) -> ColorTable:
        """Return the colors."""
        return polyline_table(_BONE_RED, _BONE_GREEN, _BONE_BLUE)


@dataclass(frozen=True, kw_only=True)
class Hot(Colormap):
    """Black through red and yellow to white: glowing iron."""

    def table(self) -> ColorTable:
        """Return the colors."""
        return polyline_table(_HOT_RED, _HOT_GREEN, _HOT_BLUE)


@dataclass(frozen=True, kw_only=True)
class Jet(Colormap):
    """Blue through green to red: a rainbow; brightness does not increase with the value."""

    def table(self) -> ColorTable:
        """Return the colors."""
        return polyline_table(_JET_RED, _JET_GREEN, _JET_BLUE)
