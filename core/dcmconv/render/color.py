"""Colormaps on pictures: as a palette where the writer keeps one, as RGB elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.errors import PluginError
from dcmconv.model.components import Colormap, ColorTable
from dcmconv.model.picture import Picture

__all__ = ["apply_colormap", "checked_table"]

_GRAY_RAMP = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)


def checked_table(colormap: Colormap) -> ColorTable:
    """Return a colormap's table.

    Raises
    ------
    PluginError
        If it is not a uint8 array of shape (256, 3).
    """
    table = np.asarray(colormap.table())
    if table.shape != (256, 3) or table.dtype != np.uint8:
        raise PluginError(
            f"{type(colormap).__name__}.table() gave {table.dtype} of shape {table.shape}; "
            "uint8 of shape (256, 3) is needed.",
            hint="Try the plugin with dcmconv.testing.ColormapConformance.",
        )
    return table


def apply_colormap(picture: Picture, table: ColorTable, *, as_palette: bool) -> Picture:
    """Give a gray display picture its colours.

    Pictures that have colours already, and those that are not display values, pass by.  A table
    that is plain gray changes nothing.

    Parameters
    ----------
    picture : Picture
        Any.
    table : uint8 array, shape (256, 3)
        Row *i* for display value *i*; 16-bit values interpolate between rows.
    as_palette : bool
        Keep 8-bit values and let ``picture.palette`` carry the colours.
    """
    if picture.is_color or picture.domain != "display" or np.array_equal(table, _GRAY_RAMP):
        return picture
    picture = picture.with_(color_table=table)
    if picture.bits == 8 and as_palette:
        return picture.with_(palette=table)
    if picture.bits == 8:
        # Every uint8 is a valid row, so "clip" only switches the bounds check off.
        return picture.with_(pixels=table.take(picture.pixels, axis=0, mode="clip"))
    return picture.with_(pixels=_interpolated(picture.pixels, table))


def _interpolated(display_values: NDArray[Any], table: ColorTable) -> NDArray[np.uint16]:
    """Look 16-bit display values up in a table of 65,536 colours drawn through the 256."""
    position = np.arange(65536) * (255 / 65535)
    channels = [np.interp(position, np.arange(256), table[:, c] * 257.0) for c in range(3)]
    wide_table = np.floor(np.stack(channels, axis=-1) + 0.5).astype(np.uint16)
    return wide_table.take(display_values, axis=0, mode="clip")
