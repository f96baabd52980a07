"""Flags of components: which components a command line names, and the flags of their options.

The words are read once before typer parses them: a component's flags must exist by then.  When a
shell asks for completions, the words are those of the line being typed.
"""

from __future__ import annotations

import os
import shlex
import types
import typing
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dcmconv.chain.found import chain_in_use
from dcmconv.chain.spec import split_extent
from dcmconv.cli.flags import (
    Flag,
    complete_choices,
    default_of,
    describe,
    help_of,
    metavar_of,
)
from dcmconv.cli.run_flags import run_flags
from dcmconv.errors import DcmconvError, UsageError
from dcmconv.model.options import Component, OptionField, option_fields
from dcmconv.model.records import record

if TYPE_CHECKING:
    from dcmconv.chain.layers.layering import Override
    from dcmconv.chain.spec import ChainSpec
    from dcmconv.plugins.registry import Registry

__all__ = [
    "FlagTarget",
    "NamedComponents",
    "Scan",
    "all_flags",
    "completed_words",
    "flags_of",
    "given_overrides",
    "has_own_flag",
]


@record(frozen=True)
class FlagTarget:
    """A component that the command line names: ``id`` is what its flags begin with."""

    id: str
    kind: str
    component: type[Component]
    name: str = ""
    """What the registry calls it, if that is not the id."""

    @property
    def panel(self) -> str:
        """The title of its options in ``--help``, with its short forms."""
        forms = ", ".join(self.component.short_forms(self.name or self.id))
        return f"Options of {self.kind} {self.id}" + (f" (or {forms})" if forms else "")


def flags_of(target: FlagTarget) -> list[Flag]:
    """Return a component's flags: a dotted one for each option, then its short ones."""
    options = list(option_fields(target.component))
    own = [_own_flag(target, option) for option in options if option.opt.flag]
    return [*(_dotted_flag(target, option) for option in options), *own]


def has_own_flag(target: FlagTarget) -> bool:
    """Say whether an option of the component declares a short flag."""
    return any(option.opt.flag for option in option_fields(target.component))


def all_flags(run_flags: Collection[Flag], targets: Iterable[FlagTarget]) -> list[Flag]:
    """Return the flags of ``run`` and of components; the first wins where two are spelled alike."""
    found = list(run_flags)
    taken = {"-h", "--help", *(word for flag in run_flags for word in flag.spellings())}
    for flag in (flag for target in targets for flag in flags_of(target)):
        if taken.isdisjoint(flag.spellings()):
            found.append(flag)
            taken.update(flag.spellings())
    return found


def given_overrides(values: Mapping[str, Any], targets: Iterable[FlagTarget]) -> list[Override]:
    """Return the override of every component flag that is given.

    Raises
    ------
    ChainError
        If the text of a dotted flag is not a valid value.
    UsageError
        If an option is given twice, by its dotted flag and by its short one.
    """
    return [override for target in targets for override in _overrides_of(target, values)]


def _overrides_of(target: FlagTarget, values: Mapping[str, Any]) -> Iterator[Override]:
    from dcmconv.chain.layers.layering import flag_override

    for option in option_fields(target.component):
        keys = (_key(target, option), ""), (_own_key(target, option), option.opt.flag)
        given = [(key, flag) for key, flag in keys if values.get(key) not in (None, [])]
        if len(given) > 1:
            dotted = f"--{target.id}.{option.name}"
            raise UsageError(
                f"{option.opt.flag} and {dotted} are the same option, and both are given.",
                hint="Remove one of them.",
            )
        for key, flag in given:
            value = values[key]
            # As in YAML: true and false.
            text = str(value).lower() if isinstance(value, bool) else value
            yield flag_override(target.id, option.name, text, flag)


def _dotted_flag(target: FlagTarget, option: OptionField) -> Flag:
    word = f"--{target.id}.{option.name}"
    is_switch = option.annotation is bool
    value = metavar_of(option)
    # A wide column of values would leave too little room for the flags in 80 columns.
    is_wide = len(value) > 10 and "|" in value and not option.opt.metavar
    if is_switch:
        word += f"/--{target.id}.no-{option.name}"
    return Flag(
        name=_key(target, option),
        type=bool if is_switch else str,
        words=(word,),
        help=help_of(option) + (f" Values: {value.replace('|', ', ')}." if is_wide else ""),
        metavar="" if is_switch else "CHOICE" if is_wide else value,
        panel=target.panel,
        default=default_of(option),
        complete=complete_choices(option.annotation),
        may_be_empty=True,  # --title.text "" is an empty title
    )


def _own_flag(target: FlagTarget, option: OptionField) -> Flag:
    """Return the short flag of an option; it is repeated for each item of a list."""
    word, is_switch = option.opt.flag, option.annotation is bool
    item = _item_of(option.annotation)
    return replace(
        _dotted_flag(target, option),
        name=_own_key(target, option),
        type=bool if is_switch else str if item is None else list[str],
        words=(f"{word}/--no-{word.removeprefix('--')}" if is_switch else word,),
        help=f"Short for --{target.id}.{option.name}.",
        metavar="" if is_switch else describe(option.annotation if item is None else item),
        default="",
    )


def _item_of(annotation: Any) -> Any | None:
    """Return the item type of a list; None for any other type."""
    if typing.get_origin(annotation) in (tuple, list):
        return typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        items = [_item_of(part) for part in typing.get_args(annotation)]
        return next((item for item in items if item is not None), None)
    return None


