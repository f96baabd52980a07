"""A whole slide as one picture: its tiles stitched, full size or reduced (PS3.3 C.8.12.14)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Frame, LimitError, Spacing
from dcmconv_builtins.dicom.color.cielab import cielab_to_srgb
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.objects.mosaic import BoxMean, Mosaic, Nearest
from dcmconv_builtins.dicom.objects.object_options import ObjectOptions
from dcmconv_builtins.dicom.pixels.frame_source import FrameSource, TilePosition

__all__ = ["StitchedSlide"]


_NOT_DRAWN = (
    "Shutters, overlays and graphics of single tiles are not drawn on a stitched slide; "
    "they are with tiles=frames."
)


class StitchedSlide:
    """The tiles of one Instance as one frame for each optical path and focal plane.

    Parameters
    ----------
    source : FrameSource
        With ``places``.
    top : Elements
        The dataset.
    matrix : tuple of two ints
        Total Pixel Matrix Rows and Columns.
    options : ObjectOptions
        ``reduce`` and ``max_pixels`` count.

    Raises
    ------
    LimitError
        If the picture would have more than ``max_pixels`` pixels.
    """

    tile_positions: Sequence[TilePosition] | None = None

    def __init__(
        self, source: FrameSource, top: Elements, matrix: tuple[int, int], options: ObjectOptions
    ) -> None:
        self._source = source
        self._top = top
        self._matrix = matrix
        self._factor = options.reduce
        self._shape = tuple(-(-length // options.reduce) for length in matrix)
        self._check_size(options.max_pixels)
        self.frame_count = len(self._layers)

    def groups_of(self, frame_index: int) -> FrameGroups:
        """Return the groups of the first tile."""
        return self._source.groups_of(self._layers[frame_index][0][1])

    def read_frame(self, frame_index: int) -> Frame:
        """Stitch one optical path and focal plane, tile by tile.

        Returns
        -------
        Frame
            The first tile's, with the pixels of all.  Missing tiles are background: the
            recommended color (0048,0015), white for color, 0 or no number for gray.
        """
        tiles = self._layers[frame_index]
        first = self._source.read_frame(tiles[0][1])
        mosaic = self._mosaic(first)
        notes: dict[str, None] = {}
        for number, (place, tile_index) in enumerate(tiles):
            tile = first if number == 0 else self._source.read_frame(tile_index)
            notes |= dict.fromkeys(tile.notes)
            if any(layer.drawn for layer in tile.layers):
                notes[_NOT_DRAWN] = None
            self._lay(mosaic, tile.stored_values, place)
        return replace(
            first,
            stored_values=mosaic.finish(),
            spacing=_scaled(first.spacing, self._factor),
            layers=(),
            frame_number=frame_index + 1,
            frame_count=self.frame_count,
            notes=tuple(notes),
        )

    @cached_property
    def _layers(self) -> list[list[tuple[TilePosition, int]]]:
        """The tiles of each optical path and focal plane, from the top down."""
        layers: dict[tuple[str, float], list[tuple[TilePosition, int]]] = {}
        for index, place in enumerate(self._source.tile_positions or ()):
            layers.setdefault((place.path, place.plane), []).append((place, index))
        return [sorted(tiles, key=lambda tile: tile[0][2:]) for tiles in layers.values()]

    def _check_size(self, max_pixels: int) -> None:
        rows, columns = self._shape
        if rows * columns <= max_pixels:
            return
        enough = math.ceil(math.sqrt(self._matrix[0] * self._matrix[1] / max_pixels))
        raise LimitError(
            f"The stitched slide has {columns} x {rows} pixels (columns x rows); the limit is "
            f"{max_pixels}.",
            hint=f"Convert a lower level of the slide, or set reduce={max(enough, 2)}; max_pixels "
            "raises the limit.",
            reason="too-large",
        )

    def _mosaic(self, first: Frame) -> Mosaic:
        tile = first.stored_values
        result = np.empty((*self._shape, *tile.shape[2:]), tile.dtype.newbyteorder("="))
        result[...] = self._background(first)
        # The mean of two numbers of a palette or of two segments means nothing.
        if self._factor == 1 or first.is_label or first.is_mask or first.palette is not None:
            return Nearest(result, self._factor, whole=self._matrix)
        return BoxMean(result, self._factor, whole=self._matrix, tile_rows=tile.shape[0])

    def _background(self, first: Frame) -> Any:
        values = first.stored_values
        if values.dtype.kind == "f":
            return np.nan
        if values.ndim == 2:
            return first.padding.first if first.padding is not None else 0
        recommended = self._top.numbers("RecommendedAbsentPixelCIELabValue")
        color = cielab_to_srgb(recommended) if len(recommended) == 3 else (255, 255, 255)
        greatest = int(np.iinfo(values.dtype).max)
        return [channel * (greatest // 255) for channel in (*color, 255)[: values.shape[2]]]

    def _lay(self, mosaic: Mosaic, tile: NDArray[Any], place: TilePosition) -> None:
        """Lay down what of a tile lies inside: tiles at the edge are padded beyond it."""
        row, column = max(place.row, 0), max(place.column, 0)
        inside = tile[
            row - place.row : self._matrix[0] - place.row,
            column - place.column : self._matrix[1] - place.column,
        ]
        if place.row < self._matrix[0] and place.column < self._matrix[1] and inside.size:
            mosaic.add(inside, row, column)


def _scaled(spacing: Spacing | None, factor: int) -> Spacing | None:
    if spacing is None:
        return None
    return spacing._replace(rows=spacing.rows * factor, columns=spacing.columns * factor)
