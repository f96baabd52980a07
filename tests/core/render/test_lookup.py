"""Tables and lines give exactly the display values of the rule that they were made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dcmconv.model.curve import Curve, Linear
from dcmconv.model.frame_parts import Lut, Padding, Rescale
from dcmconv.render import lookup
from dcmconv.render.lookup import DisplayRule, Line, TableCache, find_line


def rule(black=0.0, white=255.0, *, inverted=False, depth=8, **options) -> DisplayRule:
    options = {"modality": Rescale(), "padding": None, "presentation": None} | options
    return DisplayRule(
        curve=Linear(black=black, white=white), inverted=inverted, depth=depth, **options
    )


def line_of(used: DisplayRule, stored_values) -> Line | None:
    return find_line(used, stored_values, used.apply(stored_values))


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
def test_a_line_matches_the_exact_display_values(dtype, inverted):
    limits = np.iinfo(dtype)
    stored_values = np.arange(limits.min, limits.max + 1).astype(dtype)
    used = rule(-159.5, 239.5, inverted=inverted, modality=Rescale(1.0, -24.0))
    line = line_of(used, stored_values)
    assert line is not None
    assert np.array_equal(line.apply(stored_values), used.apply(stored_values))


def test_random_windows_match_the_exact_display_values():
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


def test_a_line_rounds_halves_up():
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
        pytest.param(rule(0.0, 1e-30), id="too-steep-for-float32"),
    ],
)
def test_nonlinear_rules_get_no_line(used):
    assert line_of(used, np.arange(256).astype(np.uint8)) is None


def test_large_frames_are_mapped_without_seams():
    frame = np.arange(600 * 601, dtype=np.int64).reshape(600, 601).astype(np.int16)
    for used in (rule(0.0, 3000.0), rule(0.0, 3000.0, depth=16)):
        assert np.array_equal(TableCache().apply(used, frame), used.apply(frame))


def test_values_are_clipped_only_if_some_are_outside():
    stored_values = np.arange(-500, 1501).astype(np.int16)
    inside, beyond = rule(-500.0, 1500.0), rule(-400.0, 1500.0)
    # A step is 1900 HU / 255 = 7.45 HU: the line reaches 0 half a step below -400, at -403.7.
    assert [line_of(used, stored_values).ends for used in (inside, beyond)] == [None, (-403, 1500)]
    assert line_of(inside, stored_values).apply(stored_values)[[0, -1]].tolist() == [0, 255]


def test_a_completed_table_still_matches(monkeypatch):
    monkeypatch.setattr(lookup, "_PIXELS_BEFORE_ALL", 100)
    used, tables = rule(100.0, 900.0, padding=Padding(-2000, -2000)), TableCache()
    frames = [np.full((4, 4), 10 * number, np.int16) for number in range(100)]
    frames.append(np.array([[-32768, -2000, 100, 900, 32767]], np.int16))
    for frame in frames:
        assert np.array_equal(tables.apply(used, frame), used.apply(frame))


def test_a_line_survives_completion_of_its_table(monkeypatch):
    monkeypatch.setattr(lookup, "_PIXELS_BEFORE_ALL", 3000)
    # Padding is black among white, but does not occur.
    used, tables = rule(100.0, 900.0, inverted=True, padding=Padding(-2000, -2000)), TableCache()
    frame = np.arange(0, 1000).astype(np.int16).reshape(10, 100)
    for _ in range(50):
        assert np.array_equal(tables.apply(used, frame), used.apply(frame))
    (table,) = tables._tables.values()
    assert table._line is not None
    with_padding = np.append(frame.reshape(-1), np.int16(-2000)).reshape(1, -1)
    assert np.array_equal(tables.apply(used, with_padding), used.apply(with_padding))


@dataclass(frozen=True, kw_only=True)
class Bump(Curve):
    """A curve that is not monotone."""

    middle: float

    def __call__(self, modality_values):
        return 1 - np.abs(modality_values - self.middle) / 500


STORED = st.sampled_from([np.uint8, np.int8, np.uint16, np.int16, np.int32, np.float32])


@settings(max_examples=60)
@given(data=st.data(), dtype=STORED, inverted=st.booleans(), depth=st.sampled_from([8, 16]))
def test_a_table_matches_the_exact_display_values(data, dtype, inverted, depth):
    shape = data.draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    elements = st.integers(-100, 100) if np.dtype(dtype).kind != "u" else st.integers(0, 200)
    values = data.draw(hnp.arrays(dtype, shape, elements=elements.map(dtype)))
    curve = data.draw(
        st.sampled_from([Linear(black=-20, white=80), Linear(black=9, white=9), Bump(middle=30)])
    )
    rule = DisplayRule(curve, Rescale(0.5, -3.0), Padding(5, 7), None, inverted, depth)

    assert np.array_equal(TableCache().apply(rule, values), rule.apply(values))


def test_a_table_grows_for_a_wider_frame():
    tables = TableCache()
    rule = DisplayRule(Linear(black=0, white=255), Rescale(), None, None, inverted=False, depth=8)
    narrow = np.full((64, 64), 100, np.int16)
    wide = np.arange(-128, 384, dtype=np.int16).reshape(16, 32).repeat(2, axis=0)

    for values in (narrow, wide, narrow, -wide):
        assert np.array_equal(tables.apply(rule, values), rule.apply(values))


def test_big_endian_values_are_looked_up_by_value():
    rule = DisplayRule(Linear(black=0, white=255), Rescale(), None, None, inverted=False, depth=8)
    values = np.array([[1, 2], [3, 255]], ">u2").repeat(64, axis=0).repeat(64, axis=1)

    assert np.array_equal(TableCache().apply(rule, values), values.astype(np.uint8))
