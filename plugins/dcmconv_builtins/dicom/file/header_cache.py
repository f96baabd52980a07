"""What was made of the last headers, for the next file of the series, which mostly says the same.

A result is kept along with every element that was asked for on the way to it.  Where all of these
are the same bytes, or absent, in another file, so is the result.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.scanned import Asked

__all__ = ["Recollection"]

Result = TypeVar("Result")
MOST = 8
"""Results that are kept: series are read one after the other, sometimes a few at a time."""


class _Kept(NamedTuple, Generic[Result]):
    subject: Hashable
    asked: Asked
    result: Result


class Recollection(Generic[Result]):
    """Results of one function of a header; it may look at elements, and at nothing else."""

    def __init__(self) -> None:
        self._kept: tuple[_Kept[Result], ...] = ()

    def recall(self, top: Elements, subject: Hashable, make: Callable[[], Result]) -> Result:
        """Return what ``make`` gave for the same elements, or what it gives.

        Parameters
        ----------
        top : Elements
            The dataset that ``make`` looks at.
        subject : hashable
            Everything else that it depends on.
        make : callable
            Its result is shared, and must not be changed.  What it notes, and what it looks at as a
            whole, is not kept.
        """
        scanned = top.scanned
        if scanned is None:
            return make()
        for kept in self._kept:
            if kept.subject == subject and scanned.agrees(kept.asked):
                return kept.result
        noted = top.notes.added
        result, asked = scanned.traced(make)
        if asked is not None and top.notes.added == noted:
            self._kept = (_Kept(subject, asked, result), *self._kept[: MOST - 1])
        return result
