"""Compare the pictures of two tools: a tool is timed only if its pictures agree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.resampling import errors_of

__all__ = ["Verdict", "compare", "compare_resampled", "mean_size", "pictures_in"]

_PARTS = re.compile(r"(\d+)")

MEAN_IN_JPEG = 1.0
"""How much lossy pictures of the same gray levels may differ on average, with any encoder."""
MEAN_IN_COLOR = 3.0
"""Decoders upsample the color channels of a JPEG in different ways."""
COLOR_OF_A_LEVEL = 3
"""How far neighbors of a colormap are apart in one channel."""
MOST_DRAWN = 0.05
"""Share of the pixels that letters and lines may change."""
MEAN_RESAMPLED = 3.0
"""Filters may differ by this much on average; more is another picture."""


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


def mean_size(pictures: Iterable[Path]) -> int:
    """Return the bytes of a picture, on average."""
    sizes = [path.stat().st_size for path in pictures]
    return round(sum(sizes) / max(1, len(sizes)))


def compare(
    ours: Iterable[Path], theirs: Iterable[Path], gray_levels: int, *, drawn: bool = False
) -> Verdict:
    """Compare pictures pair by pair.

    Parameters
    ----------
    ours, theirs : paths
        In the same order.
    gray_levels : int
        How much the values of lossless pictures may differ.
    drawn : bool
        Whether letters and lines may look different.
    """
    ours, theirs = list(ours), list(theirs)
    if len(ours) != len(theirs) or not ours:
        return Verdict(False, f"{len(theirs)} pictures instead of {len(ours)}")
    worst, mean, changed, is_color = 0, 0.0, 0.0, False
    for mine, other in zip(ours, theirs, strict=True):
        first, second = _pixels(mine), _pixels(other)
        if first.ndim == 2 and second.ndim == 3:
            second = second[..., 0]  # gray in three equal channels
        if first.shape != second.shape:
            return Verdict(False, f"{second.shape} instead of {first.shape} pixels")
        is_color = is_color or first.ndim == 3
        apart = np.abs(first.astype(np.int32) - second)
        worst, mean = max(worst, int(apart.max())), max(mean, float(apart.mean()))
        changed = max(changed, float((apart > gray_levels).mean()))
    if drawn and worst > gray_levels:
        return Verdict(changed <= MOST_DRAWN, f"{changed:.1%} of the pixels drawn differently")
    if ours[0].suffix == ".png":
        allowed = gray_levels * (COLOR_OF_A_LEVEL if is_color else 1)
        return Verdict(worst <= allowed, "exact" if worst == 0 else f"within {worst}")
    limit = MEAN_IN_COLOR if is_color else MEAN_IN_JPEG
    return Verdict(mean <= limit, "exact" if worst == 0 else f"mean difference {mean:.2f}")


def compare_resampled(
    ours: Iterable[Path], theirs: Iterable[Path], originals: Iterable[Path], *, is_padded: bool
) -> Verdict:
    """Compare pictures that were resized by any good filter, and measure the error of both."""
    ours, theirs = list(ours), list(theirs)
    if len(ours) != len(theirs) or not ours:
        return Verdict(False, f"{len(theirs)} pictures instead of {len(ours)}")
    errors, mean = [], 0.0
    for mine, other, original in zip(ours, theirs, originals, strict=True):
        pair = [_pixels(mine), _pixels(other)]
        if pair[0].shape != pair[1].shape:
            return Verdict(False, f"{pair[1].shape} instead of {pair[0].shape} pixels")
        mean = max(mean, float(np.abs(pair[0].astype(np.int32) - pair[1]).mean()))
        errors.append(errors_of(pair, _pixels(original), is_padded=is_padded))
    own, their = np.mean(errors, axis=0)
    words = f"error {their:.2f}" if mean else "exact"
    return Verdict(
        mean <= MEAN_RESAMPLED,
        f"{words}; dcmconv {own:.2f}" if mean else f"{words}, error {own:.2f}",
    )


def _pixels(path: Path) -> NDArray[Any]:
    from PIL import Image

    with Image.open(path) as image:
        # A palette is only a shorter way to write colors.
        pixels: NDArray[Any] = np.asarray(image.convert("RGB") if image.mode == "P" else image)
    return pixels
