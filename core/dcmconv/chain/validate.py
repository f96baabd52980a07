"""A component's options checked against its declaration, with pydantic's errors in our words."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dcmconv.chain.errors import ChainProblem, Location, unknown_word
from dcmconv.chain.spec import ComponentSpec, Written
from dcmconv.errors import DcmconvError
from dcmconv.model.options import Component, option_fields
from dcmconv.plugins.suggestions import did_you_mean

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["validated"]

_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number with fewer digits",
    "int_type": "a whole number",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "list_type": "a list",
    "none_required": "null",
    "path_type": "a path",
    "string_type": "text",
    "too_long": "at most {max_length} values",
    "too_short": "at least {min_length} values",
    "tuple_type": "a list",
    "value_error": "{error}",
}
"""What an option takes, by the type of pydantic's error; its message is shown for other types."""


def validated(
    component: type[Component], spec: ComponentSpec, *, is_whole: bool = True
) -> Component | list[ChainProblem]:
    """Make a component from the options as written.

    Text becomes the number, truth value or list that the option declares, so that flags and YAML
    mean the same.

    Parameters
    ----------
    is_whole : bool
        Whether the spec has all options.  If not, each option is checked alone: none is missing,
        and rules that involve several options do not apply.

    Returns
    -------
    Component or list of ChainProblem
        The component, or everything that is wrong with its options.
    """
    if not dataclasses.is_dataclass(component):
        message = f"'{spec.use}' is not a dataclass, so its options cannot be checked."
        hint = "Report it to its author: it needs @dataclass(frozen=True, kw_only=True)."
        return [ChainProblem(spec.location, message, hint)]
    # Importing pydantic and building a schema takes longer than everything else that a chain of
    # defaults needs.
    if not spec.options and (made := _with_defaults(component)) is not None:
        return made
    from pydantic import TypeAdapter, ValidationError

    try:
        made = TypeAdapter(component).validate_python(dict(spec.options))
    except ValidationError as error:
        return list(_problems(component, spec, error, is_whole=is_whole))
    except DcmconvError as error:
        # pydantic passes it on from __post_init__: for example a text that is not a template.
        if not is_whole:
            return []
        location = _blamed(spec, error.message)
        return [ChainProblem(location, f"'{spec.use}': {error.message}", error.hint)]
    return made


def _with_defaults(component: type[Component]) -> Component | None:
    """Make a component without options; None if it needs some, so that pydantic says which."""
    try:
        return component()
    # pydantic makes a ValidationError of a ValueError or AssertionError from __post_init__.
    except (TypeError, ValueError, AssertionError, DcmconvError):
        return None


def _problems(
    component: type[Component], spec: ComponentSpec, error: ValidationError, *, is_whole: bool
) -> Iterator[ChainProblem]:
    by_option: dict[str, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        # Only the first part: the others are an index in a list, or a member of a union.
        option = str(detail["loc"][0]) if detail["loc"] else ""
        by_option.setdefault(option, []).append(detail)
    for option, details in by_option.items():
        if not is_whole and (not option or details[0]["type"] == "missing"):
            continue
        yield _problem(component, spec, option, details)


def _problem(
    component: type[Component], spec: ComponentSpec, option: str, details: list[ErrorDetails]
) -> ChainProblem:
    written = spec.written.get(option, Written(spec.location, spec.location))
    if details[0]["type"] == "unexpected_keyword_argument":
        known = [each.name for each in dataclasses.fields(component)]  # type: ignore[arg-type]
        subject = f"'{spec.use}' has no {'setting' if spec.use == 'run' else 'option'}"
        return unknown_word(written.key, subject, option, known)
    if details[0]["type"] == "missing":
        hint = f"Write {spec.use}:{option}=VALUE, or {option} as a separate key."
        return ChainProblem(spec.location, f"'{spec.use}' needs the option '{option}'.", hint)
    if not option:
        # A rule that involves several options: a ValueError from __post_init__.
        message = _expected(details[0], ())
        return ChainProblem(_blamed(spec, message), f"'{spec.use}': {message.rstrip('.')}.")
    return _wrong_value(component, spec, option, details)


def _wrong_value(
    component: type[Component], spec: ComponentSpec, option: str, details: list[ErrorDetails]
) -> ChainProblem:
    value = spec.options.get(option)
    choices = _choices(component, option)
    # A union reports an error for each of its members; together they say what the option takes.
    expected = dict.fromkeys(_expected(detail, choices) for detail in details)
    message = f"'{spec.use}' has {option} {_shown(value)}; expected {' or '.join(expected)}."
    suggestion = did_you_mean(value, map(str, choices)) if isinstance(value, str) else ""
    written = spec.written.get(option)
    return ChainProblem(written.value if written else spec.location, message, suggestion)


def _expected(detail: ErrorDetails, choices: Sequence[object]) -> str:
    if detail["type"] == "literal_error":
        return _listed([_shown(choice) for choice in choices])
    form = _EXPECTED.get(detail["type"])
    if form is None:
        return detail["msg"].removeprefix("Input should be ")
    context = {name: _shown_bound(value) for name, value in detail.get("ctx", {}).items()}
    return form.format(**context)


def _choices(component: type[Component], option: str) -> list[object]:
    """Return the values of every ``Literal`` in the type of an option."""
    annotation = next(each.annotation for each in option_fields(component) if each.name == option)

    def literals(annotation: Any) -> Iterator[object]:
        is_literal = typing.get_origin(annotation) is typing.Literal
        for argument in typing.get_args(annotation):
            yield from [argument] if is_literal else literals(argument)

    return list(literals(annotation))


def _listed(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}'" if isinstance(value, str) else str(value)


def _shown_bound(value: Any) -> Any:
    """Return a bound as people write it: 100, not 100.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _blamed(spec: ComponentSpec, message: str) -> Location:
    """Return the location of the first option that a message mentions, or else the component's."""
    mentioned = (at.value for option, at in spec.written.items() if option in message.split())
    return next(mentioned, spec.location)
