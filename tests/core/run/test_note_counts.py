"""Notes are grouped by kind: values that vary between inputs do not matter."""

import pytest

from dcmconv.run import progress as notes_module
from dcmconv.run.progress import NoteCounts


def kinds_of(*notes):
    counts = NoteCounts()
    for number, note in enumerate(notes):
        counts.add(f"{number}.dcm", [note])
    return {kind.text: kind.inputs for kind in counts.most_common()}


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        pytest.param("It has 4 rows.", "It has 12 rows.", "It has # rows.", id="integer"),
        pytest.param("lo 1.5e-3, hi -2", "lo 7, hi 8", "lo #, hi #", id="decimal"),
        pytest.param("0..4095 HU", "-7..9 HU", "#..# HU", id="range"),
        pytest.param("frames 1, 2 and 3", "frames 4 and 9", "frames #", id="list"),
        pytest.param("text 'a b'", "text 'c'", "text '...'", id="quoted"),
        pytest.param("9 of 12 rows", "7 of 12 rows", "# of 12 rows", id="only-what-differs"),
        pytest.param("UID 1.2.3.4", "UID 1.2.5", "UID #", id="uid-of-an-instance"),
    ],
)
def test_notes_that_differ_in_a_value_are_one_kind(first, second, kind):
    assert kinds_of(first, second) == {kind: 2}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("(0028,0010) is 4.", "(0028,0011) is 4.", id="attribute"),
        pytest.param("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", id="transfer-syntax"),
        pytest.param("YBR_FULL_422", "YBR_FULL_420", id="name-with-a-number"),
        pytest.param("JPEG2000 is odd", "JPEG1994 is odd", id="word-with-a-number"),
    ],
)
def test_notes_about_different_things_are_two_kinds(first, second):
    assert kinds_of(first, second) == {first: 1, second: 1}


def test_equal_notes_keep_their_numbers():
    assert kinds_of("It has 4 rows.", "It has 4 rows.") == {"It has 4 rows.": 2}


def test_an_input_counts_once_for_each_kind():
    counts = NoteCounts()
    counts.add("a", ["frame 1 is black", "frame 2 is black", "no charset"])
    counts.add("b", ["no charset"])
    counts.add("c", [])
    assert counts.inputs == 2
    assert [(kind.text, kind.inputs) for kind in counts.most_common()] == [
        ("no charset", 2),
        ("frame # is black", 1),
    ]


def test_only_a_few_examples_and_kinds_are_kept(monkeypatch):
    monkeypatch.setattr(notes_module, "MOST_KINDS", 2)
    letters = "abcdef"
    counts = NoteCounts()
    for letter in letters:
        counts.add(letter, [f"note {letter}", "common"])
    found = {kind.text: kind for kind in counts.most_common()}
    assert {text: kind.inputs for text, kind in found.items()} == {
        "common": 6,
        "note a": 1,
        "other notes": 5,
    }
    assert found["common"].examples == dict.fromkeys("abc", "common")
