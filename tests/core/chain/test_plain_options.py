"""Plain options are read without pydantic: it must make no difference, except in speed."""

from __future__ import annotations

from dataclasses import make_dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import AfterValidator, TypeAdapter, ValidationError

from dcmconv.chain.spec import ComponentSpec
from dcmconv.chain.validate import validated
from dcmconv.model.options import Component, Opt

TYPES = (
    int,
    float,
    bool,
    str,
    Path,
    float | None,
    str | None,
    int | str,
    int | float,
    int | Literal["auto"],
    Literal["a", "b"],
    Literal["a", "b"] | None,
    Literal[8, 16],
    Literal[8, 16] | None,
    Literal["8", 8],
    Literal[True, "x"],
    tuple[float, ...],
    tuple[Path, ...],
    tuple[int, int],
    tuple[Literal["a", "b"], ...] | None,
    list[int],
)
TEXTS = (
    *(
        "",
        "0",
        "4",
        "-4",
        "+4",
        "007",
        "-0",
        "4.0",
        "4.5",
        ".5",
        "5.",
        "-.5",
        ".",
        "-",
        "--4",
        "1.2.3",
    ),
    *("1e3", "1_000", " 4 ", "4\n", "٤", "²", "nan", "inf", "9" * 15, "9" * 16, "0.1", "8", "16"),
    *("true", "false", "True", "yes", "1", "None", "null", "auto", "a", "b", "c", "x", "a\0b"),
)
OTHERS = (
    *(None, True, False, 0, 4, -4, 8, 16, 10**15, 10**30, 4.0, 4.5, -0.0, 1e16),
    *(float("nan"), float("inf"), b"4", [], ["4"], ["4", 5], ("a", "b"), ["a", "c"], {}, {"a": 1}),
)


def component_of(annotation: Any, opt: Opt) -> type[Component]:
    field = ("option", Annotated[annotation, opt])
    return make_dataclass("Made", [field], bases=(Component,), frozen=True, kw_only=True)


def read_by_pydantic(component: type[Component], value: Any) -> Any:
    try:
        return TypeAdapter(component).validate_python({"option": value}).option
    except ValidationError:
        return ValidationError


def read(component: type[Component], value: Any) -> Any:
    made = validated(component, ComponentSpec("made", {"option": value}))
    return ValidationError if isinstance(made, list) else made.option


@pytest.mark.parametrize("opt", [Opt("Help"), Opt("Help", ge=1, lt=9), Opt("Help", gt=4, le=8)])
@pytest.mark.parametrize("annotation", TYPES, ids=str)
def test_options_mean_what_pydantic_reads(annotation, opt):
    component = component_of(annotation, opt)
    for value in (*TEXTS, *OTHERS):
        found, expected = read(component, value), read_by_pydantic(component, value)
        # repr tells 4 from 4.0 and True, and knows that NaN equals NaN.
        assert repr(found) == repr(expected), value


def test_a_validator_of_pydantic_beside_the_opt_still_applies():
    field = ("option", Annotated[int, Opt("Help"), AfterValidator(lambda value: value * 2)])
    component = make_dataclass("Made", [field], bases=(Component,), frozen=True, kw_only=True)

    assert read(component, 4) == 8


def test_a_configuration_of_pydantic_still_applies():
    class Strict(Component):
        __pydantic_config__: ClassVar = {**Component.__pydantic_config__, "strict": True}

    field = ("option", Annotated[int, Opt("Help")])
    component = make_dataclass("Made", [field], bases=(Strict,), frozen=True, kw_only=True)

    assert read(component, "4") is ValidationError
