"""The walk: from INPUT arguments to references, lazily, each input once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import cast

from dcmconv.chain.plan import ComponentRef
from dcmconv.errors import UsageError
from dcmconv.model.components import Source
from dcmconv.model.inputs import Reference, Rejected
from dcmconv.run.journal.digests import digest_of

__all__ = ["EVERYTHING", "Found", "Selection", "Walk"]


@dataclass(frozen=True)
class Selection:
    """Shell patterns over keys: one of ``include`` fits, and none of ``exclude``.

    A pattern with a slash is held against the whole key, one without against the last part of it.
    Inputs that are not wanted are not counted: they are no part of the run.

    Parameters
    ----------
    include : tuple of str
        Empty means everything.
    exclude : tuple of str
        Wins over ``include``.

    Examples
    --------
    >>> Selection(include=("*.dcm",)).wants("CT/IM0001.dcm")
    True
    >>> Selection(exclude=("CT/*",)).wants("CT/IM0001.dcm")
    False
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def wants(self, key: str) -> bool:
        """Say whether an input belongs to the run."""
        if any(_fits(key, pattern) for pattern in self.exclude):
            return False
        return not self.include or any(_fits(key, pattern) for pattern in self.include)


EVERYTHING = Selection()


def _fits(key: str, pattern: str) -> bool:
    return fnmatchcase(key if "/" in pattern else key.rpartition("/")[2], pattern)


@dataclass(frozen=True)
class Found:
    """What a source found, and which of the plan's sources it was."""

    item: Reference | Rejected
    source: int


@dataclass(frozen=True)
class Walk:
    """All inputs of a run, in the order of the arguments and, within one, of its source.

    Parameters
    ----------
    sources : tuple of ComponentRef
        The first that claims a location walks it.
    locations : sequence of str
        INPUT arguments.
    avoid : sequence of Path
        Folders to leave out: the output.
    selection : Selection
        Which inputs are wanted.
    """

    sources: tuple[ComponentRef, ...]
    locations: Sequence[str]
    avoid: Sequence[Path]
    selection: Selection

    @cached_property
    def _places(self) -> list[tuple[int, Source, str]]:
        loaded = [cast("Source", reference.load()) for reference in self.sources]
        return [(*_claimant(loaded, location), location) for location in self.locations]

    def check(self) -> None:
        """See that every location can be walked.

        Raises
        ------
        UsageError
            If no source claims a location.
        """
        _ = self._places

    def found(self) -> Iterator[Found]:
        """Yield what is wanted; an input that two arguments lead to comes once."""
        seen: set[int] = set()
        for index, source, location in self._places:
            for item in source.walk(location, avoid=self.avoid):
                if not self.selection.wants(item.key):
                    continue
                if len(self.locations) > 1:
                    digest = digest_of(item.locator)
                    if digest in seen:
                        continue
                    seen.add(digest)
                yield Found(item, index)


def _claimant(sources: Sequence[Source], location: str) -> tuple[int, Source]:
    for index, source in enumerate(sources):
        if source.claims(location):
            return index, source
    raise UsageError(
        f"{location}: there is no such file or folder, and no source understands it.",
        hint="Check the spelling, or see what is installed: dcmconv plugins list",
    )
