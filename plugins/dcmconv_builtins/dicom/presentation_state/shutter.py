"""Display shutters, which cover everything outside their shape (PS3.3 C.7.6.11, C.7.6.15)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Layer
from dcmconv_builtins.dicom.color.cielab import find_gray, find_lab_color
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.objects.overlay import OverlayLayer

__all__ = ["find_shutter", "shutter_group"]

Mask = NDArray[np.bool_]

_SHAPES = frozenset({"RECTANGULAR", "CIRCULAR", "POLYGONAL", "BITMAP"})
MAX_COORDINATE = 1e6
"""In rows or columns; a larger number is an error in the file."""


def shutter_group(top: Elements) -> int | None:
    """Return the overlay group that is a bitmap shutter instead of an overlay, or None."""
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
    """Return the shutter as a layer; of several shapes, their intersection stays visible.

    Parameters
    ----------
    top : Elements
        The dataset with the Display Shutter Module.
    planes : tuple of OverlayLayer
        The overlay planes, one of which may be the bitmap.
    shape : tuple
        Rows and columns of the frame.
    aspect : float
        Height of a pixel over its width: the radius of a circle counts along a row.
    """
    covered = np.zeros(shape, np.bool_)
    for word in sorted(_shapes(top)):
        covered |= _usable(top, word, _outside(top, word, planes, shape, aspect), shape)
    if not covered.any():
        return None
    color = find_lab_color(top, "ShutterPresentationColorCIELabValue")
    gray = find_gray(top, "ShutterPresentationValue", default=0)
    return Layer("shutter", covered, color=color or gray, name="Display shutter")


def _outside(
    top: Elements,
    word: str,
    planes: tuple[OverlayLayer, ...],
    shape: tuple[int, int],
    aspect: float,
) -> Mask | None:
    """Return what one shape covers; None if its numbers are unusable."""
    if word == "RECTANGULAR":
        return _outside_rectangle(top, shape)
    if word == "CIRCULAR":
        return _outside_circle(top, shape, aspect)
    if word == "POLYGONAL":
        return _outside_polygon(top, shape)
    found = [plane.coverage for plane in planes if plane.group == shutter_group(top)]
    return found[0].astype(np.bool_) if found else None


def _usable(top: Elements, word: str, covered: Mask | None, shape: tuple[int, int]) -> Mask:
    """Return the mask, or one that covers nothing, with a note."""
    if covered is not None and not covered.all():
        return covered
    why = "has no usable numbers" if covered is None else "would cover the whole image"
    if covered is None and word == "BITMAP":
        why = "has no overlay plane"
    # An unknown term is not repeated: it might be any text from the header.
    known = word if word in _SHAPES else "display"
    top.notes.add(f"the {known} shutter {why}; ignored it.")
    return np.zeros(shape, np.bool_)


def _sensible(numbers: Sequence[float | None]) -> list[float]:
    """Return the numbers, or none of them if one is missing or far outside any image."""
    within = [number for number in numbers if number is not None and abs(number) <= MAX_COORDINATE]
    return within if len(within) == len(numbers) else []


def _shapes(top: Elements) -> set[str]:
    return {word.upper() for word in top.texts("ShutterShape")} - {""}


def _outside_rectangle(top: Elements, shape: tuple[int, int]) -> Mask | None:
    edges = ("UpperHorizontal", "LowerHorizontal", "LeftVertical", "RightVertical")
    numbers = _sensible([top.number(f"Shutter{edge}Edge") for edge in edges])
    if not numbers:
        return None
    upper, lower, left, right = (int(number) for number in numbers)
    covered = np.ones(shape, np.bool_)
    # The edges are rows and columns of the image, counted from 1, and are themselves visible.
    # Negative slice ends would count from the other side.
    covered[max(upper - 1, 0) : max(lower, 0), max(left - 1, 0) : max(right, 0)] = False
    return covered


def _outside_circle(top: Elements, shape: tuple[int, int], aspect: float) -> Mask | None:
    numbers = _sensible(
        [*top.numbers("CenterOfCircularShutter"), top.number("RadiusOfCircularShutter")]
    )
    if len(numbers) != 3:
        return None
    row, column, radius = numbers
    # Rows are scaled to the width of a pixel, in which the radius is given.
    down = (np.arange(1, shape[0] + 1)[:, np.newaxis] - row) * aspect
    across = np.arange(1, shape[1] + 1) - column
    covered: Mask = down**2 + across**2 > radius**2
    return covered


def _outside_polygon(top: Elements, shape: tuple[int, int]) -> Mask | None:
    numbers = _sensible(top.numbers("VerticesOfThePolygonalShutter"))
    # Row and column alternate; the last vertex is joined to the first.
    vertices = list(zip(numbers[1::2], numbers[::2], strict=False))
    if len(vertices) < 3 or len(numbers) % 2:
        return None
    from PIL import Image, ImageDraw

    image = Image.new("1", (shape[1], shape[0]), 1)
    # Vertices count from 1; in Pillow's coordinates 0 is the middle of the first pixel.
    ImageDraw.Draw(image).polygon([(column - 1, row - 1) for column, row in vertices], fill=0)
    return np.asarray(image)
