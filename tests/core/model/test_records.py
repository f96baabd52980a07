"""Records behave like dataclasses."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace

import pytest

from dcmconv.model.records import public_record, record


@record(frozen=True)
class Record:
    name: str
    sides: int = 0
    note: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)


@record
class Changing:
    names: list[str] = field(default_factory=list)


@record(frozen=True)
class Empty:
    """No field."""


@record(frozen=True, kw_only=True)
class Derived(Record):
    corners: int


@public_record(frozen=True)
class Public:
    name: str


@dataclass(frozen=True)
class Dataclass:
    name: str
    sides: int = 0
    note: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)


VALUES = [("a",), ("a", 3), ("a", 3, "note"), ("a", 3, "", "secret"), ("b", 3)]


@pytest.mark.parametrize("values", VALUES)
def test_a_record_is_shown_and_hashed_as_a_dataclass(values):
    expected = Dataclass(*values)
    assert repr(Record(*values)) == repr(expected).replace("Dataclass", "Record")
    assert hash(Record(*values)) == hash(expected)


def test_records_are_equal_as_dataclasses_are():
    for left in VALUES:
        for right in VALUES:
            expected = Dataclass(*left) == Dataclass(*right)
            assert (Record(*left) == Record(*right)) == expected


def test_records_of_two_classes_are_never_equal():
    assert Record("a") != Derived(name="a", corners=0)
    assert Record("a") != ("a", 0, "")
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())


def test_a_record_that_may_change_has_no_hash():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Changing())
    assert Changing(["a"]) == Changing(["a"])
    assert Changing().names is not Changing().names


def test_a_derived_record_has_the_fields_of_its_base():
    assert [each.name for each in fields(Derived)] == ["name", "sides", "note", "secret", "corners"]
    assert repr(Derived("a", corners=4)) == "Derived(name='a', sides=0, note='', corners=4)"


def test_a_record_travels_between_processes():
    made = Derived("a", 3, "note", corners=4)
    copy = pickle.loads(pickle.dumps(made))  # noqa: S301 - our own bytes
    assert copy == made
    assert copy.note == "note"
    assert replace(copy, corners=5) == Derived("a", 3, corners=5)
    assert is_dataclass(Derived)


def test_nobody_sets_a_field_of_a_public_record():
    made = Public("a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        made.name = "b"
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del made.name
    assert {made: 1}[pickle.loads(pickle.dumps(made))] == 1  # noqa: S301 - our own bytes