def _key(target: FlagTarget, option: OptionField) -> str:
    # The name of a parameter must be an identifier; those of components need not be.
    return f"component__{target.id}__{option.name}".replace("-", "_").replace("/", "_")


def _own_key(target: FlagTarget, option: OptionField) -> str:
    return f"own__{_key(target, option)}"


KINDS = ("normalizer", "colormap", "step", "writer", "reader")


def completed_words() -> list[str] | None:
    """Return the words of the line that a shell wants completed; None if no shell asks."""
    if "_DCMCONV_COMPLETE" not in os.environ:
        return None
    # bash sets COMP_WORDS; typer's scripts for other shells set _TYPER_COMPLETE_ARGS.
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    try:
        return shlex.split(line)[1:]
    except ValueError:  # an unclosed quote
        return line.split()[1:]


@record
class Scan:
    """What one pass over the words finds.

    ``components`` holds kind and name; the kind is empty if only a dotted flag names it.
    """

    components: list[tuple[str, str]] = field(default_factory=list)
    chains: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    has_unknown_flag: bool = False
    """Whether there is a flag that ``run`` itself does not have: it may be a reader's."""

    @classmethod
    def of(cls, words: Sequence[str]) -> Scan:
        """Look through the words.

        >>> Scan.of(["-n", "window:width=400", "--jpg.quality", "95"]).components
        [('normalizer', 'window'), ('', 'jpg')]
        """
        known = {spelling: flag for flag in run_flags() for spelling in flag.spellings()}
        scan = cls()
        following = iter(words)
        for word in following:
            spelling, value = _split(word)
            flag = known.get(spelling)
            if flag is None:
                scan._add_unknown(spelling)
            elif flag.type is not bool:
                # The next word is the value, even if it looks like a flag.
                scan._add(flag, next(following, "") if value is None else value)
        return scan

    def _add(self, flag: Flag, value: str) -> None:
        if not value:
            return  # being typed, or rejected later
        if flag.names_kind:
            named = split_extent(value)[1] if flag.names_kind == "writer" else value
            self.components.append((flag.names_kind, named.partition(":")[0]))
        elif flag.name == "chain":
            self.chains.append(value)
        elif flag.name == "no_plugin":
            self.blocked.append(value)

    def _add_unknown(self, spelling: str) -> None:
        if not spelling.startswith("--") or spelling in ("--", "--help"):
            return
        head, dot, _ = spelling.removeprefix("--").partition(".")
        if dot:
            self.components.append(("", head))
        else:
            self.has_unknown_flag = True


def _split(word: str) -> tuple[str, str | None]:
    """Return flag and value of ``--writer=jpg`` and ``-wjpg``; None if the value comes next."""
    if word.startswith("--"):
        spelling, equals, value = word.partition("=")
        return spelling, value if equals else None
    if word.startswith("-"):
        return word[:2], word[2:] or None
    return "", None


@record
class NamedComponents:
    """The components that the words and their chain files name."""

    words: Sequence[str]
    _loaded: dict[str, ChainSpec] = field(default_factory=dict)

    @cached_property
    def scan(self) -> Scan:
        """What the words name, and the chain of the current folder if they name none."""
        scan = Scan.of(self.words)
        named: Sequence[str | None] = scan.chains or [None]
        scan.chains = [chain for chain in map(chain_in_use, named) if chain is not None]
        return scan

    @cached_property
    def registry(self) -> Registry:
        """What is installed, without the plugins that ``--no-plugin`` excludes."""
        from dcmconv.plugins.registry import Registry

        return Registry.discover(left_out=self.scan.blocked)

    @cached_property
    def targets(self) -> list[FlagTarget]:
        """Each component once; unknown names are reported when the chain is compiled."""
        scan = self.scan
        if not (scan.components or scan.chains or scan.has_unknown_flag):
            return []
        found: dict[str, FlagTarget] = {}
        # Known kinds first: a dotted flag alone cannot say which of two kinds it means.
        named = sorted(scan.components, key=lambda pair: not pair[0])
        for identity, kind, name in [*((n, k, n) for k, n in named), *self._in_chains()]:
            target = self._target(identity, kind, name)
            if target is not None:
                found.setdefault(identity, target)
        # Importing the readers is slow, so it is done only for a flag that may be theirs.
        for name in self.registry.names("reader") if scan.has_unknown_flag else ():
            target = self._target(name, "reader", name)
            if target is not None and has_own_flag(target):
                found.setdefault(name, target)
        return list(found.values())

    def loaded(self, chain: str) -> ChainSpec:
        """Return a chain file or preset; read once, for its flags and for the run."""
        if chain not in self._loaded:
            from dcmconv.chain.loader import load_chain

            self._loaded[chain] = load_chain(chain, self.registry)
        return self._loaded[chain]

    def _in_chains(self) -> Iterator[tuple[str, str, str]]:
        if not self.scan.chains:
            return  # imports nothing for `run -n window --help`
        from dcmconv.chain.spec import components_of

        for name in self.scan.chains:
            try:
                chain = self.loaded(name)
            except DcmconvError:
                continue  # the command loads it again, and reports the error
            for kind, spec in components_of(chain):
                if kind in KINDS:
                    yield spec.known_as, kind, spec.use

    def _target(self, identity: str, kind: str, name: str) -> FlagTarget | None:
        for each in [kind] if kind else KINDS:
            try:
                return FlagTarget(identity, each, self.registry.load(each, name), name)
            except DcmconvError:
                continue  # compiling the chain reports it, with its location
        return None
