import numpy as np
import pytest

from dcmconv_builtins.writers.png_filter import NONE, SUB, UP, best_single, filtered


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
