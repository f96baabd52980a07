"""A line in float32 gives what the table gives, or is not used."""

from __future__ import annotations

import numpy as np
import pytest

from dcmconv.model.curve import Linear
from dcmconv.model.frame_parts import Lut, Padding, Rescale
from dcmconv.render import lookup as tables_module
from dcmconv.render.display import DisplayRule
from dcmconv.render.lookup import Line, TableCache, find_line


def rule(black=0.0, white=255.0, *, inverted=False, depth=8, **options) -> DisplayRule:
    options = {"modality": Rescale(), "padding": None, "presentation": None} | options
    return DisplayRule(
        curve=Linear(black=black, white=white), inverted=inverted, depth=depth, **options
    )


def line_of(used: DisplayRule, stored_values) -> Line | None:
    return find_line(used, stored_values, used.apply(stored_values))


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
def test_a_window_is_the_same_by_line_and_by_definition(dtype, inverted):
    limits = np.iinfo(dtype)
    stored_values = np.arange(limits.min, limits.max + 1).astype(dtype)
    used = rule(-159.5, 239.5, inverted=inverted, modality=Rescale(1.0, -24.0))
    line = line_of(used, stored_values)
    assert line is not None
    assert np.array_equal(line.apply(stored_values), used.apply(stored_values))


def test_random_windows_are_the_same_with_and_without_a_line():
    chance = np.random.default_rng(4)
    lines = 0
    for _ in range(200):
        center, width = chance.uniform(-500, 3000), chance.uniform(1, 5000)
        slope, intercept = (
            chance.choice([1.0, 0.5, 2.44140625, -1.0]),
            chance.choice([0.0, -1024.0]),
        )
        used = rule(
            center - width / 2,
            center + width / 2,
            inverted=bool(chance.integers(2)),
            modality=Rescale(slope, intercept),
            padding=Padding(-2000, -2000) if chance.integers(2) else None,
        )
        frame = chance.integers(-2000, 4000, (64, 64)).astype(np.int16)
        assert np.array_equal(TableCache().apply(used, frame), used.apply(frame))
        lines += line_of(used, np.arange(-2000, 4000).astype(np.int16)) is not None
    assert lines > 50


def test_halves_go_up_as_the_table_rounds_them():
    # 0 to 510 over 255 steps: every odd value is a half.
    stored_values = np.arange(511).astype(np.uint16)
    line = line_of(rule(0.0, 510.0), stored_values)
    assert line is not None
    assert line.apply(stored_values)[:6].tolist() == [0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    "used",
    [
        pytest.param(rule(5.0, 5.0), id="step"),
        pytest.param(rule(depth=16), id="16-bit"),
        pytest.param(rule(modality=Lut(np.arange(256))), id="modality-lut"),
        pytest.param(rule(presentation=Lut(np.arange(256), bits=8)), id="presentation-lut"),
        pytest.param(rule(padding=Padding(100, 100)), id="padding-in-the-middle"),
        pytest.param(rule(0.0, 1e-30), id="steeper-than-float32-goes"),
    ],
)
def test_what_is_no_straight_line_gets_none(used):
    assert line_of(used, np.arange(256).astype(np.uint8)) is None


def test_large_frames_are_mapped_in_blocks_like_small_ones():
    frame = np.arange(600 * 601, dtype=np.int64).reshape(600, 601).astype(np.int16)
    for used in (rule(0.0, 3000.0), rule(0.0, 3000.0, depth=16)):
        assert np.array_equal(TableCache().apply(used, frame), used.apply(frame))


def test_nothing_is_cut_off_where_every_value_lies_inside():
    stored_values = np.arange(-500, 1501).astype(np.int16)
    inside, beyond = rule(-500.0, 1500.0), rule(-400.0, 1500.0)
    # Half a gray level below the first step is still black: 1900 HU to 255 steps.
    assert [line_of(used, stored_values).ends for used in (inside, beyond)] == [None, (-403, 1500)]
    assert line_of(inside, stored_values).apply(stored_values)[[0, -1]].tolist() == [0, 255]


def test_a_table_that_proves_of_use_covers_all_values_and_stays_the_same(monkeypatch):
    monkeypatch.setattr(tables_module, "_PIXELS_BEFORE_ALL", 100)
    used, tables = rule(100.0, 900.0, padding=Padding(-2000, -2000)), TableCache()
    frames = [np.full((4, 4), 10 * number, np.int16) for number in range(100)]
    frames.append(np.array([[-32768, -2000, 100, 900, 32767]], np.int16))
    for frame in frames:
        assert np.array_equal(tables.apply(used, frame), used.apply(frame))


def test_a_line_is_kept_where_only_unseen_values_lie_beside_it(monkeypatch):
    monkeypatch.setattr(tables_module, "_PIXELS_BEFORE_ALL", 3000)
    # Padding is black among white, but does not occur.
    used, tables = rule(100.0, 900.0, inverted=True, padding=Padding(-2000, -2000)), TableCache()
    frame = np.arange(0, 1000).astype(np.int16).reshape(10, 100)
    for _ in range(50):
        assert np.array_equal(tables.apply(used, frame), used.apply(frame))
    (table,) = tables._tables.values()
    assert table._line is not None
    with_padding = np.append(frame.reshape(-1), np.int16(-2000)).reshape(1, -1)
    assert np.array_equal(tables.apply(used, with_padding), used.apply(with_padding))
