"""Compare the pictures of two tools: a tool is timed only if its pictures agree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["Verdict", "compare", "pictures_in"]

_PARTS = re.compile(r"(\d+)")

MEAN_IN_JPEG = 1.0
"""How much lossy pictures of the same gray levels may differ on average, with any encoder."""
MEAN_IN_COLOR = 3.0
"""Decoders upsample the color channels of a JPEG in different ways."""


@dataclass(frozen=True)
class Verdict:
    """Whether pictures agree, and what the table says about it."""

    agree: bool
    words: str


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures in a folder, sorted by name with numbers as numbers."""
    found = [path for ending in ("*.jpg", "*.png") for path in folder.rglob(ending)]
    return sorted(found, key=lambda path: [_sortable(part) for part in _PARTS.split(str(path))])


def _sortable(part: str) -> tuple[int, str]:
    return (int(part), "") if part.isdigit() else (-1, part)


def compare(ours: Iterable[Path], theirs: Iterable[Path], gray_levels: int) -> Verdict:
    """Compare pictures pair by pair.

    Parameters
    ----------
    ours, theirs : paths
        In the same order.
    gray_levels : int
        How much the values of lossless pictures may differ.
    """
    ours, theirs = list(ours), list(theirs)
    if len(ours) != len(theirs) or not ours:
        return Verdict(False, f"{len(theirs)} pictures instead of {len(ours)}")
    worst, mean, is_color = 0, 0.0, False
    for mine, other in zip(ours, theirs, strict=True):
        first, second = _pixels(mine), _pixels(other)
        if first.ndim == 2 and second.ndim == 3:
            second = second[..., 0]  # gray in three equal channels
        if first.shape != second.shape:
            return Verdict(False, f"{second.shape} instead of {first.shape} pixels")
        is_color = is_color or first.ndim == 3
        apart = np.abs(first.astype(np.int16) - second)
        worst, mean = max(worst, int(apart.max())), max(mean, float(apart.mean()))
    if ours[0].suffix == ".png":
        return Verdict(worst <= gray_levels, "exact" if worst == 0 else f"within {worst}")
    limit = MEAN_IN_COLOR if is_color else MEAN_IN_JPEG
    return Verdict(mean <= limit, "exact" if worst == 0 else f"mean difference {mean:.2f}")


def _pixels(path: Path) -> NDArray[np.uint8]:
    from PIL import Image

    with Image.open(path) as image:
        pixels: NDArray[np.uint8] = np.asarray(image)
    return pixels
