"""Drawing layers, and cutting out a view: what a frame asks for before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.frame import Spacing
from dcmconv.model.layers import Layer, View
from dcmconv.model.picture import Picture

__all__ = ["apply_view", "draw_layers"]


def draw_layers(picture: Picture, layers: Sequence[Layer]) -> Picture:
    """Draw layers over a display picture, in their order.

    A gray picture stays gray while every layer is; a coloured layer makes it RGB.

    Parameters
    ----------
    picture : Picture
        Gray, RGB or RGBA display values, without a palette.
    layers : sequence of Layer
        At the resolution of the picture.

    Returns
    -------
    Picture
        A new one; other domains than ``display`` pass by.
    """
    if picture.domain != "display" or not layers:
        return picture
    top = float(np.iinfo(picture.pixels.dtype).max)
    values = picture.pixels.astype(np.float64)
    if values.ndim == 2 and any(len(set(layer.color)) > 1 for layer in layers):
        values = np.repeat(values[..., np.newaxis], 3, axis=2)
    for layer in layers:
        opacity = _opacity(layer.coverage)
        color = np.asarray(layer.color) * top
        if values.ndim == 2:
            values += (color[0] - values) * opacity
        else:
            colors = values[..., :3]
            colors += (color - colors) * opacity[..., np.newaxis]
    return picture.with_(pixels=np.floor(values + 0.5).astype(picture.pixels.dtype))


def apply_view(picture: Picture, view: View) -> Picture:
    """Cut out the region, then rotate, then flip (PS3.3 C.10.4, C.10.6).

    Works on every domain and dtype; spacing and aspect turn with the picture.
    """
    pixels = picture.pixels
    if view.region is not None:
        pixels = _cut(pixels, view.region, picture.background)
    pixels = np.rot90(pixels, -view.rotation // 90)
    if view.is_flipped:
        pixels = pixels[:, ::-1]
    pixels = np.ascontiguousarray(pixels)
    if view.rotation % 180 == 0:
        return picture.with_(pixels=pixels)
    spacing = picture.spacing
    turned = spacing and Spacing(spacing.columns, spacing.rows, spacing.attribute)
    return picture.with_(pixels=pixels, spacing=turned, aspect=1 / picture.aspect)


def _opacity(coverage: NDArray[Any]) -> NDArray[np.float64]:
    scale = 1.0 if coverage.dtype == np.bool_ else 255.0
    opacity: NDArray[np.float64] = coverage.astype(np.float64) / scale
    return opacity


def _cut(pixels: NDArray[Any], region: tuple[int, int, int, int], background: int) -> NDArray[Any]:
    column, row, columns, rows = region
    result = np.full((rows, columns, *pixels.shape[2:]), background, pixels.dtype)
    first_row, last_row = max(row, 0), min(row + rows, pixels.shape[0])
    first_column, last_column = max(column, 0), min(column + columns, pixels.shape[1])
    if first_row < last_row and first_column < last_column:
        inside = pixels[first_row:last_row, first_column:last_column]
        result[first_row - row : last_row - row, first_column - column : last_column - column] = (
            inside
        )
    return result
