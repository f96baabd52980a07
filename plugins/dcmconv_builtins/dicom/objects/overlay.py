"""Overlay planes: bitmaps in group 60xx, or in unused bits of the pixels (PS3.3 C.9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Layer
from dcmconv_builtins.dicom.file.elements import Elements, named

__all__ = ["OverlayLayer", "PixelCells", "align_plane", "overlay_groups", "read_overlays"]


# Elements of an overlay group (PS3.6): 60xx,0010 and so on.
_ROWS = 0x0010
_COLUMNS = 0x0011
_NUMBER_OF_FRAMES = 0x0015
_DESCRIPTION = 0x0022
_TYPE = 0x0040
_ORIGIN = 0x0050
_FRAME_ORIGIN = 0x0051
_BITS_ALLOCATED = 0x0100
_BIT_POSITION = 0x0102
_LABEL = 0x1500
_DATA = 0x3000


@dataclass(frozen=True, eq=False)
class OverlayLayer(Layer):
    """An overlay plane at the frame's own resolution; ``group`` is 0x6000 to 0x601E."""

    group: int = 0x6000
    is_roi: bool = False


class PixelCells(NamedTuple):
    """The pixels of a frame with all allocated bits, of which some may hold overlays.

    ``values`` is an integer array of shape (rows, columns), or None if the codec returned values
    without the bits above them.
    """

    values: NDArray[Any] | None
    bits_stored: int
    high_bit: int


def overlay_groups(top: Elements) -> tuple[int, ...]:
    """Return the even groups 6000 to 601E that have elements (PS3.5 7.6); reads tags only."""
    # Odd groups between them are private.
    groups = {tag >> 16 for tag in top.tags}
    # Python's & binds tighter than ==, unlike C's.
    return tuple(sorted(group for group in groups if group & ~0x1E == 0x6000))


def read_overlays(
    top: Elements,
    groups: tuple[int, ...],
    *,
    frame_number: int,
    shape: tuple[int, int],
    cells: PixelCells | None = None,
) -> tuple[OverlayLayer, ...]:
    """Return the overlay planes of one frame; an unusable plane is left out with a note.

    Parameters
    ----------
    top : Elements
        The dataset that has the groups: an image or a presentation state.
    groups : tuple of int
        As returned by ``overlay_groups``.
    frame_number : int
        Of the image, from 1.  A plane of several frames starts at Image Frame Origin (60xx,0051).
    shape : tuple
        Rows and columns of the frame.
    cells : PixelCells, optional
        Needed for planes in bits that Bits Stored does not use.

    Returns
    -------
    tuple of OverlayLayer
        In the order of their groups, white, not drawn.
    """
    layers = (_Plane(top, group).layer(frame_number, shape, cells) for group in groups)
    return tuple(layer for layer in layers if layer is not None)


