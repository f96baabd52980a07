import zlib

import numpy as np
import pytest

from dcmconv_builtins.writers import png_row_filters
from dcmconv_builtins.writers.png_filter import AVERAGE, NONE, PAETH, SUB, UP
from dcmconv_builtins.writers.png_row_filters import deflated_smallest


def filtered_rows(raw, pixel_bytes):
    stream = zlib.decompress(deflated_smallest(raw, pixel_bytes))
    return np.frombuffer(stream, np.uint8).reshape(raw.shape[0], -1)


def unfiltered(rows, pixel_bytes):
    """Undo the filters byte by byte, as the specification describes it."""
    lines = [bytes(rows.shape[1] - 1)]
    for kind, *body in rows.tolist():
        line, above = [], lines[-1]
        for i, value in enumerate(body):
            a = line[i - pixel_bytes] if i >= pixel_bytes else 0
            b, c = above[i], above[i - pixel_bytes] if i >= pixel_bytes else 0
            p = a + b - c
            paeth = min((a, b, c), key=lambda x, p=p: abs(p - x))
            line.append((value + (0, a, b, (a + b) // 2, paeth)[kind]) % 256)
        lines.append(bytes(line))
    return np.array([list(line) for line in lines[1:]], np.uint8)


@pytest.mark.parametrize("pixel_bytes", [1, 2, 3, 4, 6, 8])
def test_filters_of_rows_can_be_undone(pixel_bytes, monkeypatch):
    monkeypatch.setattr(png_row_filters, "BLOCK_BYTES", 200)  # several blocks
    monkeypatch.setattr(png_row_filters, "SAMPLED_BYTES", 800)  # not all rows
    rng = np.random.default_rng(pixel_bytes)
    smooth = np.cumsum(rng.integers(-3, 4, (24, 12 * pixel_bytes)), axis=0)
    raw = np.vstack([smooth, rng.integers(0, 256, (8, 12 * pixel_bytes))]).astype(np.uint8)
    rows = filtered_rows(raw, pixel_bytes)
    assert np.array_equal(unfiltered(rows, pixel_bytes), raw)


def paeth_predictor(a, b, c):
    """Return the predictor as the PNG specification writes it (section 9.4)."""
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    if pa <= pb and pa <= pc:
        return a
    return b if pb <= pc else c


def test_paeth_is_that_of_the_specification():
    values = sorted({*range(0, 256, 5), *range(4), *range(252, 256)})
    a, b, c = (part.ravel() for part in np.meshgrid(values, values, values))
    expected = list(map(paeth_predictor, a.tolist(), b.tolist(), c.tolist()))
    found = png_row_filters._paeth(*(part.astype(np.uint8) for part in (a, b, c)))
    assert found.tolist() == expected


def test_every_filter_of_a_row_can_be_undone():
    raw = np.random.default_rng(5).integers(0, 256, (6, 20), dtype=np.uint8)
    candidates = png_row_filters._candidates(raw, slice(2, 6), 2)
    for kind in (NONE, SUB, UP, AVERAGE, PAETH):
        above = np.hstack((np.zeros((2, 1), np.uint8), raw[:2]))
        rows = np.hstack((np.full((4, 1), kind, np.uint8), candidates[kind]))
        assert np.array_equal(unfiltered(np.vstack((above, rows)), 2)[2:], raw[2:])


def drawing():
    return np.random.default_rng(1).choice([0, 255], (64, 64)).astype(np.uint8)


def noise_on_a_slope():
    rng = np.random.default_rng(2)
    return (np.arange(64)[:, np.newaxis] * 3 + rng.integers(0, 2, (64, 64))).astype(np.uint8)


def few_values_of_16_bits():
    # 12 bits scaled to 16, as minmax does it: differences have many values, the values have few.
    values = np.random.default_rng(3).integers(0, 40, (64, 32)) * 1637
    return values.astype(">u2").view(np.uint8)


@pytest.mark.parametrize(
    ("raw", "pixel_bytes", "most"),
    [
        pytest.param(drawing(), 1, {NONE}, id="drawing"),
        pytest.param(noise_on_a_slope(), 1, {UP, PAETH, AVERAGE}, id="slope"),
        pytest.param(few_values_of_16_bits(), 2, {NONE}, id="few-values-of-16-bits"),
    ],
)
def test_the_filters_depend_on_the_picture(raw, pixel_bytes, most):
    kinds = filtered_rows(raw, pixel_bytes)[:, 0]
    assert int(np.bincount(kinds).argmax()) in most


@pytest.mark.parametrize("shape", [(1, 1), (1, 400000), (400000, 1), (3, 200000)])
def test_pictures_of_any_shape_are_sampled(shape):
    raw = np.random.default_rng(6).integers(0, 4, shape, dtype=np.uint8)
    rows = filtered_rows(raw, 1)
    assert rows.shape == (shape[0], shape[1] + 1)
