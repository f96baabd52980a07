"""Many small good files, each with different pixels, made faster than they are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hostile.base import RAMP, ramp
from support.dicom_files import as_bytes

PIXEL_BYTES = RAMP.nbytes


def make_good_files(folder: Path, count: int) -> list[str]:
    """Write files below ``folder``, a hundred in each folder, and return their keys."""
    head = as_bytes(ramp())[:-PIXEL_BYTES]
    keys = []
    for number in range(count):
        key = f"{number // 100:03d}/{number % 100:02d}.dcm"
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(head + np.roll(RAMP, number).tobytes())
        keys.append(key)
    return keys
