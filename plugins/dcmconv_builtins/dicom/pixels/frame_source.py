"""What frames are read from: an Instance, or something that derives frames from its frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from dcmconv.plugin import Attributes, Frame
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups

__all__ = ["FrameSource", "TilePosition"]


class TilePosition(NamedTuple):
    """Where a frame is in a total pixel matrix (PS3.3 C.8.12.14).

    ``path`` identifies the optical path (in segmentations: the segment), ``plane`` the focal plane;
    ``row`` and ``column`` are those of the frame's upper left pixel, from 0.
    """

    path: str
    plane: float
    row: int
    column: int


class FrameSource(Protocol):
    """Frames that can be read in any order; ``tile_positions`` is None if they are not tiles."""

    frame_count: int

    @property
    def tile_positions(self) -> Sequence[TilePosition] | None:
        """The position of each frame in a total pixel matrix, if they are tiles."""
        ...

    def read_frame(self, frame_index: int) -> Frame:
        """Return one frame, counted from 0."""
        ...

    def attributes_of(self, frame_index: int) -> Attributes:
        """Return the attributes of a frame."""
        ...

    def groups_of(self, frame_index: int) -> FrameGroups:
        """Return the functional groups of a frame."""
        ...
