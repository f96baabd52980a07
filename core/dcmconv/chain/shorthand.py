"""Values without the name of an option: ``window:lung``, ``percentile:1,99``.

The class of the component says which options they fill, in ``Component.shorthand``.  They are given
their names before chains are layered, so that everything else sees only options with names.
"""

from __future__ import annotations

from dataclasses import replace

from dcmconv.chain.errors import InvalidChainError, invalid_chain
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
from dcmconv.model.options import Component, fixed_values, option_fields
from dcmconv.plugins.registry import Registry

__all__ = ["find_short_form", "with_option_names", "with_options_named"]


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
        if value in words and value not in words[name]:
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
