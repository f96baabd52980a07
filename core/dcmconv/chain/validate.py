"""A component's options checked against its declaration, with pydantic's errors in our words.

Values without the name of an option, as in ``window:lung`` and ``percentile:1,99``, get the names
that ``Component.shorthand`` declares.  That is done before chains are layered, so that everything
else sees only options with names.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmconv.chain.errors import (
    ChainProblem,
    InvalidChainError,
    Location,
    invalid_chain,
    unknown_word,
)
from dcmconv.chain.spec import (
    ChainSpec,
    ComponentSpec,
    OutputSpec,
    Written,
    change_components,
    change_slots,
    components_of,
)
from dcmconv.errors import DcmconvError
from dcmconv.model.options import Component, Opt, fixed_values, option_fields
from dcmconv.plugins.registry import Registry
from dcmconv.plugins.suggestions import did_you_mean

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["find_short_form", "validated", "with_option_names", "with_options_named"]

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
    # Importing pydantic and building a schema takes longer than everything else that one picture
    # needs: it reads what is not plain, and explains what is wrong.
    if (made := _made_plainly(component, spec.options)) is not None:
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


def _made_plainly(component: type[Component], options: Mapping[str, Any]) -> Component | None:
    """Make a component if every option is plain; None if pydantic must read or refuse one.

    It is the component that pydantic would make: a test compares them.
    """
    if component.__pydantic_config__ != Component.__pydantic_config__:
        return None
    try:
        hints = typing.get_type_hints(component, include_extras=True) if options else {}
        # ValueError if a hint has more than its Opt, such as a validator of pydantic.
        declared = {name: (hints[name].__origin__, *hints[name].__metadata__) for name in options}
        values = {
            name: _plain_value(*declared[name], value=value) for name, value in options.items()
        }
        return component(**values)
    # pydantic makes a ValidationError of a ValueError or AssertionError from __post_init__.
    except (AttributeError, KeyError, TypeError, ValueError, AssertionError, DcmconvError):
        return None


def _plain_value(annotation: Any, opt: Opt, *, value: Any) -> Any:
    """Return what a value means if there is no doubt about it.

    Raises
    ------
    ValueError
        If there is.
    KeyError
        If the type is not a plain one.
    """
    return _PLAIN[typing.get_origin(annotation) or annotation](annotation, opt, value)


def _plain_member(union: Any, opt: Opt, value: Any) -> Any:
    """Read a union of fixed words, None and at most one other type."""
    members = typing.get_args(union)
    if value is None and types.NoneType in members:
        return None
    choices = [each for each in members if typing.get_origin(each) is typing.Literal]
    words = {word for each in choices for word in typing.get_args(each)}
    if isinstance(value, str) and value in words:
        return value
    (other,) = (each for each in members if each not in (types.NoneType, *choices))
    return _plain_value(other, opt, value=value)


def _plain_items(items: Any, opt: Opt, value: Any) -> tuple[Any, ...]:
    item, *rest = typing.get_args(items)
    if rest != [...] or not isinstance(value, (list, tuple)):
        raise ValueError("not plain")
    return tuple(_plain_value(item, opt, value=each) for each in value)


def _plain_choice(choices: Any, _: Opt, value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("not plain")  # noqa: TRY004 - caught in one place
    return {str(choice): choice for choice in typing.get_args(choices)}[value]


def _plain_switch(_: Any, __: Opt, value: Any) -> bool:
    return value if isinstance(value, bool) else {"true": True, "false": False}[value]


def _plain_text(kind: Any, _: Opt, value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("not plain")  # noqa: TRY004 - caught in one place
    return kind(value)


def _plain_number(kind: Any, opt: Opt, value: Any) -> float:
    if isinstance(value, str):
        digits = value.removeprefix("-")
        # pydantic also knows spaces, underscores and exponents.
        is_plain = (digits.replace(".", "", 1) if kind is float else digits).isdecimal()
        is_plain = is_plain and value.isascii() and len(digits) < 16
    else:
        is_plain = type(value) in (int, kind) and abs(value) < 1e15
    if not is_plain:
        raise ValueError("not plain")
    number: float = kind(value)
    if (
        (opt.ge is not None and number < opt.ge)
        or (opt.gt is not None and number <= opt.gt)
        or (opt.le is not None and number > opt.le)
        or (opt.lt is not None and number >= opt.lt)
    ):
        raise ValueError("out of bounds")
    return number


_PLAIN: dict[Any, Callable[[Any, Opt, Any], Any]] = {
    types.UnionType: _plain_member,
    typing.Union: _plain_member,
    typing.Literal: _plain_choice,
    tuple: _plain_items,
    int: _plain_number,
    float: _plain_number,
    bool: _plain_switch,
    str: _plain_text,
    Path: _plain_text,
}
"""How the values of a type are read, by the type or its origin."""


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
        location = _blamed(spec, message)
        # A flag of the run is its own subject.
        subject = "" if spec.use == "run" and location.is_flag else f"'{spec.use}': "
        return ChainProblem(location, f"{subject}{message.rstrip('.')}.")
    return _wrong_value(component, spec, option, details)


def _wrong_value(
    component: type[Component], spec: ComponentSpec, option: str, details: list[ErrorDetails]
) -> ChainProblem:
    value = spec.options.get(option)
    fields = {each.name: each for each in option_fields(component)}
    choices = fixed_values(fields[option].annotation)
    # A union reports an error for each of its members; together they say what the option takes.
    expected = dict.fromkeys(_expected(detail, choices) for detail in details)
    written = spec.written.get(option)
    if spec.use == "run" and written and written.value.is_flag:
        message = f"Expected {' or '.join(expected)}."
    else:
        message = f"'{spec.use}' has {option} {_shown(value)}; expected {' or '.join(expected)}."
    hint = did_you_mean(value, map(str, choices)) if isinstance(value, str) else ""
    if not hint and any(option in form for form in component.shorthand):
        hint = f"Short forms: {', '.join(component.short_forms(spec.use))}."
    return ChainProblem(written.value if written else spec.location, message, hint)


def _expected(detail: ErrorDetails, choices: Sequence[object]) -> str:
    if detail["type"] == "literal_error":
        return _listed([_shown(choice) for choice in choices])
    form = _EXPECTED.get(detail["type"])
    if form is None:
        return detail["msg"].removeprefix("Input should be ")
    context = {name: _shown_bound(value) for name, value in detail.get("ctx", {}).items()}
    return form.format(**context)


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


def with_options_named(spec: ChainSpec, registry: Registry) -> ChainSpec:
    """Return the chain with the values that have no name made options, in every component.

    Where that is not possible they stay, and ``compile_chain`` reports the reason.
    """
    if not any(component.bare for _, component in components_of(spec)):
        return spec

    def change(kind: str, component: ComponentSpec) -> ComponentSpec:
        try:
            return with_option_names(component, registry.load(kind, component.use))
        except DcmconvError:
            return component

    def outputs(written: tuple[OutputSpec, ...]) -> tuple[OutputSpec, ...]:
        changed = (change_slots(output, change) for output in written)
        return tuple(replace(each, writer=change("writer", each.writer)) for each in changed)

    return change_components(spec, change, outputs)


def with_option_names(spec: ComponentSpec, component: type[Component]) -> ComponentSpec:
    """Return the component with its values that have no name made options.

    Raises
    ------
    InvalidChainError
        If the component has no option for them, or an option is given twice.
    """
    if not spec.bare:
        return spec
    form = next((form for form in component.shorthand if len(form) == len(spec.bare)), None)
    if form is None:
        raise _wrong_number(spec, component)
    options = dict(zip(form, spec.bare, strict=True))
    _check_values(spec, component, form)
    for name in form:
        if name in spec.options:
            message = f"'{spec.use}' has {name} twice: {options[name]} and {spec.options[name]}."
            raise invalid_chain(spec.location, message, "Remove one of them.")
    at = Written(spec.location, spec.location)
    return replace(
        spec,
        options={**options, **spec.options},
        written={**dict.fromkeys(form, at), **spec.written},
        bare=(),
    )


def _wrong_number(spec: ComponentSpec, component: type[Component]) -> InvalidChainError:
    given = ", ".join(f"'{value}'" for value in spec.bare)
    forms = " or ".join(component.short_forms(spec.use))
    if not forms:
        names = ", ".join(each.name for each in option_fields(component))
        return invalid_chain(
            spec.location,
            f"'{spec.use}' takes no value without a name, but got {given}.",
            f"Write {spec.use}:KEY=VALUE; its options: {names}."
            if names
            else f"Write {spec.use} alone: it has no options.",
        )
    count = "1 value" if len(spec.bare) == 1 else f"{len(spec.bare)} values"
    hint = f"Write {forms}. Put a value that contains a comma in quotes."
    return invalid_chain(spec.location, f"'{spec.use}' got {count} without a name: {given}.", hint)


def _check_values(spec: ComponentSpec, component: type[Component], form: tuple[str, ...]) -> None:
    """Report a value that is the name of another option: its own value is missing."""
    words = {each.name: fixed_values(each.annotation) for each in option_fields(component)}
    for name, value in zip(form, spec.bare, strict=True):
        # A list, as in window:[40,400], is reported with the type of its option.
        if isinstance(value, str) and value in words and value not in words[name]:
            hint = f"Write {spec.use}:{value}=VALUE"
            # A text may happen to be the name of an option.
            hint += "." if words[name] else f", or {spec.use}:{name}={value} if that is the value."
            raise invalid_chain(spec.location, f"The option '{value}' has no value.", hint)


def find_short_form(kind: str, word: str, registry: Registry) -> str:
    """Return the short form with a word that was given as a name: ``window:lung`` for ``lung``.

    Empty if no component of the kind takes this word as a value without a name.
    """
    for offer in registry.offered(kind):
        try:
            component = registry.load(kind, offer.qualified_name)
        except DcmconvError:
            continue  # `dcmconv doctor` reports it
        first = {form[0] for form in component.shorthand if len(form) == 1}
        found = (each for each in option_fields(component) if each.name in first)
        if any(word in map(str, fixed_values(each.annotation)) for each in found):
            return f"{offer.name}:{word}"
    return ""
