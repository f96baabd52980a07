"""Label pictures in color: what each number looks like, where numbers alone would be no picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.layers import LabelName, default_label_color
from dcmconv.model.picture import Picture

__all__ = ["in_label_colors", "label_colors", "with_label_palette"]


def label_colors(labels: Iterable[LabelName], numbers: Iterable[int]) -> NDArray[np.uint8]:
    """Return the colors of some numbers.

    Returns
    -------
    uint8 array, shape (n, 3)
        The color of each label, and ``default_label_color`` where there is none.
    """
    given = {label.number: label.color for label in labels}
    colors = [given.get(number) or default_label_color(number) for number in numbers]
    return np.array(colors, np.uint8).reshape(-1, 3)


def with_label_palette(picture: Picture) -> Picture:
    """Return a label picture with its colors as a palette, if 8 bits hold its numbers."""
    if picture.pixels.dtype != np.uint8 or picture.palette is not None:
        return picture
    return picture.with_(palette=label_colors(picture.labels, range(256)))


def in_label_colors(picture: Picture, *, depth: int) -> Picture:
    """Turn numbers into colors: what a writer gets that knows no labels.

    Parameters
    ----------
    picture : Picture
        Of the domain ``label``: integers from 0.
    depth : int
        Bits of a display value, 8 or 16.

    Returns
    -------
    Picture
        RGB display values.
    """
    numbers, numbers_there = _compact(picture.pixels)
    table: NDArray[Any] = label_colors(picture.labels, numbers_there)
    if depth == 16:
        table = table.astype(np.uint16) * 257
    return picture.with_(
        pixels=table.take(numbers, axis=0), domain="display", bits=depth, palette=None
    )


def _compact(pixels: NDArray[Any]) -> tuple[NDArray[np.intp], list[int]]:
    """Return pixels as places in the list of numbers that occur: a file may name any number."""
    there, places = np.unique(pixels, return_inverse=True)
    return places.reshape(pixels.shape), [int(number) for number in there]
