"""The components that a command line names: only their options become flags.

This reads the words once, before typer: a component's flags must exist when typer parses them.
When a shell asks for completions, the words are those of the line being typed.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from dcmconv.cli.component_flags import FlagTarget, has_own_flag
from dcmconv.cli.flags import Flag
from dcmconv.cli.run_flags import run_flags
from dcmconv.errors import DcmconvError

if TYPE_CHECKING:
    from dcmconv.plugins.registry import Registry

__all__ = ["NamedComponents", "Scan", "completed_words"]

KINDS = ("normalizer", "colormap", "step", "writer", "reader")


def completed_words() -> list[str] | None:
    """Return the words of the line that a shell wants completed; None if no shell asks."""
    if "_DCMCONV_COMPLETE" not in os.environ:
        return None
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    try:
        return shlex.split(line)[1:]
    except ValueError:  # an unclosed quote
        return line.split()[1:]


@dataclass
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
                scan._add(flag, next(following, "") if value is None else value)
        return scan

    def _add(self, flag: Flag, value: str) -> None:
        if not value:
            return  # being typed, or rejected later
        if flag.names_kind:
            self.components.append((flag.names_kind, value.partition(":")[0]))
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


@dataclass
class NamedComponents:
    """The components that the words and their chain files name."""

    words: Sequence[str]

    @cached_property
    def scan(self) -> Scan:
        """What the words name."""
        return Scan.of(self.words)

    @cached_property
    def registry(self) -> Registry:
        """What is installed, without the plugins that ``--no-plugin`` excludes."""
        from dcmconv.plugins.registry import Registry

        return Registry.discover(blocked=self.scan.blocked)

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
        # Importing the readers is slow, so only a flag that may be theirs has it done.
        for name in self.registry.names("reader") if scan.has_unknown_flag else ():
            target = self._target(name, "reader", name)
            if target is not None and has_own_flag(target):
                found.setdefault(name, target)
        return list(found.values())

    def _in_chains(self) -> Iterator[tuple[str, str, str]]:
        from dcmconv.chain.loader import load_chain
        from dcmconv.chain.spec import components_of

        for name in self.scan.chains:
            try:
                chain = load_chain(name, self.registry)
            except DcmconvError:
                continue  # the command loads it again, and reports the error
            for kind, spec in components_of(chain):
                if kind in KINDS:
                    yield spec.known_as, kind, spec.use

    def _target(self, identity: str, kind: str, name: str) -> FlagTarget | None:
        for each in [kind] if kind else KINDS:
            try:
                return FlagTarget(identity, each, self.registry.load(each, name))
            except DcmconvError:
                continue  # compiling the chain reports it, with its location
        return None
