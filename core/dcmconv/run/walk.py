"""The walk: from INPUT arguments to references, lazily, each input once."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cached_property
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dcmconv.chain.plan import ComponentRef
from dcmconv.errors import DcmconvError, InputNotFoundError
from dcmconv.model.components import Source
from dcmconv.model.inputs import InputFile, Reference, Rejected
from dcmconv.model.records import record
from dcmconv.run.journal.digests import digest_of

if TYPE_CHECKING:
    from dcmconv.run.input_list import InputList

__all__ = ["EVERYTHING", "Found", "Selection", "Walk"]

Found = tuple[Reference | Rejected, int]
"""What a source found, and the index of that source in the plan."""

CLAIM_OF_TRUE = 50
"""The confidence of a source that answers ``True``, as sources of version 0.1 do."""


@record(frozen=True)
class Selection:
    """Shell patterns for keys: an input is wanted if ``include`` matches and ``exclude`` does not.

    A pattern with a slash is matched against the whole key, one without against its last part.
    Inputs that are not wanted are not counted and get no outcome.

    Parameters
    ----------
    include : tuple of str
        Empty means everything.
    exclude : tuple of str
        Takes precedence over ``include``.

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
        if not self.exclude and not self.include:
            return True
        if any(_matches(key, pattern) for pattern in self.exclude):
            return False
        return not self.include or any(_matches(key, pattern) for pattern in self.include)


EVERYTHING = Selection()

_SYSTEM_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENAMETOOLONG, errno.ENOENT})
"""Errors that any source may raise, and the command line explains."""


_WILDCARD = re.compile(r"[*?\[]")


def _matches(key: str, pattern: str) -> bool:
    # Not fnmatch, which ignores case on Windows.
    return fnmatchcase(key if "/" in pattern else key.rpartition("/")[2], pattern)


@record(frozen=True)
class Walk:
    """All inputs of a run, in the order of the arguments and, within one, of its source.

    Parameters
    ----------
    sources : tuple of ComponentRef
        The source that claims a location with the highest confidence walks it.
    locations : sequence of str
        INPUT arguments.
    avoid : sequence of Path
        Folders to leave out: the output.
    selection : Selection
        Which inputs are wanted.
    lists : sequence of InputList
        More locations, in files that may be long; they come last.
    """

    sources: tuple[ComponentRef, ...]
    locations: Sequence[str]
    avoid: Sequence[Path]
    selection: Selection
    lists: Sequence[InputList] = ()

    @cached_property
    def _claimed(self) -> list[tuple[str, int]]:
        """Each location with the index of its source."""
        return [(location, self._source_of(location)) for location in self.locations]

    @cached_property
    def _sources(self) -> list[Source]:
        return [cast("Source", reference.load()) for reference in self.sources]

    def check(self) -> None:
        """Check that every location has a source, and every list can be read.

        Raises
        ------
        InputNotFoundError
            If no source claims a location.
        UsageError
            If a list cannot be read.
        """
        _ = self._claimed
        for listed in self.lists:
            listed.check()

    def inputs(self) -> Iterator[Found]:
        """Yield the wanted inputs; one that two arguments lead to is yielded once."""
        seen: set[int] = set()
        may_repeat = len(self.locations) > 1 or bool(self.lists)
        for inputs, index in self._located():
            for found in inputs:
                if not self.selection.wants(found.key):
                    continue
                if may_repeat:
                    digest = digest_of(found.locator)
                    if digest in seen:
                        continue
                    seen.add(digest)
                yield found, index

    def open(self, found: Reference, index: int) -> InputFile:
        """Open an input that the walk yielded with the index of its source."""
        return self._sources[index].open(found)

    def _located(self) -> Iterator[tuple[Iterable[Reference | Rejected], int]]:
        """Yield what is at each location, with the index of its source."""
        for location, index in self._claimed:
            yield self._walked(location, index), index
        for listed in self.lists:
            for location in listed.locations():
                try:
                    index = self._source_of(location)
                except InputNotFoundError as error:
                    # The list may be older than a file that was removed: the others still count.
                    message = f"Not found, but {listed.name} lists it."
                    yield [Rejected(location, location, message, error.hint, "not-found")], 0
                    continue
                yield self._walked(location, index), index

    def _walked(self, location: str, index: int) -> Iterator[Reference | Rejected]:
        with _naming_the_source(self.sources[index], "walk"):
            for found in self._sources[index].walk(location, avoid=self.avoid):
                if not isinstance(found, Reference | Rejected):
                    expected = "expected a Reference or a Rejected"
                    raise TypeError(f"it yielded a {type(found).__name__}; {expected}")
                yield found

    def _source_of(self, location: str) -> int:
        """Return the index of the source that walks a location.

        ``zip:scans`` goes to the source named ``zip``, if it claims it; else the highest confidence
        wins, and of equal ones the first name.
        """
        scheme = location.partition(":")[0]
        claims = []
        for index, (reference, source) in enumerate(zip(self.sources, self._sources, strict=True)):
            with _naming_the_source(reference, "claims"):
                confidence = _confidence(source, location)
            if confidence > 0:
                rank = (reference.name != scheme, -confidence, reference.name, reference.target)
                claims.append((rank, index))
        if not claims:
            what = "matching file" if _WILDCARD.search(location) else "such file or folder"
            raise InputNotFoundError(
                f"{location}: no {what}, and no installed source claims it.",
                hint="Check the spelling, or list the sources: dcmconv plugins list",
            )
        return min(claims)[1]


@contextmanager
def _naming_the_source(reference: ComponentRef, method: str) -> Iterator[None]:
    """Turn an unexpected exception of a source into an error that names the source."""
    try:
        yield
    except DcmconvError:
        raise
    except (Exception, SystemExit) as error:  # a plugin may raise anything, even exit
        if isinstance(error, OSError) and error.errno in _SYSTEM_LIMITS:
            raise
        fault = f"raised {type(error).__name__} in {method}(): {error}".rstrip(".")
        raise reference.broken(fault) from error


def _confidence(source: Source, location: str) -> int:
    claim = source.claims(location)
    if not isinstance(claim, Real):
        raise TypeError(f"it returned {claim!r}; expected a number from 0 to 100")
    # True is a Real as well, and would be 1.
    return CLAIM_OF_TRUE if claim is True else int(claim)
