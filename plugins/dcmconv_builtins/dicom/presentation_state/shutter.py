"""Display shutters: what lies outside is covered (PS3.3 C.7.6.11, C.7.6.15)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Layer
from dcmconv_builtins.dicom.elements import Elements
from dcmconv_builtins.dicom.overlay import OverlayLayer
from dcmconv_builtins.dicom.presentation_state.colors import find_gray, find_lab_color

__all__ = ["find_shutter", "shutter_group"]

Mask = NDArray[np.bool_]


def shutter_group(top: Elements) -> int | None:
    """Return the overlay group that is a bitmap shutter, and so no overlay; None without one."""
    if "BITMAP" not in _shapes(top):
        return None
    group = top.number("ShutterOverlayGroup")
    return None if group is None else int(group)


def find_shutter(
    top: Elements,
    planes: tuple[OverlayLayer, ...],
    *,
    shape: tuple[int, int],
    aspect: float = 1.0,
) -> Layer | None:
    """Return the shutter as a layer; several shapes leave open what all of them leave open.

    Parameters
    ----------
    top : Elements
        The dataset with the Display Shutter Module.
    planes : tuple of OverlayLayer
        Among which the bitmap is.
    shape : tuple
        Rows and columns of the frame.
    aspect : float
        Height of a pixel over its width: a circle's radius counts along a row.
    """
    shapes = _shapes(top)
    if not shapes:
        return None
    covered = np.zeros(shape, np.bool_)
    if "RECTANGULAR" in shapes:
        covered |= _outside_rectangle(top, shape)
    if "CIRCULAR" in shapes:
        covered |= _outside_circle(top, shape, aspect)
    if "POLYGONAL" in shapes:
        covered |= _outside_polygon(top, shape)
    for plane in planes:
        if plane.group == shutter_group(top):
            covered |= plane.coverage
    color = find_lab_color(top, "ShutterPresentationColorCIELabValue")
    gray = find_gray(top, "ShutterPresentationValue", default=0)
    return Layer("shutter", covered, color=color or gray, name="Display shutter")


def _shapes(top: Elements) -> set[str]:
    return {word.upper() for word in top.texts("ShutterShape")} - {""}


def _outside_rectangle(top: Elements, shape: tuple[int, int]) -> Mask:
    covered = np.ones(shape, np.bool_)
    edges = ("UpperHorizontal", "LowerHorizontal", "LeftVertical", "RightVertical")
    numbers = [top.number(f"Shutter{edge}Edge") for edge in edges]
    if None in numbers:
        return _unusable(top, "RECTANGULAR", shape)
    upper, lower, left, right = (int(number or 0) for number in numbers)
    # The edges are rows and columns of the image, counted from 1, and belong to what is shown.
    covered[max(upper - 1, 0) : max(lower, 0), max(left - 1, 0) : max(right, 0)] = False
    return covered


def _outside_circle(top: Elements, shape: tuple[int, int], aspect: float) -> Mask:
    center = top.numbers("CenterOfCircularShutter")
    radius = top.number("RadiusOfCircularShutter")
    if len(center) != 2 or radius is None:
        return _unusable(top, "CIRCULAR", shape)
    down = (np.arange(1, shape[0] + 1)[:, np.newaxis] - center[0]) * aspect
    across = np.arange(1, shape[1] + 1) - center[1]
    covered: Mask = down**2 + across**2 > radius**2
    return covered


def _outside_polygon(top: Elements, shape: tuple[int, int]) -> Mask:
    numbers = top.numbers("VerticesOfThePolygonalShutter")
    # Row and column of each vertex; closed from the last to the first.
    vertices = list(zip(numbers[1::2], numbers[::2], strict=False))
    if len(vertices) < 3 or len(numbers) % 2:
        return _unusable(top, "POLYGONAL", shape)
    from PIL import Image, ImageDraw

    image = Image.new("1", (shape[1], shape[0]), 1)
    ImageDraw.Draw(image).polygon([(column - 1, row - 1) for column, row in vertices], fill=0)
    return np.asarray(image)


def _unusable(top: Elements, word: str, shape: tuple[int, int]) -> Mask:
    top.notes.add(f"the {word} shutter has no numbers that make sense; it was left out.")
    return np.zeros(shape, np.bool_)
