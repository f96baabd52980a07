"""The positions of a whole slide's tiles (PS3.3 C.7.6.17.3, C.8.12.14)."""

from __future__ import annotations

from collections.abc import Callable

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.pixels.frame_source import TilePosition

__all__ = ["find_tile_positions", "total_matrix"]


def total_matrix(top: Elements) -> tuple[int, int] | None:
    """Return Total Pixel Matrix Rows and Columns (0048,0007) and (0048,0006), or None."""
    rows, columns = top.number("TotalPixelMatrixRows"), top.number("TotalPixelMatrixColumns")
    if not rows or not columns or rows < 1 or columns < 1:
        return None
    return int(rows), int(columns)


def find_tile_positions(
    top: Elements,
    tile: tuple[int, int],
    frame_count: int,
    groups_of: Callable[[int], FrameGroups],
) -> list[TilePosition] | None:
    """Return the position of every frame, or None for an Instance that is not tiled.

    Parameters
    ----------
    top : Elements
        The dataset.
    tile : tuple of two ints
        Rows and columns of a frame.
    frame_count : int
        Number of frames in this Instance.
    groups_of : callable
        From a frame index to its functional groups.

    Raises
    ------
    InputError
        If a frame of a sparse slide has no position.
    """
    matrix = total_matrix(top)
    if matrix is None:
        return None
    if _is_full(top, groups_of):
        return _positions_by_order(top, matrix, tile, frame_count)
    return [_explicit_position(groups_of(index), index) for index in range(frame_count)]


def _is_full(top: Elements, groups_of: Callable[[int], FrameGroups]) -> bool:
    # If the attribute is missing, explicit positions mean that the slide is sparse.
    organization = top.text("DimensionOrganizationType").upper()
    if organization in {"TILED_FULL", "TILED_SPARSE"}:
        return organization == "TILED_FULL"
    return _position(groups_of(0)) is None


def _positions_by_order(
    top: Elements, matrix: tuple[int, int], tile: tuple[int, int], frame_count: int
) -> list[TilePosition]:
    """Frames run along columns, then rows, focal planes, and last optical paths or segments."""
    rows, columns = tile
    # Rounded up: tiles at the right and lower edge are padded.
    across, down = -(-matrix[1] // columns), -(-matrix[0] // rows)
    planes = max(top.integer("TotalPixelMatrixFocalPlanes") or 1, 1)
    # A concatenation spreads the frames over several files.
    offset = top.integer("ConcatenationFrameOffsetNumber") or 0
    names = _path_names(top)
    positions = []
    for frame_index in range(offset, offset + frame_count):
        level, number = divmod(frame_index, across * down)
        path, plane = divmod(level, planes)
        row, column = divmod(number, across)
        name = names[path] if path < len(names) else str(path)
        positions.append(TilePosition(name, float(plane), row * rows, column * columns))
    return positions


def _path_names(top: Elements) -> list[str]:
    segments = [item.number("SegmentNumber") for item in top.items("SegmentSequence")]
    # A label map shows all segments in one frame: its frames are not separated by segment.
    if segments and top.text("SegmentationType").upper() != "LABELMAP":
        return [str(number) for number in segments]
    return [item.text("OpticalPathIdentifier") for item in top.items("OpticalPathSequence")]


def _explicit_position(groups: FrameGroups, frame_index: int) -> TilePosition:
    position = _position(groups)
    if position is None:
        raise InputError(
            f"Frame {frame_index + 1}: Plane Position (Slide) Sequence (0048,021A) is missing or "
            "incomplete, so the tile has no position.",
            hint="Use tiles=frames to convert each tile by itself.",
            reason="no-position",
        )
    row, column, plane = position
    # The attributes count from 1.
    return TilePosition(_path_of(groups), plane, row - 1, column - 1)


def _path_of(groups: FrameGroups) -> str:
    segment = groups.find("SegmentIdentificationSequence", "ReferencedSegmentNumber")
    if segment is not None:
        return f"{segment.number('ReferencedSegmentNumber'):g}"
    path = groups.find("OpticalPathIdentificationSequence", "OpticalPathIdentifier")
    return path.text("OpticalPathIdentifier") if path is not None else ""


def _position(groups: FrameGroups) -> tuple[int, int, float] | None:
    """Return row and column, from 1, and the height above the slide."""
    keyword = "RowPositionInTotalImagePixelMatrix"
    item = groups.find("PlanePositionSlideSequence", keyword)
    if item is None:
        return None
    row = item.number(keyword)
    column = item.number("ColumnPositionInTotalImagePixelMatrix")
    if row is None or column is None:
        return None
    height = item.number("ZOffsetInSlideCoordinateSystem") or 0.0
    # Rounded, because heights are compared to find the focal plane.
    return int(row), int(column), round(float(height), 6)
