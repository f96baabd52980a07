import numpy as np
import pytest

from dcmconv_builtins.writers import png_filter
from dcmconv_builtins.writers.png_filter import NONE, SUB, UP, adaptive, best_single, filtered


def test_up_subtracts_the_row_above():
    rows = filtered(np.array([[1, 2], [0, 5]], np.uint8), UP, 1)
    assert rows.tolist() == [[2, 1, 2], [2, 255, 3]]


def test_sub_subtracts_the_pixel_to_the_left():
    rows = filtered(np.array([[1, 2, 4, 7]], np.uint8), SUB, 2)
    assert rows.tolist() == [[1, 1, 2, 3, 5]]


def test_none_keeps_the_bytes():
    assert filtered(np.array([[9, 8]], np.uint8), NONE, 1).tolist() == [[0, 9, 8]]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        pytest.param(np.tile(np.arange(64, dtype=np.uint8) * 37, (64, 1)), UP, id="equal-rows"),
        pytest.param(
            np.tile(np.arange(64, dtype=np.uint8)[:, None] ** 2, (1, 64)), SUB, id="equal-columns"
        ),
        pytest.param(
            np.random.default_rng(1).choice([0, 255], (64, 64)).astype(np.uint8),
            NONE,
            id="black-and-white",
        ),
    ],
)
def test_the_best_filter_depends_on_the_picture(raw, kind):
    assert best_single(raw, 1) == kind


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
def test_adaptive_filters_can_be_undone(pixel_bytes, monkeypatch):
    monkeypatch.setattr(png_filter, "BLOCK_BYTES", 200)  # several blocks
    rng = np.random.default_rng(pixel_bytes)
    smooth = np.cumsum(rng.integers(-3, 4, (24, 12 * pixel_bytes)), axis=0)
    raw = np.vstack([smooth, rng.integers(0, 256, (8, 12 * pixel_bytes))]).astype(np.uint8)
    rows = adaptive(raw, pixel_bytes)
    assert np.array_equal(unfiltered(rows, pixel_bytes), raw)
    assert len(set(rows[:, 0].tolist())) > 1


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
    found = png_filter._paeth(*(part.astype(np.uint8) for part in (a, b, c)))
    assert found.tolist() == expected
