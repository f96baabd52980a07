"""What is said from outside over a chain: ``DCMCONV_SET``, ``--set``, and explicit flags.

Precedence: defaults < preset < chain file < ``DCMCONV_SET`` < ``--set`` < explicit flags.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from dcmconv.chain.errors import InvalidChain, Location, chain_error, unknown_word
from dcmconv.chain.layering import merge, merge_component, merge_output, replace_readers
from dcmconv.chain.settings import RunSettings
from dcmconv.chain.spec import (
    DEFAULT_CHAIN,
    NO_COLORMAP,
    OUTPUT_KEYS,
    SLOT_NAMES,
    ChainSpec,
    ComponentSpec,
    OutputSpec,
    RuleSpec,
    Slots,
    Written,
    output_ids,
)
from dcmconv.chain.values import parse_component, parse_value, read_output

__all__ = [
    "ENVIRONMENT",
    "Override",
    "assemble",
    "environment_overrides",
    "flag_override",
    "parse_override",
    "set_option",
    "with_flags",
    "with_name",
]


ENVIRONMENT = "DCMCONV_SET"
"""Settings with spaces between them, quoted as in a shell: ``jpg.quality=95 run.workers=4``."""

_HEAD = re.compile(r"\s*([A-Za-z0-9][\w-]*)\.([A-Za-z_]\w*)\s*=")


@dataclass(frozen=True)
class Override:
    """One value for an option of the components that are known as ``head``.

    ``value`` is text, a list or None; text becomes what the option declares.
    """

    head: str
    key: str
    value: Any
    location: Location = field(default=Location(), compare=False)


def environment_overrides(environment: Mapping[str, str]) -> list[Override]:
    """Return what ``DCMCONV_SET`` says; raises ``ChainError`` as ``parse_override`` does."""
    texts = _split(environment.get(ENVIRONMENT, ""))
    return [parse_override(text, ENVIRONMENT) for text in texts]


def flag_override(head: str, key: str, value: str | list[str], flag: str = "") -> Override:
    """Return the setting of a flag of a component: ``--window.center 40``.

    The texts of a flag with a name of its own, ``flag``, are taken as they stand: the shell has
    taken the quotes off already.

    Raises
    ------
    ChainError
        If the text of a dotted flag has another form than a value has.
    """
    shown = value if isinstance(value, str) else " ".join(value)
    location = Location(f"{flag or f'--{head}.{key}'} {shown}", is_flag=True)
    is_verbatim = flag or isinstance(value, list)
    return Override(head, key, value if is_verbatim else _value_of(str(value), location), location)


def parse_override(text: str, source: str = "--set") -> Override:
    """Read one setting: ``jpg.quality=95``, ``run.workers=4``; ``set_option`` says what it reaches.

    Raises
    ------
    ChainError
        If the text has another form.
    """
    location = Location(f"{source} {text}")
    found = _HEAD.match(text)
    if found is None:
        problem = InvalidChain(
            location, "This is no setting.", "Write ID.OPTION=VALUE, as in jpg.quality=95."
        )
        raise chain_error([problem.problem])
    return Override(found[1], found[2], _value_of(text[found.end() :], location), location)


def _split(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    # A backslash is a part of a Windows path, and # of a color.
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    try:
        return list(lexer)
    except ValueError as error:
        hint = f"Write it as a shell would: {ENVIRONMENT}='jpg.quality=95 run.workers=2'"
        problem = InvalidChain(Location(ENVIRONMENT), f"It cannot be read: {error}.", hint).problem
        raise chain_error([problem]) from None


def _value_of(text: str, location: Location) -> Any:
    try:
        return parse_value(text.strip(), location)
    except InvalidChain as invalid:
        raise chain_error([invalid.problem]) from None


Owner = TypeVar("Owner", bound=Slots)


def assemble(
    chain: ChainSpec,
    flags: ChainSpec,
    *,
    settings: Iterable[Override] = (),
    readers: Collection[str] = (),
) -> ChainSpec:
    """Put a chain, the flags of a command and its settings together.

    Parameters
    ----------
    chain : ChainSpec
        From ``--chain``; an empty one if there is none.
    flags : ChainSpec
        What flags such as ``-n`` and ``-w`` say.
    settings : iterable of Override
        Of the environment, of ``--set`` and of the flags of components: in this order, in which
        later ones go first.
    readers : collection of str
        Names of readers, which may be set without being named in the chain.

    Raises
    ------
    ChainError
        If a setting names what the chain does not have.
    """
    spec = with_flags(merge(DEFAULT_CHAIN, chain), flags)
    for setting in settings:
        spec = set_option(spec, setting, readers)
    return spec


def set_option(spec: ChainSpec, setting: Override, readers: Collection[str] = ()) -> ChainSpec:
    """Return the chain with one setting.

    Its head is the id of a component in the chain (its name, where it has no id), a reader, or
    ``run``; all components of that id are set.  An option that an explicit flag gave stays.

    Raises
    ------
    ChainError
        If the chain has no such component.
    """
    full = merge(DEFAULT_CHAIN, spec)
    work = _Setting(setting)
    try:
        done = work.run(full) if setting.head == "run" else work.chain(full)
    except InvalidChain as invalid:
        raise chain_error([invalid.problem]) from None
    if setting.head not in {"run", *work.seen}:
        if setting.head in readers:
            reader = work.changed(ComponentSpec(setting.head, location=setting.location))
            return replace(done, read=(*(done.read or ()), reader))
        known = sorted({*work.seen, *readers, "run"})
        subject = "This chain has no component"
        raise chain_error([unknown_word(setting.location, subject, setting.head, known)])
    return done


def with_flags(chain: ChainSpec, flags: ChainSpec) -> ChainSpec:
    """Return the chain with what explicit flags say.

    A flag speaks for every input, so what it says is taken out of the rules; and it says a whole
    component, so nothing of the chain's component stays.  Outputs keep what they decide themselves,
    and readers that the flags do not name keep their options.
    """
    apart = {"read", "rules", "run", "tag_locations", "problems", "extended"}
    said = {
        item.name: getattr(flags, item.name)
        for item in fields(ChainSpec)
        if item.name not in apart and getattr(flags, item.name) is not None
    }
    spoken = [name for name in (*SLOT_NAMES, "outputs") if name in said]
    rules = flags.rules if flags.rules is not None else chain.rules
    silent = dict.fromkeys(spoken)
    return replace(
        chain,
        **said,
        read=replace_readers(chain.read, flags.read),
        rules=None if rules is None else tuple(replace(rule, **silent) for rule in rules),  # type: ignore[arg-type]
        run=merge_component(chain.run, flags.run) or chain.run,
        tag_locations={**chain.tag_locations, **flags.tag_locations},
        problems=(*chain.problems, *flags.problems),
    )


def with_name(chain: ChainSpec, template: str, source: str = "--name") -> ChainSpec:
    """Return the chain with the same name template for every output."""
    location = Location(f"{source} {template}", is_flag=True)

    def named(outputs: tuple[OutputSpec, ...]) -> tuple[OutputSpec, ...]:
        return tuple(replace(output, name=template, name_location=location) for output in outputs)

    full = merge(DEFAULT_CHAIN, chain)
    rules = full.rules and tuple(
        replace(rule, outputs=rule.outputs and named(rule.outputs)) for rule in full.rules
    )
    return replace(full, outputs=named(full.outputs or ()), rules=rules)


@dataclass
class _Setting:
    """One setting on its way through a chain; ``seen`` are the ids that it met."""

    setting: Override
    seen: set[str] = field(default_factory=set)

    def run(self, spec: ChainSpec) -> ChainSpec:
        if self.setting.key == "executor":
            executor = parse_component(str(self.setting.value), self.setting.location)
            return replace(spec, executor=executor)
        known = [item.name for item in fields(RunSettings)]
        if self.setting.key not in known:
            problem = unknown_word(
                self.setting.location, "'run' has no setting", self.setting.key, known
            )
            raise InvalidChain(problem.location, problem.message, problem.hint)
        return replace(spec, run=self.changed(spec.run))

    def chain(self, spec: ChainSpec) -> ChainSpec:
        rules = spec.rules and tuple(self._rule(rule) for rule in spec.rules)
        return replace(
            self._slots(spec),
            read=spec.read and tuple(self._known(reader) for reader in spec.read),
            rules=rules,
            outputs=self._outputs(spec),
            executor=self._one(spec.executor),
        )

    def _rule(self, rule: RuleSpec) -> RuleSpec:
        return replace(self._slots(rule), outputs=self._outputs(rule))

    def _outputs(self, owner: ChainSpec | RuleSpec) -> tuple[OutputSpec, ...] | None:
        if owner.outputs is None:
            return None
        named = zip(owner.outputs, output_ids(owner.outputs), strict=True)
        return tuple(self._output(self._slots(output), known_as) for output, known_as in named)

    def _output(self, output: OutputSpec, known_as: str) -> OutputSpec:
        self.seen.add(known_as)
        if known_as != self.setting.head:
            return output
        if self.setting.key not in OUTPUT_KEYS:
            return replace(output, writer=self.changed(output.writer))
        own = ComponentSpec(
            output.writer.use,
            {self.setting.key: self.setting.value},
            location=self.setting.location,
        )
        said = read_output(own)
        return merge_output(output, replace(said, writer=output.writer))

    def _slots(self, owner: Owner) -> Owner:
        colormap = owner.colormap
        if colormap is not None and colormap.use != NO_COLORMAP.use:
            colormap = self._one(colormap)
        steps = owner.steps and tuple(self._known(step) for step in owner.steps)
        return replace(owner, normalize=self._one(owner.normalize), colormap=colormap, steps=steps)

    def _one(self, component: ComponentSpec | None) -> ComponentSpec | None:
        return None if component is None else self._known(component)

    def _known(self, component: ComponentSpec) -> ComponentSpec:
        self.seen.add(component.known_as)
        return self.changed(component) if component.known_as == self.setting.head else component

    def changed(self, component: ComponentSpec) -> ComponentSpec:
        """Return the component with the setting, unless a flag has said otherwise."""
        key, location = self.setting.key, self.setting.location
        before = component.written.get(key)
        if before is not None and before.value.is_flag and not location.is_flag:
            return component
        return replace(
            component,
            options={**component.options, key: self.setting.value},
            written={**component.written, key: Written(location, location)},
        )
