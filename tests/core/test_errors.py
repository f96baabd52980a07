"""Errors can be pickled, and their class says who must act."""

import inspect
import pickle

import pytest

from dcmconv import errors
from dcmconv.errors import DcmconvError, InputError

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, DcmconvError)]


@pytest.mark.parametrize("error_class", CLASSES, ids=lambda c: c.__name__)
def test_every_error_survives_pickling(error_class):
    error = error_class("found this", "type that", "word")

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here

    assert (again.message, again.hint, again.reason) == ("found this", "type that", "word")
    assert type(again) is error_class


def test_hint_is_shown_on_a_second_line():
    assert str(InputError("Rows is 0.", hint="Look at it.")) == "Rows is 0.\n  Look at it."


def test_class_gives_the_default_reason():
    assert InputError("x").reason == "damaged"


@pytest.mark.parametrize("error_class", CLASSES, ids=lambda c: c.__name__)
def test_only_the_base_class_has_a_constructor(error_class):
    assert error_class is DcmconvError or "__init__" not in vars(error_class)
