"""Results that were computed from a header, reused for the next files of the series.

All slices of a series say mostly the same about their pixels, and working it out again costs 7 % of
a 512 x 512 CT.  A result is kept with every element that was looked up for it.  If another file has
the same bytes in all of these elements, and lacks the same ones, the result is the same too.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.header_scanner import Dependencies

__all__ = ["MOST_MISSES", "HeaderCache"]

Result = TypeVar("Result")
MOST_RESULTS = 8
"""Series are read one after the other, sometimes a few at a time."""
MOST_MISSES = 32
"""After this many misses in a row the files have little in common, and the cache gives up."""


class _Entry(NamedTuple, Generic[Result]):
    subject: Hashable
    dependencies: Dependencies
    result: Result


class HeaderCache(Generic[Result]):
    """The latest results of one function of a header.

    Nothing is kept of the first file after a hit: a single file needs no cache.  A cache that has
    given up keeps the result of one file in ``MOST_MISSES``, in case a series follows.
    """

    def __init__(self) -> None:
        self._entries: tuple[_Entry[Result], ...] = ()
        self._misses = 0

    def get(self, top: Elements, subject: Hashable, make: Callable[[], Result]) -> Result:
        """Return the result for the same elements, from the cache or from ``make``.

        Parameters
        ----------
        top : Elements
            The dataset that ``make`` reads.
        subject : hashable
            Everything else that the result depends on.
        make : callable
            Its result is shared, and must not be changed.  A result is not kept if ``make`` noted
            something, or if it read the dataset as a whole.
        """
        scanned = top.scanned
        if scanned is None or scanned.character_set:
            return make()
        for entry in self._entries:
            if entry.subject == subject and scanned.has_same(entry.dependencies):
                self._misses = 0
                return entry.result
        if not self._count_miss():
            return make()
        # A note belongs to one file; from the cache, the next file would not get it.
        noted = top.notes.added
        result, dependencies = scanned.record_dependencies(make)
        if dependencies is not None and top.notes.added == noted:
            entry = _Entry(subject, dependencies, result)
            self._entries = (entry, *self._entries[: MOST_RESULTS - 1])
        return result

    def _count_miss(self) -> bool:
        """Count a miss, and return whether to keep the result of this file."""
        self._misses += 1
        if self._misses <= MOST_MISSES:
            return self._misses > 1
        self._entries = ()
        return self._misses % MOST_MISSES == 0
