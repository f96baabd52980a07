"""What becomes of each recipe: read from ``expected.yaml``, and how a picture is told."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from hostile.base import BYTES, RAMP
from hostile.recipes_color import RGB

TABLE = Path(__file__).with_name("expected.yaml")

# By hand: minimum black, maximum white, half rounded up; and what is 8 bits already stays.
WHOLE = {
    "ramp": np.floor(RAMP / 4095 * 255 + 0.5),
    "bytes": BYTES.astype(np.float64),
    "rgb": RGB.astype(np.float64),
    "palette": BYTES[..., None].repeat(3, 2).astype(np.float64),
}
TOLERANCE = {"close to bytes": ("bytes", 8)}


@cache
def expected() -> dict[str, dict[str, Any]]:
    """Return the table, by the recipe's name."""
    table: dict[str, dict[str, Any]] = yaml.safe_load(TABLE.read_text("utf-8"))
    return table


def picture_of(pixels: NDArray[Any]) -> str:
    """Return what a picture is: one of the known ones, or its size and its four corners."""
    for name, values in WHOLE.items():
        if pixels.shape == values.shape and np.array_equal(pixels, values):
            return name
    for name, (other, most) in TOLERANCE.items():
        values = WHOLE[other]
        if pixels.shape == values.shape and np.abs(pixels - values).max() <= most:
            return name
    corners = [pixels[0, 0], pixels[0, -1], pixels[-1, 0], pixels[-1, -1]]
    told = ", ".join("/".join(str(int(sample)) for sample in np.atleast_1d(c)) for c in corners)
    return f"{pixels.shape[1]}x{pixels.shape[0]}: {told}"
