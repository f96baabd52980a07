"""Stitch the tiles of a whole slide to one frame, full size or reduced (PS3.3 C.8.12.14)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Attributes, Frame, LimitError, Spacing
from dcmconv_builtins.dicom.color.cielab import cielab_to_srgb
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.objects.mosaic import BoxMean, Mosaic, Nearest
from dcmconv_builtins.dicom.objects.object_options import ObjectOptions
from dcmconv_builtins.dicom.pixels.frame_source import FrameSource, TilePosition

__all__ = ["StitchedSlide"]

_NOT_DRAWN = (
    "Shutters, overlays and graphics of tiles are not drawn on a stitched slide; use tiles=frames "
    "to see them."
)


class StitchedSlide:
    """The tiles of one Instance as one frame for each optical path and focal plane.

    Parameters
    ----------
    source : FrameSource
        With ``tile_positions``.
    top : Elements
        The dataset.
    matrix : tuple of two ints
        Total Pixel Matrix Rows and Columns.
    options : ObjectOptions
        ``reduce`` and ``max_pixels`` are used.

    Raises
    ------
    LimitError
        If the stitched frame would have more than ``max_pixels`` pixels.
    """

    tile_positions: Sequence[TilePosition] | None = None

    def __init__(
        self, source: FrameSource, top: Elements, matrix: tuple[int, int], options: ObjectOptions
    ) -> None:
        self._source = source
        self._top = top
        self._matrix = matrix
        self._factor = options.reduce
        # Rounded up: a rest that fills no box is a smaller box.
        self._shape = tuple(-(-length // options.reduce) for length in matrix)
        self._check_size(options.max_pixels)
        self.frame_count = len(self._layers)

    def groups_of(self, frame_index: int) -> FrameGroups:
        """Return the groups of the first tile."""
        return self._source.groups_of(self._layers[frame_index][0][1])

    def attributes_of(self, frame_index: int) -> Attributes:
        """Return the attributes of a frame."""
        return self._source.attributes_of(self._layers[frame_index][0][1])

    def read_frame(self, frame_index: int) -> Frame:
        """Stitch one optical path and focal plane, tile by tile.

        Returns
        -------
        Frame
            The first tile with the pixels of all.  Missing tiles are background: the recommended
            color (0048,0015) or white for color; the padding value or 0 for gray; NaN for float.
        """
        tiles = self._layers[frame_index]
        first = self._source.read_frame(tiles[0][1])
        mosaic = self._mosaic(first)
        notes: dict[str, None] = {}
        for number, (position, tile_index) in enumerate(tiles):
            tile = first if number == 0 else self._source.read_frame(tile_index)
            notes |= dict.fromkeys(tile.notes)
            if any(layer.drawn for layer in tile.layers):
                notes[_NOT_DRAWN] = None
            self._add(mosaic, tile.stored_values, position)
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
        """The tiles of each optical path and focal plane, from top to bottom."""
        layers: dict[tuple[str, float], list[tuple[TilePosition, int]]] = {}
        for index, position in enumerate(self._source.tile_positions or ()):
            layers.setdefault((position.path, position.plane), []).append((position, index))
        # By row, then column: BoxMean finishes a row of boxes when a tile starts below it.
        return [sorted(tiles, key=lambda tile: tile[0][2:]) for tiles in layers.values()]

    def _check_size(self, max_pixels: int) -> None:
        rows, columns = self._shape
        if rows * columns <= max_pixels:
            return
        # The factor that brings the area down to the limit.
        enough = math.ceil(math.sqrt(self._matrix[0] * self._matrix[1] / max_pixels))
        raise LimitError(
            f"The stitched slide would have {columns} x {rows} pixels (columns x rows); the limit "
            f"is {max_pixels}.",
            hint=f"Convert a lower level of the slide, set reduce={max(enough, 2)}, or raise "
            "max_pixels.",
            reason="too-large",
        )

    def _mosaic(self, first: Frame) -> Mosaic:
        tile = first.stored_values
        # Native byte order, whatever that of the file is.
        result = np.empty((*self._shape, *tile.shape[2:]), tile.dtype.newbyteorder("="))
        result[...] = self._background(first)
        # The mean of two palette indices or of two segment numbers is meaningless.
        if self._factor == 1 or first.is_label or first.is_mask or first.palette is not None:
            return Nearest(result, self._factor, full_size=self._matrix)
        return BoxMean(result, self._factor, full_size=self._matrix, tile_rows=tile.shape[0])

    def _background(self, first: Frame) -> Any:
        values = first.stored_values
        if values.dtype.kind == "f":
            return np.nan
        if values.ndim == 2:
            return first.padding.first if first.padding is not None else 0
        recommended = self._top.numbers("RecommendedAbsentPixelCIELabValue")
        color = cielab_to_srgb(recommended) if len(recommended) == 3 else (255, 255, 255)
        # 65535 // 255 is 257, which spreads an 8-bit color over 16 bits exactly.
        greatest = int(np.iinfo(values.dtype).max)
        # A fourth sample is alpha, and the background is opaque.
        return [channel * (greatest // 255) for channel in (*color, 255)[: values.shape[2]]]

    def _add(self, mosaic: Mosaic, tile: NDArray[Any], position: TilePosition) -> None:
        """Add the part of a tile that is inside the matrix: tiles at the edge are padded."""
        row, column = max(position.row, 0), max(position.column, 0)
        inside = tile[
            row - position.row : self._matrix[0] - position.row,
            column - position.column : self._matrix[1] - position.column,
        ]
        if position.row < self._matrix[0] and position.column < self._matrix[1] and inside.size:
            mosaic.add(inside, row, column)


def _scaled(spacing: Spacing | None, factor: int) -> Spacing | None:
    if spacing is None:
        return None
    return spacing._replace(rows=spacing.rows * factor, columns=spacing.columns * factor)
