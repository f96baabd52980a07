"""The resampler against an independent one: scalar formulas, in float64, without any blocks."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from dcmconv_builtins.steps import resampling
from dcmconv_builtins.steps.resampling import resample


def sinc(x):
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


def lanczos(x):
    return sinc(x) * sinc(x / 3) if abs(x) < 3 else 0.0


def bicubic(x):
    x = abs(x)
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def bilinear(x):
    return max(0.0, 1 - abs(x))


def box(x):
    return 1.0 if -0.5 < x <= 0.5 else 0.0


KERNELS = {"lanczos": lanczos, "bicubic": bicubic, "bilinear": bilinear, "box": box}


def matrix(old, new, kernel):
    """The weight of each old value in each new one."""
    step = old / new
    stretch = max(step, 1.0)
    rows = []
    for i in range(new):
        row = [kernel((x + 0.5 - (i + 0.5) * step) / stretch) for x in range(old)]
        rows.append([weight / sum(row) for weight in row])
    return np.array(rows)


def ideal(pixels, rows, columns, kind):
    down = matrix(pixels.shape[0], rows, KERNELS[kind])
    across = matrix(pixels.shape[1], columns, KERNELS[kind])
    values = down @ pixels.astype(np.float64) @ across.T
    return values.clip(0, np.iinfo(pixels.dtype).max)


def noisy(dtype, shape, seed=1):
    rng = np.random.default_rng(seed)
    smooth = np.cumsum(rng.normal(size=shape), axis=1)
    smooth = (smooth - smooth.min()) / (np.ptp(smooth) or 1)
    white = np.iinfo(dtype).max
    return ((smooth + rng.normal(0, 0.05, shape)).clip(0, 1) * white).astype(dtype)


SIZES = [
    pytest.param((100, 90), (40, 30), id="smaller"),
    pytest.param((300, 260), (31, 17), id="much-smaller-and-not-a-whole-tile"),
    pytest.param((37, 53), (80, 61), id="larger"),
    pytest.param((90, 20), (11, 70), id="smaller-one-way-larger-the-other"),
    pytest.param((3000, 3), (5, 2), id="so-much-smaller-that-weights-need-float64"),
    pytest.param((64, 100), (64, 50), id="only-narrower"),
    pytest.param((9, 7), (1, 1), id="one-pixel"),
    pytest.param((1, 1), (3, 5), id="from-one-pixel"),
]


@pytest.mark.parametrize(("old", "new"), SIZES)
@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize(("dtype", "error"), [(np.uint8, 0.03), (np.uint16, 1e-6)])
def test_values_are_the_ideal_ones_rounded_once(old, new, kind, dtype, error):
    pixels = noisy(dtype, old)
    difference = resample(pixels, *new, kind) - ideal(pixels, *new, kind)
    assert np.abs(difference).max() <= 0.5 + error


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pictures_of_several_blocks_have_no_seams(dtype, monkeypatch):
    pixels = noisy(dtype, (500, 300))
    whole = resample(pixels, 70, 61)
    monkeypatch.setattr(resampling, "STRIP_VALUES", 1)
    monkeypatch.setattr(resampling, "BLOCK_VALUES", 1)
    assert np.array_equal(resample(pixels, 70, 61), whole)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_rotated_picture_gives_the_rotated_result(dtype):
    pixels = noisy(dtype, (200, 150))
    turned = resample(np.rot90(pixels), 40, 60)
    assert np.array_equal(turned, np.rot90(resample(pixels, 60, 40)))


@pytest.mark.parametrize("shape", [(50, 40), (50, 40, 3), (50, 40, 4)])
@pytest.mark.parametrize("kind", ["lanczos", "nearest"])
def test_the_result_can_go_into_a_larger_picture(shape, kind):
    pixels = noisy(np.uint8, shape)
    canvas = np.full((30, 30, *shape[2:]), 9, np.uint8)
    inside = canvas[5:25, 7:23]
    assert resample(pixels, 20, 16, kind, out=inside) is inside
    assert np.array_equal(inside, resample(pixels, 20, 16, kind))
    assert (canvas[:5] == 9).all()
    assert (canvas[:, :7] == 9).all()


def test_transparent_pixels_lend_no_color():
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = [200, 100, 50, 255]
    pixels[:, 4:] = [0, 255, 0, 0]
    smaller = resample(pixels, 1, 1, "box")
    # Pillow rounds more than once.
    assert smaller[0, 0, :3].tolist() == pytest.approx([200, 100, 50], abs=1)


PRINT_DIGEST = """
import hashlib, numpy as np
from dcmconv_builtins.steps.resampling import resample
rng = np.random.default_rng(5)
for dtype in (np.uint8, np.uint16):
    pixels = rng.integers(0, np.iinfo(dtype).max, (700, 600), dtype, endpoint=True)
    for size in ((90, 80), (400, 512), (900, 601)):
        print(hashlib.sha256(resample(pixels, *size)).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.parametrize("processor", ["Prescott", "Nehalem", "Haswell"])
def test_results_do_not_depend_on_the_kind_of_processor(processor):
    """OpenBLAS has other kernels, which add in another order; other BLAS ignore the variable."""

    def digests(**variables):
        command = [sys.executable, "-c", PRINT_DIGEST]
        env = {**os.environ, **variables}
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout

    assert digests(OPENBLAS_CORETYPE=processor) == digests(OPENBLAS_NUM_THREADS="2")