def align_plane(
    bits: NDArray[np.bool_], origin: tuple[int, int], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Align a plane with a frame (Overlay Origin, PS3.3 C.9.2.1.1); cut off what is outside.

    Parameters
    ----------
    bits : bool array, shape (overlay rows, overlay columns)
    origin : tuple of two ints
        Row and column of the frame under the plane's first bit; (1, 1) is the upper left pixel.
    shape : tuple
        Rows and columns of the frame.

    Returns
    -------
    bool array of that shape
        Shares memory with ``bits`` if plane and frame coincide.
    """
    row, column = origin[0] - 1, origin[1] - 1
    if (row, column) == (0, 0) and bits.shape == shape:
        return bits
    placed = np.zeros(shape, np.bool_)
    first_row, first_column = max(row, 0), max(column, 0)
    rows = min(row + bits.shape[0], shape[0]) - first_row
    columns = min(column + bits.shape[1], shape[1]) - first_column
    if rows > 0 and columns > 0:
        inside = bits[first_row - row :, first_column - column :][:rows, :columns]
        placed[first_row : first_row + rows, first_column : first_column + columns] = inside
    return placed


class _Plane:
    """The elements of one group."""

    def __init__(self, top: Elements, group: int) -> None:
        self._top = top
        self._group = group

    @property
    def is_roi(self) -> bool:
        return self._top.text(self._tag(_TYPE)).upper() == "R"

    @property
    def name(self) -> str:
        """Kind (overlay or ROI) and group, then the label or description from the file."""
        label = self._top.text(self._tag(_LABEL)) or self._top.text(self._tag(_DESCRIPTION))
        kind = "Overlay ROI" if self.is_roi else "Overlay"
        return f"{kind} {self._group:04X}{': ' if label else ''}{label}"

    def layer(
        self, frame_number: int, shape: tuple[int, int], cells: PixelCells | None
    ) -> OverlayLayer | None:
        coverage = self.coverage(frame_number, shape, cells)
        if coverage is None:
            return None
        return OverlayLayer(
            "overlay",
            coverage,
            name=self.name,
            drawn=False,
            hint="--overlays draw",
            group=self._group,
            is_roi=self.is_roi,
        )

    def coverage(
        self, frame_number: int, shape: tuple[int, int], cells: PixelCells | None
    ) -> NDArray[np.bool_] | None:
        data_tag = self._tag(_DATA)
        if data_tag in self._top:
            return self._own(frame_number, shape, data_tag)
        if self._number(_BITS_ALLOCATED) in (None, 1):
            # A group with, say, only an activation layer was never a plane: nothing to note.
            if self._number(_ROWS) is not None:
                self._note(f"{named(data_tag)} is missing")
            return None
        return self._embedded(shape, cells)

    def _own(
        self, frame_number: int, shape: tuple[int, int], data_tag: str
    ) -> NDArray[np.bool_] | None:
        rows, columns = self._number(_ROWS), self._number(_COLUMNS)
        if not rows or not columns or rows < 1 or columns < 1:
            self._note(f"{named(self._tag(_ROWS))} or Overlay Columns is missing or 0")
            return None
        index = self._frame_index(frame_number)
        if index is None:
            # The plane covers other frames, so its mask of this frame is empty.
            return np.zeros(shape, np.bool_)
        first = index * rows * columns
        content = self._content(data_tag)
        if first + rows * columns > 8 * len(content):
            needed = -(-(first + rows * columns) // 8)
            self._note(f"{named(data_tag)} has {len(content)} bytes; expected {needed}")
            return None
        # PS3.5 8.1.2: bits start with the least significant one; frames follow without padding.
        span = content[first // 8 : -(-(first + rows * columns) // 8)]
        bits = np.unpackbits(np.frombuffer(span, np.uint8), bitorder="little")
        plane = bits[first % 8 :][: rows * columns].reshape(rows, columns).view(np.bool_)
        return align_plane(plane, self._origin(), shape)

    def _frame_index(self, frame_number: int) -> int | None:
        """Return which frame of the plane covers a frame of the image, or None."""
        # PS3.3 C.9.3: without these two elements a plane covers every frame.
        count, origin = self._number(_NUMBER_OF_FRAMES), self._number(_FRAME_ORIGIN)
        if count is None and origin is None:
            return 0
        index = frame_number - (origin or 1)
        return index if 0 <= index < (count or 1) else None

    def _embedded(
        self, shape: tuple[int, int], cells: PixelCells | None
    ) -> NDArray[np.bool_] | None:
        # Retired, but still written by old devices: the plane is one unused bit of each pixel.
        position = self._number(_BIT_POSITION)
        values = cells.values if cells else None
        if cells is None or values is None or values.shape != shape:
            self._note("the decoded pixels do not include its bits")
            return None
        allocated = values.dtype.itemsize * 8
        used = range(cells.high_bit + 1 - cells.bits_stored, cells.high_bit + 1)
        if position is None or not 0 <= position < allocated or position in used:
            self._note(f"{named(self._tag(_BIT_POSITION))} is {position}; expected an unused bit")
            return None
        # Shifting a signed value would drag its sign bit along.
        unsigned = values.view(f"u{values.dtype.itemsize}")
        # Means ((unsigned >> position) & 1) == 1: Python compares last, unlike C.
        bits: NDArray[np.bool_] = unsigned >> position & 1 == 1
        return bits

    def _content(self, tag: str) -> bytes:
        content = self._top.data(tag)
        if self._top.is_little_endian:
            return content
        # Only here: for this, pydicom parses the whole header again.
        element = self._top.dataset.get_item(int(tag.replace(",", ""), 16))
        if getattr(element, "VR", "OW") == "OB":
            return content
        # PS3.5 8.1.2: OW is a string of 16-bit words, whose bytes are swapped in big endian.
        return np.frombuffer(content[: len(content) // 2 * 2], ">u2").astype("<u2").tobytes()

    def _origin(self) -> tuple[int, int]:
        numbers = self._top.integers(self._tag(_ORIGIN))
        return (numbers[0], numbers[1]) if len(numbers) > 1 else (1, 1)

    def _number(self, element: int) -> int | None:
        return self._top.integer(self._tag(element))

    def _tag(self, element: int) -> str:
        return f"{self._group:04X},{element:04X}"

    def _note(self, what: str) -> None:
        self._top.notes.add(f"Ignored overlay {self._group:04X}: {what}.")
