"""Layers over a picture, the view of it, and the names of labels, as the file describes them."""

from __future__ import annotations

from colorsys import hsv_to_rgb
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

__all__ = ["LabelName", "Layer", "View", "default_label_color"]


@dataclass(frozen=True, eq=False)
class Layer:
    """Something drawn over the display values, at the frame's own resolution.

    Parameters
    ----------
    kind : str
        ``overlay`` (PS3.3 C.9), ``graphic`` (C.10.5) or ``shutter`` (C.7.6.11).
    coverage : bool or uint8 array, shape (rows, columns)
        How far it covers each pixel: True or 255 completely, False or 0 not at all.
    color : tuple of three floats
        Red, green and blue, 0 to 1; three equal numbers are a gray.
    name : str
        As the file has it.
    drawn : bool
        Whether the engine draws it; a layer that is not drawn is still available as a mask.
    hint : str
        How to have a layer drawn that is not, such as ``--overlays draw``.
    """

    kind: Literal["overlay", "graphic", "shutter"]
    coverage: NDArray[Any]
    color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    name: str = ""
    drawn: bool = True
    hint: str = ""


@dataclass(frozen=True)
class View:
    """Which part of a frame to show, and in which orientation (PS3.3 C.10.4, C.10.6).

    Parameters
    ----------
    region : tuple of four ints, optional
        Column, row, columns and rows; the upper left pixel is 0, 0.  May reach beyond the frame,
        and shows background there.
    rotation : int
        Clockwise, in degrees: 0, 90, 180 or 270; applied to the region.
    is_flipped : bool
        Left and right are swapped, after the rotation.
    """

    region: tuple[int, int, int, int] | None = None
    rotation: Literal[0, 90, 180, 270] = 0
    is_flipped: bool = False


@dataclass(frozen=True)
class LabelName:
    """What a number in a label picture stands for (PS3.3 C.8.20.4).

    Parameters
    ----------
    number : int
        The value of its pixels.
    name : str
        As the file has it.
    color : tuple of three ints, optional
        Red, green and blue, 0 to 255, as the file recommends; None to use
        ``default_label_color``.
    meaning, category : str
        What it is, and its category: "Liver", "Anatomical Structure".
    meaning_code, category_code : str
        The same as codes, ``SCHEME:VALUE``.
    """

    number: int
    name: str
    color: tuple[int, int, int] | None = None
    meaning: str = ""
    category: str = ""
    meaning_code: str = ""
    category_code: str = ""


_GOLDEN_RATIO = 0.618033988749895
_STRENGTHS = ((0.85, 0.95), (0.55, 1.0), (0.9, 0.7))
"""Saturation and value, used in turn, so that labels of similar hue still differ."""


def default_label_color(number: int) -> tuple[int, int, int]:
    """Return a color for a label without one: black for 0, else distinct from its neighbors.

    >>> default_label_color(0)
    (0, 0, 0)
    """
    if number == 0:
        return 0, 0, 0
    saturation, value = _STRENGTHS[number % 3]
    # Steps of the golden ratio around the color wheel never repeat a hue.
    red, green, blue = hsv_to_rgb((number * _GOLDEN_RATIO) % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)
