"""Complaints about a chain: where, what, and what to write instead; all of them in one error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dcmconv.errors import ChainError
from dcmconv.plugins.registry import nearest

__all__ = ["NOWHERE", "Complaint", "Objection", "Place", "chain_error", "unknown_word"]

EXCERPT_COLUMNS = 100
MOST_COMPLAINTS = 50


@dataclass(frozen=True, order=True)
class Place:
    """Where something was written.

    Parameters
    ----------
    source : str
        A file, ``preset:NAME``, or the text of a flag; empty for a chain made in Python.
    line, column : int
        Counted from 1; 0 where the source has no lines.
    text : str
        The whole line, for the excerpt.
    is_flag : bool
        Written as a flag of its own: ``--set`` does not replace it.
    """

    source: str = ""
    line: int = 0
    column: int = 0
    text: str = field(default="", compare=False, repr=False)
    is_flag: bool = False

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source

    def excerpt(self) -> str:
        """Return the line with a caret below the place; empty where there is no line."""
        if not self.line or not self.text.strip():
            return ""
        text = self.text.replace("\t", " ")
        start = max(0, self.column - 1 - EXCERPT_COLUMNS // 2) if len(text) > EXCERPT_COLUMNS else 0
        shown = text[start : start + EXCERPT_COLUMNS].rstrip()
        return f"\n    {shown}\n    {' ' * (self.column - 1 - start)}^"


NOWHERE = Place()


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong with a chain."""

    place: Place
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if str(self.place) else ""
        return f"{where}{self.message}{self.place.excerpt()}"


class Objection(Exception):  # noqa: N818 - never leaves the package: it becomes a ChainError
    """A complaint on its way to whoever collects them."""

    def __init__(self, place: Place, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.complaint = Complaint(place, message, hint)


def chain_error(complaints: Iterable[Complaint]) -> ChainError:
    """Return one error that lists every complaint once, in the order of the text.

    A single complaint keeps its hint as the error's; of several, each hint stands below its own.
    """
    found = sorted(dict.fromkeys(complaints), key=lambda complaint: complaint.place)
    if len(found) == 1:
        return ChainError(str(found[0]), hint=found[0].hint)
    lines = [_with_hint(complaint) for complaint in found[:MOST_COMPLAINTS]]
    return ChainError(
        "\n".join(lines),
        hint=f"{len(found)} complaints. See the options of a component: dcmconv plugins show NAME",
    )


def _with_hint(complaint: Complaint) -> str:
    return f"{complaint}\n  {complaint.hint}" if complaint.hint else str(complaint)


def unknown_word(place: Place, subject: str, word: str, known: Iterable[str]) -> Complaint:
    """Complain of a word that is not known, with the nearest that is.

    ``subject`` reads like ``"'window' has no option"``.
    """
    words = list(known)
    near = nearest(word, words)
    ending = f"; {near}" if near else "."
    hint = "" if near else f"Known: {', '.join(words)}." if words else "It takes none."
    return Complaint(place, f"{subject} '{word}'{ending}", hint)
