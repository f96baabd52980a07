"""One chain layered over another, and single values from outside layered over both.

Precedence: defaults < preset < chain file < ``DCMCONV_SET`` < ``--set`` < explicit flags.
Mappings merge; lists, and components with another name, replace.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field, fields, replace
from types import MappingProxyType
from typing import Any

from dcmconv.chain.errors import ChainProblem, Location, chain_error, invalid_chain, unknown_word
from dcmconv.chain.settings import RunSettings
from dcmconv.chain.spec import (
    DEFAULT_CHAIN,
    OUTPUT_KEYS,
    SLOT_NAMES,
    ChainSpec,
    Change,
    ComponentSpec,
    OutputSpec,
    RuleSpec,
    Slots,
    Written,
    change_components,
    change_slots,
    component_ids,
    components_of,
    output_ids,
)
from dcmconv.chain.values import as_output, parse_component, parse_value
from dcmconv.model.records import record

__all__ = [
    "ENVIRONMENT",
    "Override",
    "apply_override",
    "environment_overrides",
    "flag_override",
    "merge",
    "merge_component",
    "merge_slots",
    "parse_override",
    "replace_decoders",
    "replace_readers",
    "slots_of_output",
]

Readers = tuple[ComponentSpec, ...] | None
Decoders = Mapping[str, ComponentSpec] | None


def merge(base: ChainSpec, over: ChainSpec) -> ChainSpec:
    """Return ``over`` with everything that it leaves out taken from ``base``.

    Two components of the same name merge their options, readers and decoders one by one; a
    component of another name replaces the whole component.  Lists (steps, rules, outputs, tags)
    replace.
    """
    return ChainSpec(
        **merge_slots(base, over),
        read=_merge_readers(base.read, over.read),
        decoders=_merge_decoders(base.decoders, over.decoders),
        rules=_given(over.rules, base.rules),
        outputs=_given(over.outputs, base.outputs),
        frames=_given(over.frames, base.frames),
        tags=_given(over.tags, base.tags),
        run=merge_component(base.run, over.run),
        executor=_merge_optional(base.executor, over.executor),
        tag_locations={**base.tag_locations, **over.tag_locations},
        decoder_locations={**base.decoder_locations, **over.decoder_locations},
        problems=(*base.problems, *over.problems),
        extended=(*base.extended, *over.extended),
        files=(*base.files, *over.files),
        notes=(*base.notes, *over.notes),
    )


def merge_component(base: ComponentSpec, over: ComponentSpec) -> ComponentSpec:
    """Return ``over``, with the other options of ``base`` if both are the same component."""
    if base.use != over.use:
        return over
    return replace(
        over,
        options={**base.options, **over.options},
        id=over.id or base.id,
        written={**base.written, **over.written},
    )


def merge_slots(base: Slots, over: Slots) -> dict[str, Any]:
    """Return the slots of ``over``, those that it leaves out taken from ``base``."""
    return {
        "normalize": _merge_optional(base.normalize, over.normalize),
        "invert": _given(over.invert, base.invert),
        "steps": _given(over.steps, base.steps),
        "colormap": _merge_optional(base.colormap, over.colormap),
        "aspect": _given(over.aspect, base.aspect),
    }


def slots_of_output(chain: Slots, rule: RuleSpec | None, output: OutputSpec) -> Slots:
    """Return the slots of one output: its own, or else the rule's, or else the chain's.

    Unlike ``merge``, a component replaces the whole component below it, even of the same name.
    """
    layers = [layer for layer in (output, rule, chain) if layer is not None]
    found: dict[str, Any] = {}
    for slot in SLOT_NAMES:
        # False and an empty list of steps are settings too; only None was not given.
        values = (getattr(layer, slot) for layer in layers)
        found[slot] = next((value for value in values if value is not None), None)
    return Slots(**found)


def replace_readers(base: Readers, over: Readers) -> Readers:
    """Return the readers of ``over``, and those of ``base`` that it does not name."""
    if base is None or over is None:
        return base if over is None else over
    named = {reader.use for reader in over}
    return (*(reader for reader in base if reader.use not in named), *over)


def replace_decoders(base: Decoders, over: Decoders) -> Decoders:
    """Return the decoders of ``base`` that ``over`` does not choose, then those of ``over``.

    One Transfer Syntax may be in both, once by UID and once by name: the last one counts.
    """
    if base is None or over is None:
        return base if over is None else over
    return {key: decoder for key, decoder in base.items() if key not in over} | dict(over)


def _merge_decoders(base: Decoders, over: Decoders) -> Decoders:
    if base is None or over is None:
        return base if over is None else over
    merged = {key: merge_component(base.get(key, each), each) for key, each in over.items()}
    return replace_decoders(base, merged)


def _merge_readers(base: Readers, over: Readers) -> Readers:
    if base is None or over is None:
        return base if over is None else over
    below = {reader.use: reader for reader in base}
    merged = tuple(merge_component(below.get(reader.use, reader), reader) for reader in over)
    return replace_readers(base, merged)


def _merge_optional(base: ComponentSpec | None, over: ComponentSpec | None) -> ComponentSpec | None:
    if base is None or over is None:
        return over or base
    return merge_component(base, over)


def _given(over: Any, base: Any) -> Any:
    return base if over is None else over


ENVIRONMENT = "DCMCONV_SET"
"""Overrides separated by spaces, quoted as in a shell: ``jpg.quality=95 run.workers=4``."""

_TARGET = re.compile(r"\s*([A-Za-z0-9][\w-]*)\.([A-Za-z_]\w*)\s*=")


@record(frozen=True)
class Override:
    """One value for one option of every component with an id, or of the run.

    Parameters
    ----------
    target : str
        The id of components, the name of a reader, or ``run``.
    key : str
        The option.
    value : str, list or None
        Text becomes what the option declares.
    """

    target: str
    key: str
    value: Any
    location: Location = field(default=Location(), compare=False)


def parse_override(text: str, source: str = "--set") -> Override:
    """Read an override such as ``jpg.quality=95`` or ``run.workers=4``.

    Raises
    ------
    ChainError
        If the text has another form.
    """
    location = Location(f"{source} {text}")
    match = _TARGET.match(text)
    if match is None:
        hint = "For example: jpg.quality=95"
        raise invalid_chain(location, "Expected ID.OPTION=VALUE.", hint)
    value = parse_value(text[match.end() :].strip(), location)
    return Override(match[1], match[2], value, location)


def environment_overrides(environment: Mapping[str, str]) -> list[Override]:
    """Return the overrides in ``DCMCONV_SET``; raises ``ChainError`` as ``parse_override`` does."""
    lexer = shlex.shlex(environment.get(ENVIRONMENT, ""), posix=True, punctuation_chars=False)
    # No escapes and no comments: a backslash belongs to a Windows path, and # to a color.
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    try:
        texts = list(lexer)
    except ValueError as error:
        hint = f"Write it as in a shell: {ENVIRONMENT}='jpg.quality=95 run.workers=2'"
        raise invalid_chain(Location(ENVIRONMENT), f"It cannot be read: {error}.", hint) from None
    return [parse_override(text, ENVIRONMENT) for text in texts]


def flag_override(target: str, key: str, value: str | list[str], flag: str = "") -> Override:
    """Return the override that a component's flag means: ``--window.center 40``.

    Parameters
    ----------
    flag : str
        The name that the component itself gives the flag, such as ``--layer``.  Its texts are
        taken literally, because the shell has removed the quotes already.

    Raises
    ------
    ChainError
        If the text of a dotted flag is not a value.
    """
    shown = value if isinstance(value, str) else " ".join(value)
    location = Location(f"{flag or f'--{target}.{key}'} {shown}", is_flag=True)
    is_literal = flag or isinstance(value, list)
    parsed = value if is_literal else parse_value(str(value).strip(), location)
    return Override(target, key, parsed, location)


def apply_override(
    spec: ChainSpec,
    override: Override,
    readers: Collection[str] = (),
    flags: Mapping[str, str] = MappingProxyType({}),
) -> ChainSpec:
    """Return the chain with one override.

    It sets the option in every component with that id; an option that an explicit flag gave stays.
    A reader that the chain does not name is added to it.  ``flags`` says how to add any other
    component that is installed, for the error.

    Raises
    ------
    ChainError
        If the chain has no such component.
    """
    full = merge(DEFAULT_CHAIN, spec)
    full = replace(full, notes=(*full.notes, *_without_effect(full, override)))
    if override.target == "run":
        return _override_run(full, override)
    # Of the full chain: components that only the defaults name can be overridden as well.
    ids = component_ids(full)
    if override.target in ids:
        return _override_components(full, override)
    if override.target in readers:
        reader = ComponentSpec(override.target, location=override.location)
        return replace(full, read=(*(full.read or ()), _overridden(reader, override)))
    known = sorted({*ids, *readers, "run"})
    subject = "This chain has no component"
    if override.target in flags:
        message, hint = f"{subject} '{override.target}'.", f"Add it: {flags[override.target]}"
        raise chain_error([ChainProblem(override.location, message, hint)])
    raise chain_error([unknown_word(override.location, subject, override.target, known)])


def _without_effect(spec: ChainSpec, override: Override) -> Iterator[str]:
    """Yield a note if one of two explicit values for the same option has no effect."""
    key, source = override.key, override.location
    # What the environment sets is a default of the user: every command may change it.
    if source.source.startswith(ENVIRONMENT):
        return
    named = [each for _, each in components_of(spec) if each.known_as == override.target]
    owners: list[ChainSpec | RuleSpec] = [spec, *(spec.rules or ())]
    for owner in owners:
        outputs = owner.outputs or ()
        ids = output_ids(outputs)
        pairs = zip(outputs, ids, strict=True)
        named += [output.writer for output, each in pairs if each == override.target]
    named += [spec.run] if override.target == "run" else []
    written = dict.fromkeys(each.written[key].value for each in named if key in each.written)
    for before in written:
        if before.is_flag and not source.is_flag:
            yield f"{source} has no effect: {before} takes precedence."
        elif before.is_flag or before.source.startswith("--set "):
            yield f"{before} has no effect on {override.target}.{key}: {source} takes precedence."


def _override_run(spec: ChainSpec, override: Override) -> ChainSpec:
    if override.key == "executor":
        executor = parse_component(str(override.value), override.location)
        return replace(spec, executor=executor)
    settings = [item.name for item in fields(RunSettings)]
    if override.key not in settings:
        subject = "'run' has no setting"
        raise chain_error([unknown_word(override.location, subject, override.key, settings)])
    return replace(spec, run=_overridden(spec.run, override))


def _override_components(spec: ChainSpec, override: Override) -> ChainSpec:
    target = override.target
    others = {each.known_as for kind, each in components_of(spec) if kind != "writer"}
    # An output may be named after its normalizer.  The flags of a component mean its own options.
    is_option = override.key not in OUTPUT_KEYS | {"use"} or override.location.is_flag
    of_component = target in others and (is_option or target not in _ids_of_outputs(spec))

    def change(_: str, component: ComponentSpec) -> ComponentSpec:
        is_named = of_component and component.known_as == target
        return _overridden(component, override) if is_named else component

    def outputs(written: tuple[OutputSpec, ...]) -> tuple[OutputSpec, ...]:
        if of_component:
            return tuple(change_slots(output, change) for output in written)
        return _override_outputs(written, override, change)

    return change_components(spec, change, outputs)


def _ids_of_outputs(spec: ChainSpec) -> set[str]:
    owners: list[ChainSpec | RuleSpec] = [spec, *(spec.rules or ())]
    return {name for owner in owners for name in output_ids(owner.outputs or ())}


def _override_outputs(
    outputs: tuple[OutputSpec, ...], override: Override, change: Change
) -> tuple[OutputSpec, ...]:
    # The id of an output may be png-2, which its writer does not know.
    return tuple(
        _override_output(change_slots(output, change), override)
        if output_id == override.target
        else change_slots(output, change)
        for output, output_id in zip(outputs, output_ids(outputs), strict=True)
    )


def _override_output(output: OutputSpec, override: Override) -> OutputSpec:
    if override.key not in OUTPUT_KEYS:
        return replace(output, writer=_overridden(output.writer, override))
    key = {override.key: override.value}
    given = as_output(ComponentSpec(output.writer.use, key, location=override.location))
    named = replace(output, name=given.name, name_location=given.name_location)
    return replace(named if given.name else output, **merge_slots(output, given))


def _overridden(component: ComponentSpec, override: Override) -> ComponentSpec:
    key, location = override.key, override.location
    if key == "use":
        return _other_component(component, override)
    before = component.written.get(key)
    # An explicit flag has precedence over DCMCONV_SET and --set, which are applied after it.
    if before is not None and before.value.is_flag and not location.is_flag:
        return component
    return replace(
        component,
        options={**component.options, key: override.value},
        written={**component.written, key: Written(location, location)},
    )


def _other_component(component: ComponentSpec, override: Override) -> ComponentSpec:
    """Return the component that replaces another one: ``lung.use=jpg``, ``lung.use=jpg:95``."""
    other = parse_component(str(override.value), override.location)
    return merge_component(component, replace(other, id=other.id or component.id))
