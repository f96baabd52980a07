"""Pictures are compared before a time counts."""

from __future__ import annotations

import numpy as np
from benchmarks.agreement import compare, compare_resampled, pictures_in
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


def test_16_bits_are_compared_over_their_whole_range(tmp_path):
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    Image.fromarray(np.array([[0, 65535]], np.uint16)).save(first)
    Image.fromarray(np.array([[65535, 65535]], np.uint16)).save(second)
    assert compare([first], [second], 1).words == "within 65535"


def test_a_palette_is_compared_by_its_colors(tmp_path):
    first = save(tmp_path / "a.png", [[[10, 20, 30], [40, 50, 60]]])
    palette = Image.fromarray(np.array([[1, 0]], np.uint8), "P")
    palette.putpalette([40, 50, 60, 10, 20, 30])
    palette.save(tmp_path / "b.png")
    assert compare([first], [tmp_path / "b.png"], 0).words == "exact"


def test_letters_may_differ_but_not_the_picture(tmp_path):
    pixels = np.zeros((10, 10), np.uint8)
    first = save(tmp_path / "a.png", pixels)
    pixels[0, :5] = 255
    assert compare([first], [save(tmp_path / "b.png", pixels)], 1, drawn=True).agree
    pixels[0, :6] = 255
    assert not compare([first], [save(tmp_path / "c.png", pixels)], 1, drawn=True).agree


def test_another_filter_agrees_and_another_picture_does_not(tmp_path):
    ramp = np.tile(np.arange(0, 240, 3, dtype=np.uint8), (80, 1))
    original = save(tmp_path / "a.png", ramp)
    half = save(tmp_path / "b.png", (ramp[::2, ::2].astype(int) + ramp[::2, 1::2]) // 2)
    turned = save(tmp_path / "c.png", ramp[::2, ::2].T)
    assert compare_resampled([half], [half], [original], is_padded=False).agree
    assert not compare_resampled([half], [turned], [original], is_padded=False).agree


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
