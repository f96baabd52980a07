"""What writers may allocate and call for one picture: memory per pixel, and function calls."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest
from support.work_counter import calls_per_round

from dcmconv.model.components import Writer
from dcmconv.model.picture import Picture
from dcmconv_builtins.colormaps.viridis import Viridis
from dcmconv_builtins.writers.jpg import Jpg
from dcmconv_builtins.writers.png import Png

SIDE = 1024
# The whole file, its encoder's buffers, and what does not depend on the size of the picture.
SMALL = 2**18


def smooth(shape, dtype=np.uint8):
    """Return a picture that compresses to little, so that the stream does not count."""
    ramp = np.linspace(0, np.iinfo(dtype).max, shape[1]).astype(dtype)
    rows = np.broadcast_to(ramp, shape[:2])
    pixels = rows if len(shape) == 2 else np.repeat(rows[..., np.newaxis], shape[2], axis=2)
    return np.ascontiguousarray(pixels)


GRAY = Picture(pixels=smooth((SIDE, SIDE)))
DEEP = Picture(pixels=smooth((SIDE, SIDE), np.uint16), bits=16)
COLOR = Picture(pixels=smooth((SIDE, SIDE, 3)))
VIRIDIS = Picture(pixels=smooth((SIDE, SIDE)), palette=Viridis().table())


def peak_bytes_per_pixel(writer: Writer, picture: Picture) -> float:
    writer.encode(picture)  # imports, tables and caches
    gc.collect()
    tracemalloc.start()
    try:
        writer.encode(picture)
        return (tracemalloc.get_traced_memory()[1] - SMALL) / (SIDE * SIDE)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("writer", "picture", "most"),
    [
        # The filtered rows, and nothing else of that size.
        pytest.param(Png(), GRAY, 1.2, id="png"),
        pytest.param(Png(compression="fastest"), GRAY, 1.2, id="png-fastest"),
        pytest.param(Png(), VIRIDIS, 1.2, id="png-palette"),
        pytest.param(Png(), COLOR, 3.2, id="png-color"),
        # The rows in the byte order of the file, and the filtered rows.
        pytest.param(Png(bits=16), DEEP, 4.2, id="png-16-bits"),
        # The encoder reads the pixels where they are.
        pytest.param(Jpg(), GRAY, 0, id="jpg"),
        pytest.param(Jpg(), COLOR, 0, id="jpg-color"),
        # Four bytes per color; imagecodecs takes no picture in parts.
        pytest.param(Jpg(), VIRIDIS, 4.5, id="jpg-colormap"),
    ],
)
def test_memory_per_pixel_stays_within_its_budget(writer, picture, most):
    assert peak_bytes_per_pixel(writer, picture) <= most


def test_smallest_filters_a_large_picture_in_blocks():
    rng = np.random.default_rng(1)
    noise = Picture(pixels=rng.integers(0, 4, (4 * SIDE, SIDE), dtype=np.uint8))
    # Four times the pixels of the others, so 4 are the filtered rows.  The candidates and costs of
    # all rows at once would take more than 100.
    assert peak_bytes_per_pixel(Png(compression="smallest"), noise) <= 15


@pytest.mark.parametrize(
    ("writer", "picture", "most"),
    [
        pytest.param(Png(), GRAY, 95, id="png"),
        pytest.param(Png(bits=16), DEEP, 95, id="png-16-bits"),
        pytest.param(Png(), COLOR, 95, id="png-color"),
        pytest.param(Jpg(), GRAY, 20, id="jpg"),
        pytest.param(Jpg(), VIRIDIS, 60, id="jpg-colormap"),
    ],
)
def test_calls_stay_within_their_budget(writer, picture, most):
    def encode(rounds: int) -> None:
        for _ in range(rounds):
            writer.encode(picture)

    work = calls_per_round(encode)
    assert work.total <= most, work.table()
