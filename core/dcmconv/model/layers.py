"""What a file says lies over a picture, and which part of it to show."""

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
        Where it covers the picture: True or 255 wholly, False or 0 not at all.
    color : tuple of three floats
        Red, green and blue, 0 to 1; three equal numbers are a gray.
    name : str
        In the words of the file.
    drawn : bool
        Whether the engine draws it; a layer that is not drawn can still be asked for as a mask.
    """

    kind: Literal["overlay", "graphic", "shutter"]
    coverage: NDArray[Any]
    color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    name: str = ""
    drawn: bool = True


@dataclass(frozen=True)
class View:
    """Which part of a frame to show, and which way up (PS3.3 C.10.4, C.10.6).

    Parameters
    ----------
    region : tuple of four ints, optional
        Column, row, columns and rows, from 0 and from the upper left; may reach beyond the frame,
        where it shows background.
    rotation : int
        Clockwise, in degrees: 0, 90, 180 or 270; after the region is cut out.
    is_flipped : bool
        Left and right change places, after the rotation.
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
        In the words of the file.
    color : tuple of three ints, optional
        Red, green and blue, 0 to 255, as the file recommends; None for ``default_label_color``.
    meaning, category : str
        What it is, and what kind of thing that is: "Liver", "Anatomical Structure".
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
"""Saturation and value, in turn, so that hues that come close differ in strength."""


def default_label_color(number: int) -> tuple[int, int, int]:
    """Return a color for a label that has none: black for 0, else one unlike its neighbors.

    >>> default_label_color(0)
    (0, 0, 0)
    """
    if number == 0:
        return 0, 0, 0
    saturation, value = _STRENGTHS[number % 3]
    # Steps of the golden ratio around the circle of hues never come back to the same place.
    red, green, blue = hsv_to_rgb((number * _GOLDEN_RATIO) % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)
