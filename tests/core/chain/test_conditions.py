"""What the conditions of a rule accept."""

from __future__ import annotations

import pickle
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmconv.chain.conditions import accepted, accepts, condition
from dcmconv.chain.plan import PlannedRule
from dcmconv.errors import UsageError


@pytest.mark.parametrize(
    ("conditions", "found", "is_accepted"),
    [
        (["CT"], "CT", True),
        (["CT"], "CTA", False),
        (["CT", "MR"], "MR", True),
        (["CT"], None, False),
        ([3], "3", True),
        (["3"], 3, True),
        (["PRIMARY"], ("ORIGINAL", "PRIMARY"), True),
        (["<=1.5"], 1.5, True),
        (["<1.5"], 1.5, False),
        ([">=1.5"], "1.5", True),
        ([">-2"], -1, True),
        (["> 2e1"], 21, True),
        (["<1.5"], "thin", False),
        (["<1.5"], None, False),
        (["<1.5"], float("nan"), False),
        (["0.5..1.5"], 0.5, True),
        (["0.5..1.5"], 1.5, True),
        (["0.5..1.5"], 1.6, False),
        (["..3"], -100, True),
        (["10.."], 9.9, False),
        (["-5..-1"], -3, True),
        (["HEAD*"], "HEAD AND NECK", True),
        (["HEAD*"], "FOREHEAD", False),
        (["T?"], "T1", True),
        (["T?"], "T12", False),
        (["*"], "anything\nat all", True),
        (["*"], None, False),
        (["*.dcm"], "xdcm", False),
        (["[CT]*"], "[CT] thorax", True),
        (["/lung|chest/"], "Thin chest", True),
        (["/lung/"], "LUNG", False),
        (["/lung/i"], "LUNG", True),
        (["/^T[12]$/"], "T1", True),
        (["!=CT"], "MR", True),
        (["!=CT"], "CT", False),
        (["!=CT"], None, True),
        (["!=CT", "!=MR"], "US", True),
        (["!=CT", "!=MR"], "MR", False),
        (["!=SCOUT"], ("ORIGINAL", "SCOUT"), False),
        (["HEAD*", "!=HEAD AND NECK"], "HEAD", True),
        (["HEAD*", "!=HEAD AND NECK"], "HEAD AND NECK", False),
        (["HEAD*", "!=HEAD AND NECK"], "CHEST", False),
        (["!=/scout/i"], "Scout view", False),
        (["=T2*"], "T2*", True),
        (["=T2*"], "T2-weighted", False),
        (["=<3"], "<3", True),
        (["/"], "/", True),
        (["//"], "//", True),
        ([".."], "..", True),
        (["1.2.840"], "1.2.840", True),
    ],
)
def test_a_condition_accepts(conditions, found, is_accepted):
    assert accepts(found, conditions) is is_accepted


@given(st.one_of(st.text(), st.integers(), st.floats(allow_nan=False)))
def test_an_equals_sign_accepts_exactly_that_text(value):
    assert accepts(value, [f"={value}"])


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_text_is_a_condition_or_says_why_not(written, found):
    with suppress(UsageError):
        assert accepts(found, [written]) in (True, False)


@pytest.mark.parametrize("written", ["<", "<=a", ">1..2", "/(/", "/" + "a" * 300 + "/"])
def test_an_invalid_condition_says_what_to_write(written):
    with pytest.raises(UsageError) as caught:
        condition(written)
    assert caught.value.hint


def test_many_stars_take_no_longer_than_one():
    assert not accepts("a" * 30_000, ["*" * 60 + "b"])


def test_only_conditions_that_hold_are_named():
    assert list(accepted("HEAD", ["HEAD*", "CHEST", "!=NECK"])) == ["HEAD*", "!=NECK"]


def test_a_rule_without_attributes_matches_everything():
    assert PlannedRule(when={}, lanes=()).matches({})


def test_a_rule_can_go_to_another_process_after_it_was_used():
    rule = PlannedRule(when={"SliceThickness": ("<2", "/x/")}, lanes=())
    assert rule.matches({"SliceThickness": 1})
    assert pickle.loads(pickle.dumps(rule)).matches({"SliceThickness": 1.5})  # noqa: S301
