"""What explicit flags and Python keywords say, over a chain: what they replace, and what stays.

Nothing is dropped silently: what cannot be meant is an error, and what is replaced is a note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from dcmconv.chain.errors import InvalidChainError, Location, invalid_chain
from dcmconv.chain.layers.layering import (
    Override,
    apply_override,
    merge,
    merge_component,
    merge_slots,
    replace_decoders,
    replace_readers,
)
from dcmconv.chain.spec import (
    DEFAULT_CHAIN,
    SLOT_NAMES,
    ChainSpec,
    ComponentSpec,
    Extent,
    OutputSpec,
    RuleSpec,
    output_ids,
)

__all__ = ["FlagForm", "assemble", "with_flags", "with_name", "without_rules"]


class FlagForm(NamedTuple):
    """What flags say besides the values of a chain.

    Parameters
    ----------
    extent : str
        Which outputs the writers replace, if the chain has several.
    normalizers : tuple of ComponentSpec
        If several are given: each output becomes one for each of them, named after it.
    spelled : mapping
        How slots were given that have no location, such as ``--no-invert``; for messages.
    adding : mapping
        How to add a component that is installed, such as ``-w jpg``, by its name; for messages.
    """

    extent: Extent = ""
    normalizers: tuple[ComponentSpec, ...] = ()
    spelled: Mapping[str, str] = MappingProxyType({})
    adding: Mapping[str, str] = MappingProxyType({})


PLAIN = FlagForm()


def assemble(
    chain: ChainSpec,
    flags: ChainSpec,
    *,
    overrides: Iterable[Override] = (),
    readers: Collection[str] = (),
    form: FlagForm = PLAIN,
) -> ChainSpec:
    """Layer the flags of a command and its overrides over a chain.

    Parameters
    ----------
    chain : ChainSpec
        From ``--chain``; an empty one without that flag.
    flags, form
        What flags such as ``-n`` and ``-w`` say; see ``with_flags``.
    overrides : iterable of Override
        Of the environment, of ``--set`` and of the components' flags, in this order; the last one
        takes precedence.
    readers : collection of str
        Names of readers, which can be overridden even if the chain does not name them.

    Raises
    ------
    ChainError
        If an override names something that the chain does not have, or a flag is ambiguous.
    """
    spec = with_flags(merge(DEFAULT_CHAIN, chain), flags, form=form)
    for override in overrides:
        spec = apply_override(spec, override, readers, form.adding)
    return spec


def with_flags(
    chain: ChainSpec,
    flags: ChainSpec,
    *,
    form: FlagForm = PLAIN,
) -> ChainSpec:
    """Return the chain with what explicit flags say; flags have no rules.

    A flag counts for every input, so what it says is removed from the rules.  It replaces a whole
    component, options included.  A writer changes the format of an output and keeps everything else
    of it.  Outputs keep what they set themselves, and readers and decoders that the flags do not
    name stay.

    Raises
    ------
    InvalidChainError
        If it is not clear which outputs a writer or several normalizers mean, or if a flag changes
        none of the outputs.
    """
    notes = [*_notes(chain, flags, form.spelled)]
    for normalizer in form.normalizers[:1]:
        notes += _replaced(chain, "normalize", normalizer, str(normalizer.location))
    chain = replace(chain, notes=(*chain.notes, *notes))
    names = (*SLOT_NAMES, "frames", "tags", "executor")
    given = {name: getattr(flags, name) for name in names if getattr(flags, name) is not None}
    unset = {name: None for name in given if name in SLOT_NAMES}
    layered = replace(
        chain,
        **given,
        read=replace_readers(chain.read, flags.read),
        decoders=replace_decoders(chain.decoders, flags.decoders),
        rules=chain.rules and tuple(replace(rule, **unset) for rule in chain.rules),  # type: ignore[arg-type]
        run=merge_component(chain.run, flags.run),
        tag_locations={**chain.tag_locations, **flags.tag_locations},
        decoder_locations={**chain.decoder_locations, **flags.decoder_locations},
        problems=(*chain.problems, *flags.problems),
    )
    if flags.outputs is not None:
        layered = _with_writers(layered, flags.outputs, form.extent)
    return _with_normalizers(layered, form.normalizers) if form.normalizers else layered


def without_rules(chain: ChainSpec) -> ChainSpec:
    """Return the chain without its rules, and a note that others replace them."""
    if not chain.rules:
        return chain
    conditions = "; ".join(map(_condition, chain.rules))
    note = f"rules replaces the rules of the chain, which are for {conditions}."
    return replace(chain, rules=None, notes=(*chain.notes, note))


def with_name(chain: ChainSpec, template: str, source: str = "--name") -> ChainSpec:
    """Return the chain with one name template for all outputs, those of rules included."""
    location = Location(f"{source} {template}", is_flag=True)
    full = merge(DEFAULT_CHAIN, chain)
    named = [
        output_id
        for owner in _owners(full)
        for output, output_id in zip(owner.outputs, owner.ids, strict=True)
        if output.name
    ]
    if named:
        note = f"{location} replaces the names of the outputs {_listed(named)}."
        full = replace(full, notes=(*full.notes, note))
    return _change_outputs(
        full,
        lambda outputs: tuple(
            replace(output, name=template, name_location=location) for output in outputs
        ),
    )


class _Owner(NamedTuple):
    """The chain or a rule that has outputs of its own."""

    spec: ChainSpec | RuleSpec
    outputs: tuple[OutputSpec, ...]

    @property
    def ids(self) -> list[str]:
        return output_ids(self.outputs)

    def __str__(self) -> str:
        where = f" ({_condition(self.spec)})" if isinstance(self.spec, RuleSpec) else ""
        return f"{_listed(self.ids)}{where}"


def _owners(chain: ChainSpec) -> list[_Owner]:
    owners: list[ChainSpec | RuleSpec] = [chain, *(chain.rules or ())]
    return [_Owner(owner, owner.outputs) for owner in owners if owner.outputs]


def _change_outputs(chain: ChainSpec, change: Any) -> ChainSpec:
    rules = chain.rules and tuple(
        replace(rule, outputs=rule.outputs and change(rule.outputs)) for rule in chain.rules
    )
    return replace(chain, outputs=chain.outputs and change(chain.outputs), rules=rules)


def _with_writers(chain: ChainSpec, writers: tuple[OutputSpec, ...], extent: Extent) -> ChainSpec:
    if extent == "only":
        rules = chain.rules and tuple(replace(rule, outputs=None) for rule in chain.rules)
        return replace(chain, outputs=writers, rules=rules)
    if any(len(owner.outputs) > 1 for owner in _owners(chain)) and extent != "all":
        raise _ambiguous(chain, writers)
    if extent == "all" and len(writers) > 1:
        message = "'all' gives every output one other format, but several writers are given."
        raise invalid_chain(_where(writers[0].writer, "outputs"), message, "Name one writer.")

    def rewritten(outputs: tuple[OutputSpec, ...]) -> tuple[OutputSpec, ...]:
        return tuple(_rewritten(old, new, writers) for old in outputs for new in writers)

    # Without outputs, the chain has the default one.
    return _change_outputs(
        replace(chain, outputs=chain.outputs or DEFAULT_CHAIN.outputs), rewritten
    )


def _rewritten(old: OutputSpec, new: OutputSpec, writers: tuple[OutputSpec, ...]) -> OutputSpec:
    """Return an output in another format: only the writer is replaced."""
    # Several outputs cannot share one id.
    identity = old.writer.id if len(writers) == 1 else ""
    before = replace(old.writer, id=identity)
    writer = merge_component(before, new.writer)
    named = new if new.name else old
    return replace(
        new,
        writer=replace(writer, id=new.writer.id or identity),
        name=named.name,
        name_location=named.name_location,
        **merge_slots(old, new),
    )


def _ambiguous(chain: ChainSpec, writers: tuple[OutputSpec, ...]) -> InvalidChainError:
    location = _where(writers[0].writer, "outputs")
    owners = [owner for owner in _owners(chain) if len(owner.outputs) > 1]
    message = f"This chain has several outputs: {'; '.join(map(str, owners))}."
    use, first = writers[0].writer.use, owners[0].ids[0]
    if not location.is_flag:
        return invalid_chain(
            location,
            message,
            f"All of them as {use}: outputs='all:{use}'. This one instead: outputs='only:{use}'.",
        )
    return invalid_chain(
        location,
        message,
        f"All of them as {use}: --writer all:{use}. One of them: --set {first}.use={use}. "
        f"One {use} instead of them: --writer only:{use}.",
    )


def _with_normalizers(chain: ChainSpec, normalizers: Sequence[ComponentSpec]) -> ChainSpec:
    """Return the chain with an output for each normalizer, in the format of the one it had."""
    location = normalizers[0].location
    set_themselves = [o for owner in _owners(chain) for o in owner.outputs if o.normalize]
    if set_themselves:
        message = "Several normalizers are given, but outputs of this chain have their own."
        hint = "Add an output to the chain for each of them; see: dcmconv chain show"
        raise invalid_chain(location, message, hint)

    def multiplied(outputs: tuple[OutputSpec, ...]) -> tuple[OutputSpec, ...]:
        ids = output_ids(outputs)
        names = _names_of(normalizers)
        return tuple(
            replace(
                output,
                normalize=replace(normalizer, id=""),
                writer=replace(
                    output.writer, id=name if len(outputs) == 1 else f"{name}-{output_id}"
                ),
            )
            for name, normalizer in zip(names, normalizers, strict=True)
            for output, output_id in zip(outputs, ids, strict=True)
        )

    rules = chain.rules and tuple(replace(rule, normalize=None) for rule in chain.rules)
    full = replace(chain, outputs=chain.outputs or DEFAULT_CHAIN.outputs, rules=rules)
    return _change_outputs(full, multiplied)


def _names_of(normalizers: Sequence[ComponentSpec]) -> list[str]:
    """Return an id for each: as given, or the only word of its options, or its name."""
    as_writers = [
        OutputSpec(writer=ComponentSpec(_word_of(each), id=each.id)) for each in normalizers
    ]
    return output_ids(as_writers)


def _word_of(normalizer: ComponentSpec) -> str:
    values = list(normalizer.options.values())
    is_word = len(values) == 1 and str(values[0]).replace("-", "").isalpha()
    return str(values[0]) if is_word else normalizer.use


def _notes(chain: ChainSpec, flags: ChainSpec, spelled: Mapping[str, str]) -> Iterator[str]:
    """Yield what flags replace or leave in parts of the chain that a reader may not think of."""
    for slot in SLOT_NAMES:
        value = getattr(flags, slot)
        if value is not None:
            flag = spelled.get(slot) or _flag_of(slot, value)
            yield from _replaced(chain, slot, value, flag)
            yield from _kept(chain, slot, flag)


def _replaced(chain: ChainSpec, slot: str, value: Any, flag: str) -> Iterator[str]:
    # A keyword of Python is one value, like a key of the chain: it plainly replaces that key.
    if flag.startswith("--"):
        yield from _replaced_by_flag(chain, slot, value, flag)
    for rule in chain.rules or ():
        if getattr(rule, slot) not in (None, value):
            yield f"{flag} also replaces '{slot}' of the rule for {_condition(rule)}."


def _replaced_by_flag(chain: ChainSpec, slot: str, value: Any, flag: str) -> Iterator[str]:
    if slot == "steps" and chain.steps:
        names = _listed([step.use for step in chain.steps])
        yield f"{flag} replaces the steps of the chain: {names}. To keep one, repeat it."
    before = getattr(chain, slot)
    is_same = isinstance(before, ComponentSpec) and before.use == value.use
    if is_same and before.options and not value.options:
        lost = ", ".join(f"{name}={text}" for name, text in before.options.items())
        yield f"{flag} replaces {before.use} of the chain, and with it {lost}."


def _kept(chain: ChainSpec, slot: str, flag: str) -> Iterator[str]:
    owners = _owners(chain)
    own = [
        output_id
        for owner in owners
        for output, output_id in zip(owner.outputs, owner.ids, strict=True)
        if getattr(output, slot) is not None
    ]
    if not own:
        return
    which = f"{'the output' if len(own) == 1 else 'the outputs'} {_listed(own)}"
    # Without outputs of its own, the chain has the default one.
    count = sum(len(owner.outputs) for owner in owners) + (0 if chain.outputs else 1)
    verb = "sets" if len(own) == 1 else "set"
    if len(own) < count:
        yield f"{flag} does not change {which}, which {verb} '{slot}' in the chain."
        return
    hint = "Change it in the chain."
    if flag.startswith("--"):
        hint = f"Change one: --set {own[0]}.{slot}={flag.partition(' ')[2] or 'VALUE'}"
    message = f"This has no effect on {which}, which {verb} '{slot}' in the chain."
    raise invalid_chain(Location(flag, is_flag=True), message, hint)


def _flag_of(slot: str, value: Any) -> str:
    """Return how a slot was given: ``--step title``, or ``steps`` in Python."""
    given = value[0] if isinstance(value, tuple) and value else value
    return str(given.location) or slot if isinstance(given, ComponentSpec) else slot


def _where(component: ComponentSpec, keyword: str) -> Location:
    return component.location if component.location.source else Location(keyword)


def _condition(rule: RuleSpec) -> str:
    conditions = (f"{word} {_listed(map(str, values), 'or')}" for word, values in rule.when.items())
    return ", ".join(conditions)


def _listed(words: Iterable[str], conjunction: str = "and") -> str:
    *others, last = [*words] or [""]
    return f"{', '.join(others)} {conjunction} {last}" if others else last
