"""Draw the graphic objects of an annotation (PS3.3 C.10.5.1.2)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.presentation_state.display_space import DisplaySpace, Point
from dcmconv_builtins.dicom.presentation_state.drawing import Coverage, draw_path

__all__ = ["draw_graphic", "ellipse_path", "smooth_path"]

_ELLIPSE_PIECES = 96
"""Straight pieces of an ellipse: up to some thousand pixels no corner is visible."""
_CURVE_PIECES = 12
"""Straight pieces between two points of a smooth curve."""


def draw_graphic(
    coverage: Coverage, graphic: Elements, space: DisplaySpace, *, is_filled: bool, thickness: float
) -> bool:
    """Draw one item of the Graphic Object Sequence (0070,0009) into coverage, in place.

    POINT, POLYLINE, INTERPOLATED, CIRCLE and ELLIPSE are supported.  Compound graphics (0070,0209)
    are ignored, because a state repeats their shapes as graphic objects.

    Returns
    -------
    bool
        Whether the item could be drawn; if not, a note gives the reason.
    """
    points = space.points(graphic, "GraphicData", "GraphicAnnotationUnits")
    kind = graphic.text("GraphicType").upper()
    path = _path(kind, points, space.scale)
    if not path:
        graphic.notes.add(
            f"ignored a graphic of type {kind[:16] or 'nothing'} with {len(points)} points."
        )
        return False
    width = space.pen * thickness
    if kind == "POINT":
        # A dot of one line width would be easy to miss.
        draw_path(coverage, _round_path(path[0], width, space.scale), width=1, is_filled=True)
        return True
    # GraphicData is float32, and a curve is computed: compare with a tolerance.
    is_closed = math.dist(path[0], path[-1]) < 1e-3
    draw_path(coverage, path, width=width, is_filled=is_filled and is_closed)
    return True


def ellipse_path(center: Point, half_axis: Point, other_half_axis: Point) -> list[Point]:
    """Return a closed path around a center; the half axes need not be at right angles."""
    angles = np.linspace(0, 2 * np.pi, _ELLIPSE_PIECES + 1)
    return [
        (
            center[0] + half_axis[0] * math.cos(angle) + other_half_axis[0] * math.sin(angle),
            center[1] + half_axis[1] * math.cos(angle) + other_half_axis[1] * math.sin(angle),
        )
        for angle in angles
    ]


def smooth_path(points: Sequence[Point]) -> list[Point]:
    """Return a curve through all points (Catmull-Rom); PS3.3 C.10.5 does not say which curve.

    If the last point equals the first, the curve is smooth there too.
    """
    nodes = np.asarray(points, np.float64)
    is_closed = np.array_equal(nodes[0], nodes[-1])
    before = nodes[-2] if is_closed else 2 * nodes[0] - nodes[1]
    after = nodes[1] if is_closed else 2 * nodes[-1] - nodes[-2]
    # At an open end the neighbor is mirrored.
    padded = np.vstack([before, nodes, after])
    steps = np.linspace(0, 1, _CURVE_PIECES, endpoint=False)[:, np.newaxis]
    pieces = []
    for start in range(len(nodes) - 1):
        a, b, c, d = padded[start : start + 4]
        bend = 2 * a - 5 * b + 4 * c - d
        twist = 3 * b - 3 * c + d - a
        # The piece from b to c; its neighbors a and d only give the slopes at its ends.
        pieces.append(0.5 * (2 * b + (c - a) * steps + bend * steps**2 + twist * steps**3))
    curve = np.vstack([*pieces, nodes[-1:]])
    return [(float(x), float(y)) for x, y in curve]


def _path(kind: str, points: Sequence[Point], scale: Point) -> list[Point]:
    """Return the path of a graphic; empty if its type is unknown or it has too few points."""
    if kind == "POINT" and len(points) == 1:
        return list(points)
    if kind == "POLYLINE" and len(points) > 1:
        return list(points)
    if kind == "INTERPOLATED" and len(points) == 2:
        return list(points)
    if kind == "INTERPOLATED" and len(points) > 2:
        return smooth_path(points)
    if kind == "CIRCLE" and len(points) == 2:
        # The center, and a point on the circle.
        across, down = points[1][0] - points[0][0], points[1][1] - points[0][1]
        radius = math.hypot(across * scale[0], down * scale[1])
        return _round_path(points[0], radius, scale)
    if kind == "ELLIPSE" and len(points) == 4:
        # PS3.3 C.10.5.1.2: the ends of the major axis, then those of the minor axis.
        major, minor = points[:2], points[2:]
        center = ((major[0][0] + major[1][0]) / 2, (major[0][1] + major[1][1]) / 2)
        return ellipse_path(center, _half(major), _half(minor))
    return []


def _round_path(center: Point, radius: float, scale: Point) -> list[Point]:
    """Return what becomes a circle once pixels are square; the radius is in finished pixels."""
    return ellipse_path(center, (radius / scale[0], 0), (0, radius / scale[1]))


def _half(ends: Sequence[Point]) -> Point:
    return (ends[1][0] - ends[0][0]) / 2, (ends[1][1] - ends[0][1]) / 2
