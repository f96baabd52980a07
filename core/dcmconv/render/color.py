"""Colors: colormaps, the colors of labels, and the layers drawn over a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.errors import PluginError
from dcmconv.model.components import Colormap, ColorTable
from dcmconv.model.layers import LabelName, Layer, default_label_color
from dcmconv.model.picture import Picture

__all__ = [
    "apply_colormap",
    "checked_table",
    "draw_layers",
    "in_label_colors",
    "label_colors",
    "with_label_palette",
]

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
            f"{type(colormap).__name__}.table() returned {table.dtype} of shape {table.shape}; "
            "expected uint8 of shape (256, 3).",
            hint="Test the plugin with dcmconv.testing.ColormapConformance.",
        )
    return table


def apply_colormap(picture: Picture, table: ColorTable, *, as_palette: bool) -> Picture:
    """Color a gray display picture.

    Pictures that are in color already, or do not hold display values, are returned unchanged, and
    so is any picture if the table is the plain gray ramp.

    Parameters
    ----------
    picture : Picture
        Any.
    table : uint8 array, shape (256, 3)
        Row *i* for display value *i*; 16-bit values interpolate between rows.
    as_palette : bool
        Keep 8-bit values and return the colors in ``picture.palette``.
    """
    if picture.is_color or picture.domain != "display" or np.array_equal(table, _GRAY_RAMP):
        return picture
    picture = picture.with_(color_table=table)
    if picture.bits == 8 and as_palette:
        return picture.with_(palette=table)
    if picture.bits == 8:
        # Every uint8 is a valid row; mode="clip" only avoids the bounds check.
        return picture.with_(pixels=table.take(picture.pixels, axis=0, mode="clip"))
    wide_table = _wide_table(table.tobytes())
    return picture.with_(pixels=wide_table.take(picture.pixels, axis=0, mode="clip"))


# By content, and once per run: it takes longer to make than a CT to look up.
@lru_cache(maxsize=8)
def _wide_table(rows: bytes) -> NDArray[np.uint16]:
    """Return the colors of all 65,536 display values, interpolated between 256 rows."""
    table = np.frombuffer(rows, np.uint8).reshape(256, 3)
    # 255 / 65535 is 1 / 257: row i belongs to the 16-bit display value 257 * i.
    position = np.arange(65536) * (255 / 65535)
    channels = [np.interp(position, np.arange(256), table[:, c] * 257.0) for c in range(3)]
    return np.floor(np.stack(channels, axis=-1) + 0.5).astype(np.uint16)


def label_colors(labels: Iterable[LabelName], numbers: Iterable[int]) -> NDArray[np.uint8]:
    """Return the colors of label numbers.

    Returns
    -------
    uint8 array, shape (n, 3)
        The color of each label, or ``default_label_color`` if it has none.
    """
    given = {label.number: label.color for label in labels}
    colors = [given.get(number) or default_label_color(number) for number in numbers]
    # Without any number, the array would have the shape (0,).
    return np.array(colors, np.uint8).reshape(-1, 3)


def with_label_palette(picture: Picture) -> Picture:
    """Return a label picture with its colors as a palette, if its numbers fit in 8 bits."""
    if picture.pixels.dtype != np.uint8 or picture.palette is not None:
        return picture
    return picture.with_(palette=label_colors(picture.labels, range(256)))


def in_label_colors(picture: Picture, *, depth: int) -> Picture:
    """Turn label numbers into colors, for steps and writers that do not accept labels.

    Parameters
    ----------
    picture : Picture
        Of the domain ``label``: integers from 0.
    depth : int
        Bits of a display value, 8 or 16.

    Returns
    -------
    Picture
        RGB display values.
    """
    # Only the numbers that occur get a row: a file may use any number.
    occurring, index = np.unique(picture.pixels, return_inverse=True)
    table: NDArray[Any] = label_colors(picture.labels, [int(number) for number in occurring])
    if depth == 16:
        # 255 * 257 is 65535: white stays white.
        table = table.astype(np.uint16) * 257
    pixels = table.take(index.reshape(picture.pixels.shape), axis=0)
    return picture.with_(pixels=pixels, domain="display", bits=depth, palette=None)


def draw_layers(picture: Picture, layers: Sequence[Layer]) -> Picture:
    """Draw layers over a display picture, in order.

    A gray picture stays gray if every layer is gray; a colored layer makes it RGB.

    Parameters
    ----------
    picture : Picture
        Gray, RGB or RGBA display values, without a palette.
    layers : sequence of Layer
        At the resolution of the picture.

    Returns
    -------
    Picture
        A new one; pictures of other domains are returned unchanged.
    """
    if picture.domain != "display" or not layers:
        return picture
    pixels = picture.pixels.copy()
    if pixels.ndim == 2 and any(len(set(layer.color)) > 1 for layer in layers):
        pixels = np.repeat(pixels[..., np.newaxis], 3, axis=2)
    # Layers of bits have nothing to blend; most others cover a small part of the picture.
    in_degrees = [layer.coverage for layer in layers if layer.coverage.dtype != np.bool_]
    if not in_degrees:
        _cover_all(pixels, layers)
        return picture.with_(pixels=pixels, is_annotated=True)
    part = _around(in_degrees)
    blended = _blended(pixels[part], layers, part)
    _cover_all(pixels, layers)
    pixels[part] = blended
    return picture.with_(pixels=pixels, is_annotated=True)


def _around(coverages: Sequence[NDArray[Any]]) -> tuple[slice, slice]:
    """Return the rows and columns around everything that is covered."""
    return _extent(coverages, axis=1), _extent(coverages, axis=0)


def _extent(coverages: Sequence[NDArray[Any]], *, axis: int) -> slice:
    covered = [np.flatnonzero(coverage.any(axis=axis)) for coverage in coverages]
    ends = [(int(places[0]), int(places[-1]) + 1) for places in covered if places.size]
    return slice(min(a for a, _ in ends), max(b for _, b in ends)) if ends else slice(0)


def _blended(
    pixels: NDArray[Any], layers: Sequence[Layer], part: tuple[slice, slice]
) -> NDArray[Any]:
    """Return a part of a picture with all layers over it."""
    # Rounded once, at the end: rounded after each layer, the errors would add up.
    values = pixels.astype(np.float64)
    for layer in layers:
        opacity = _opacity(layer.coverage[part])
        color = np.asarray(layer.color) * float(np.iinfo(pixels.dtype).max)
        if values.ndim == 2:
            values += (color[0] - values) * opacity
        else:
            # A view: alpha is not drawn over.
            colors = values[..., :3]
            colors += (color - colors) * opacity[..., np.newaxis]
    return np.floor(values + 0.5).astype(pixels.dtype)


def _cover_all(pixels: NDArray[Any], layers: Sequence[Layer]) -> None:
    for layer in layers:
        if layer.coverage.dtype == np.bool_:
            _cover(pixels, layer)


def _cover(pixels: NDArray[Any], layer: Layer) -> None:
    """Give the covered pixels the color of a layer of bits."""
    top = np.iinfo(pixels.dtype).max
    # All bits of a covered pixel: a tenth of the time that indexing with the bool array takes.
    covered = np.multiply(layer.coverage, top, dtype=pixels.dtype)
    levels = [pixels.dtype.type(np.floor(part * float(top) + 0.5)) for part in layer.color]
    # A gray picture stays gray only under layers whose three levels are equal.
    channels = [pixels] if pixels.ndim == 2 else [pixels[..., c] for c in range(3)]
    for channel, level in zip(channels, levels, strict=False):
        # The exclusive or of two values turns one into the other.
        np.bitwise_xor(channel, (channel ^ level) & covered, out=channel)


def _opacity(coverage: NDArray[Any]) -> NDArray[np.float64]:
    scale = 1.0 if coverage.dtype == np.bool_ else 255.0
    opacity: NDArray[np.float64] = coverage.astype(np.float64) / scale
    return opacity
