"""Options are declared once and validated the same way everywhere."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from dcmconv.model.options import Component, Opt, option_fields


@dataclass(frozen=True, kw_only=True)
class Sample(Component):
    """A component for these tests."""

    center: Annotated[float | None, Opt("Window Center", unit="HU", ge=1)] = None
    sizes: Annotated[tuple[int, ...], Opt("Sizes", gt=0)] = ()
    mode: Annotated[Literal["a", "b"], Opt("Mode")] = "a"
    bold: Annotated[bool, Opt("Bold")] = False


VALIDATE = TypeAdapter(Sample).validate_python


def test_text_is_converted_to_numbers_and_booleans():
    made = VALIDATE({"center": "3", "sizes": ["1", 2], "bold": "true"})

    assert made == Sample(center=3.0, sizes=(1, 2), bold=True)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        pytest.param({"center": True}, "a number, not true or false", id="boolean"),
        pytest.param({"center": 0}, "greater than or equal to 1", id="bound-of-an-optional-number"),
        pytest.param({"sizes": [0]}, "greater than 0", id="bound-of-each-number"),
        pytest.param({"widht": 1}, "Unexpected keyword", id="unknown-option"),
        pytest.param({"mode": "c"}, "'a' or 'b'", id="not-a-choice"),
        pytest.param({"center": float("inf")}, "finite", id="infinite"),
    ],
)
def test_an_invalid_option_is_rejected(options, complaint):
    with pytest.raises(ValidationError, match=complaint):
        VALIDATE(options)


def test_option_fields_have_type_default_and_help():
    center, sizes, mode, bold = option_fields(Sample)

    assert (center.name, center.annotation, center.opt.unit) == ("center", float | None, "HU")
    assert (sizes.default, mode.default, bold.required) == ((), "a", False)


def test_a_field_without_opt_is_an_error():
    @dataclass(frozen=True, kw_only=True)
    class Careless(Component):
        width: float = 1.0

    with pytest.raises(TypeError, match=r"Careless\.width has no Opt"):
        list(option_fields(Careless))
