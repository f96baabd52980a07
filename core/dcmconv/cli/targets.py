"""The components whose options become flags: those that the command line or its chain names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dcmconv.cli.component_flags import FlagTarget, has_own_flag
from dcmconv.cli.installed import installed
from dcmconv.cli.run_flags import RUN_FLAGS
from dcmconv.cli.words import blocked_plugins, components_named, long_flags, values_of
from dcmconv.errors import DcmconvError
from dcmconv.plugins.registry import Registry

__all__ = ["find_targets"]

KINDS = ("normalizer", "colormap", "step", "writer", "reader")
_RUN_WORDS = {"--help", *(word for flag in RUN_FLAGS for word in flag.spellings())}


def find_targets(words: Sequence[str]) -> list[FlagTarget]:
    """Return the components that are named, each once; what does not exist is refused later.

    A flag that ``run`` itself does not have may be a reader's own: then, and only then, readers are
    asked that nobody named.
    """
    named, chains = components_named(words), values_of(words, "--chain")
    has_foreign_flag = bool(long_flags(words) - _RUN_WORDS)
    if not (named or chains or has_foreign_flag):
        return []
    registry = installed(tuple(blocked_plugins(words)))
    found: dict[str, FlagTarget] = {}
    for identity, kind, name in [*_named(named), *_in_chains(chains, registry)]:
        target = _target(identity, kind, name, registry)
        if target is not None:
            found.setdefault(identity, target)
    for name in registry.names("reader") if has_foreign_flag else ():
        target = _target(name, "reader", name, registry)
        if target is not None and has_own_flag(target):
            found.setdefault(name, target)
    return list(found.values())


def _named(named: list[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    # Those with a kind first: a flag alone cannot say which of two kinds is meant.
    for kind, name in sorted(named, key=lambda pair: not pair[0]):
        yield name, kind, name


def _in_chains(chains: list[str], registry: Registry) -> Iterator[tuple[str, str, str]]:
    from dcmconv.chain.loader import load_chain

    for name in chains:
        try:
            chain = load_chain(name, registry)
        except DcmconvError:
            continue  # the command itself reads the chain again, and complains in full
        yield from ((reader.known_as, "reader", reader.use) for reader in chain.read or ())
        for slots in (chain, *(chain.rules or ()), *(chain.outputs or ())):
            pairs = [("normalizer", slots.normalize), ("colormap", slots.colormap)]
            pairs += [("step", step) for step in slots.steps or ()]
            yield from ((spec.known_as, kind, spec.use) for kind, spec in pairs if spec)
        yield from ((o.writer.known_as, "writer", o.writer.use) for o in chain.outputs or ())


def _target(identity: str, kind: str, name: str, registry: Registry) -> FlagTarget | None:
    for each in [kind] if kind else KINDS:
        try:
            return FlagTarget(identity, each, registry.load(each, name))
        except DcmconvError:
            continue  # unknown, ambiguous or broken: compiling the chain says so with its place
    return None
