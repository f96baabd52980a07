"""What a careful programmer can write in an hour: SOURCE OUT jpg|png WORKERS CENTER WIDTH.

pydicom, one lookup table per kind of file, Pillow, and the standard library's process pool.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image


@lru_cache(maxsize=16)
def table(
    window: tuple[float, float], slope: float, intercept: float, dtype: str, inverted: bool
) -> NDArray[np.uint8]:
    """Return the gray level for each bit pattern of a stored value."""
    center, width = window
    modality = np.arange(65536, dtype=np.uint16).view(dtype) * slope + intercept
    unit = ((modality - (center - 0.5)) / (width - 1) + 0.5).clip(0, 1)
    scaled = 255 - unit * 255 if inverted else unit * 255
    gray: NDArray[np.uint8] = np.floor(scaled + 0.5).astype(np.uint8)
    return gray


def convert(path: Path, out: Path, suffix: str, window: tuple[float, float]) -> None:
    """Convert one file."""
    dataset = pydicom.dcmread(path)
    stored_values = dataset.pixel_array
    slope, intercept = dataset.get("RescaleSlope", 1), dataset.get("RescaleIntercept", 0)
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
    gray = table(window, float(slope), float(intercept), stored_values.dtype.str, inverted)
    image = Image.fromarray(gray.take(stored_values.view(np.uint16)))
    options = {"quality": 90} if suffix == "jpg" else {"compress_level": 1}
    image.save(out / f"{path.stem}.{suffix}", **options)


def main() -> None:
    source, out, suffix, workers, center, width = sys.argv[1:7]
    Path(out).mkdir(parents=True, exist_ok=True)
    work = partial(convert, out=Path(out), suffix=suffix, window=(float(center), float(width)))
    with ProcessPoolExecutor(int(workers)) as pool:
        for _ in pool.map(work, sorted(Path(source).iterdir()), chunksize=16):
            pass


if __name__ == "__main__":
    main()
