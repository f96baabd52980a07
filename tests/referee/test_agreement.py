"""Pictures are compared before a time counts."""

from __future__ import annotations

import numpy as np
from benchmarks.agreement import compare, pictures_in
from PIL import Image


def save(path, pixels):
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)
    return path


def test_equal_pictures_are_exact(tmp_path):
    first, second = (save(tmp_path / name, [[1, 2], [3, 4]]) for name in ("a.png", "b.png"))
    assert compare([first], [second], 0).words == "exact"


def test_one_gray_level_is_agreement_only_where_one_is_allowed(tmp_path):
    first = save(tmp_path / "a.png", [[1, 2]])
    second = save(tmp_path / "b.png", [[1, 3]])
    assert compare([first], [second], 1).agree
    assert not compare([first], [second], 0).agree


def test_gray_in_three_equal_channels_is_gray(tmp_path):
    first = save(tmp_path / "a.png", [[7]])
    second = save(tmp_path / "b.png", [[[7, 7, 7]]])
    assert compare([first], [second], 0).agree


def test_a_missing_picture_is_a_disagreement(tmp_path):
    first = save(tmp_path / "a.png", [[7]])
    assert compare([first], [], 1).words == "0 pictures instead of 1"


def test_another_size_is_a_disagreement(tmp_path):
    first, second = save(tmp_path / "a.png", [[7]]), save(tmp_path / "b.png", [[7, 7]])
    assert not compare([first], [second], 1).agree


def test_the_tenth_frame_comes_after_the_second(tmp_path):
    for number in (10, 2, 1):
        save(tmp_path / f"one.dcm.{number}.png", [[number]])
    assert [path.name for path in pictures_in(tmp_path)] == [
        "one.dcm.1.png",
        "one.dcm.2.png",
        "one.dcm.10.png",
    ]
