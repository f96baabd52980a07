"""Drawing in colors, for every dtype and number of channels that a picture can have."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Picture

__all__ = [
    "RGB",
    "canvas_like",
    "contrast_of",
    "covered",
    "in_colors",
    "on_canvas",
    "paint",
    "parse_color",
]

RGB = tuple[int, int, int]
"""A color, 0 to 255 per channel, whatever the depth of the picture."""


@lru_cache(maxsize=64)
def parse_color(text: str) -> RGB:
    """Read a color: a name such as ``yellow``, or ``#ffcc00``.

    Raises
    ------
    ValueError
        If it is neither.
    """
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError:
        raise ValueError(
            f"unknown color '{text}'; expected a name such as yellow, or #ffcc00"
        ) from None
    return red, green, blue


def contrast_of(color: RGB) -> RGB:
    """Return black for a light color and white for a dark one (ITU-R BT.601 luma)."""
    red, green, blue = color
    # 127500 is half of 255 * 1000, the sum of the weights.
    return (0, 0, 0) if 299 * red + 587 * green + 114 * blue >= 127500 else (255, 255, 255)


def in_colors(picture: Picture, *colors: RGB) -> Picture:
    """Return the picture in a form that can show the colors: RGB if one of them is not gray.

    A palette is resolved, because the colors need not be in it.
    """
    if picture.palette is not None:
        return picture.with_(pixels=picture.palette[picture.pixels], palette=None)
    if picture.is_color or all(len(set(color)) == 1 for color in colors):
        return picture
    return picture.with_(pixels=np.repeat(picture.pixels[..., np.newaxis], 3, axis=2))


def canvas_like(pixels: NDArray[Any], rows: int, columns: int, fill: int) -> NDArray[Any]:
    """Return an opaque array of the same dtype and channels, filled with a display value."""
    canvas = np.empty((rows, columns, *pixels.shape[2:]), pixels.dtype)
    _fill(canvas, fill)
    return canvas


def _fill(canvas: NDArray[Any], level: int) -> None:
    canvas[...] = level
    if canvas.ndim == 3 and canvas.shape[2] == 4:
        canvas[..., 3] = np.iinfo(canvas.dtype).max


def on_canvas(
    pixels: NDArray[Any], shape: tuple[int, int], corner: tuple[int, int], fill: int
) -> NDArray[Any]:
    """Return a larger opaque array (rows, columns) with the pixels at a corner (row, column).

    Only what is around them is filled, so that each value is written once.
    """
    (rows, columns), (top, left) = shape, corner
    bottom, right = top + pixels.shape[0], left + pixels.shape[1]
    canvas = np.empty((rows, columns, *pixels.shape[2:]), pixels.dtype)
    canvas[top:bottom, left:right] = pixels
    _fill(canvas[:top], fill)
    _fill(canvas[bottom:], fill)
    _fill(canvas[top:bottom, :left], fill)
    _fill(canvas[top:bottom, right:], fill)
    return canvas


def covered(
    corner: tuple[int, int], size: tuple[int, ...], picture: tuple[int, ...]
) -> tuple[slice, slice]:
    """Return the rows and columns of a picture that something of a size covers at a corner.

    Both are empty slices where it is outside.
    """
    (top, left), (bottom, right) = corner, (corner[0] + size[0], corner[1] + size[1])
    first = max(top, 0), max(left, 0)
    last = min(bottom, picture[0]), min(right, picture[1])
    return slice(first[0], max(first[0], last[0])), slice(first[1], max(first[1], last[1]))


def paint(
    pixels: NDArray[Any], coverage: NDArray[Any], color: RGB, corner: tuple[int, int]
) -> None:
    """Blend a color into pixels, in place, by coverage (uint8, 255 is all of the pixel).

    ``corner`` is the (row, column) of the upper left; what falls outside the picture is clipped.
    """
    top, left = corner
    rows, columns = covered(corner, coverage.shape, pixels.shape)
    share = coverage[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    under = pixels[rows, columns]
    # A gray picture is painted in grays only (see in_colors), so one channel is enough.
    # Exact for uint16 too: 65535 is 257 * 255.
    scale = np.iinfo(pixels.dtype).max // 255
    channels = [*color, 255][: pixels.shape[2]] if pixels.ndim == 3 else color[:1]
    # The products need twice the depth of the pixels: 255 * 255, or 65535 * 255.
    deep: Any = np.uint16 if scale == 1 else np.uint32
    over = np.array(channels, deep) * deep(scale)
    weight: Any = share.astype(deep)
    if pixels.ndim == 3:
        weight = weight[..., np.newaxis]
    under[...] = (under * (255 - weight) + over * weight + 127) // 255
