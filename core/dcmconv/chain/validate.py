"""A component's options, checked against its declaration; pydantic's gathered in our words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dcmconv.chain.errors import NOWHERE, ChainProblem, Location, unknown_word
from dcmconv.chain.spec import ComponentSpec, Written
from dcmconv.errors import DcmconvError
from dcmconv.model.options import Component
from dcmconv.plugins.suggestions import did_you_mean

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["validated"]


def validated(
    component: type[Component], spec: ComponentSpec, *, is_whole: bool = True
) -> Component | list[ChainProblem]:
    """Make a component from the options as written.

    Text is read as the number, truth or list that the option declares, so flags and YAML meet here.

    Parameters
    ----------
    is_whole : bool
        Whether all options are there.  Else each is checked for itself: none is missed, and what
        options say together is left alone.

    Returns
    -------
    Component or list of ChainProblem
        The component, or everything that is wrong with its options.
    """
    if not dataclasses.is_dataclass(component):
        message = f"'{spec.use}' is no dataclass, so it has no options that can be checked."
        return [
            ChainProblem(
                spec.location, message, "Tell its author: @dataclass(frozen=True, kw_only=True)."
            )
        ]
    if not spec.options and (plain := _of_defaults(component)) is not None:
        return plain
    from pydantic import TypeAdapter, ValidationError

    try:
        made: Component = TypeAdapter(component).validate_python(dict(spec.options))
    except ValidationError as error:
        return list(_problems(component, spec, error, is_whole=is_whole))
    except DcmconvError as error:
        # From __post_init__: a template that is none, for example.
        if not is_whole:
            return []
        return [
            ChainProblem(_blamed(spec, error.message), f"'{spec.use}': {error.message}", error.hint)
        ]
    return made


def _of_defaults(component: type[Component]) -> Component | None:
    """Make a component where nothing is written, without a schema; None where that is wrong."""
    try:
        return component()
    except (TypeError, ValueError, AssertionError, DcmconvError):
        return None


def _problems(
    component: type[Component], spec: ComponentSpec, error: ValidationError, *, is_whole: bool
) -> Iterator[ChainProblem]:
    by_option: dict[str, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        option = str(detail["loc"][0]) if detail["loc"] else ""
        by_option.setdefault(option, []).append(detail)
    for option, details in by_option.items():
        if not is_whole and (not option or details[0]["type"] == "missing"):
            continue
        yield _problem(component, spec, option, details)


def _problem(
    component: type[Component], spec: ComponentSpec, option: str, details: list[ErrorDetails]
) -> ChainProblem:
    known = [each.name for each in dataclasses.fields(component)]  # type: ignore[arg-type]
    written = spec.written.get(option, Written(spec.location, spec.location))
    kind = details[0]["type"]
    if kind == "unexpected_keyword_argument":
        subject = f"'{spec.use}' has no {'setting' if spec.use == 'run' else 'option'}"
        return unknown_word(written.key, subject, option, known)
    if kind == "missing":
        hint = f"Write {spec.use}:{option}=VALUE, or {option} as a key of its own."
        return ChainProblem(spec.location, f"'{spec.use}' needs the option '{option}'.", hint)
    if not option:
        message = details[0]["msg"].removeprefix("Value error, ")
        return ChainProblem(_blamed(spec, message), f"'{spec.use}': {message.rstrip('.')}.")
    return _wrong_value(spec, option, details, written.value)


def _wrong_value(
    spec: ComponentSpec, option: str, details: list[ErrorDetails], location: Location
) -> ChainProblem:
    # A union reports each of its members; together they say what the option takes.
    needs = dict.fromkeys(_need(detail["msg"]) for detail in details)
    found = _shown(spec.options.get(option))
    near = _nearest_choice(spec.options.get(option), details)
    message = f"'{spec.use}' has {option} {found}; it {' or '.join(needs)}."
    return ChainProblem(location, message, near)


def _need(message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return text.partition(", unable to parse")[0].rstrip(".")


def _nearest_choice(value: Any, details: list[ErrorDetails]) -> str:
    choices: list[str] = []
    for detail in details:
        context: Mapping[str, Any] = detail.get("ctx", {})
        if detail["type"] == "literal_error":
            choices += [
                word.strip("' ") for word in context["expected"].replace(" or ", ",").split(",")
            ]
    return did_you_mean(value, choices) if isinstance(value, str) and choices else ""


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}'" if isinstance(value, str) else text


def _blamed(spec: ComponentSpec, message: str) -> Location:
    """Return the location of the first option that a message speaks of, else the component's."""
    spoken = [
        location.value for option, location in spec.written.items() if option in message.split()
    ]
    return next(iter(spoken), spec.location or NOWHERE)
