"""Problems in a chain: where, what, and what to write instead; all of them in one error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dcmconv.errors import ChainError
from dcmconv.plugins.suggestions import end_with_suggestion

__all__ = ["NOWHERE", "ChainProblem", "InvalidChain", "Location", "chain_error", "unknown_word"]

EXCERPT_COLUMNS = 100
MAX_PROBLEMS = 50


@dataclass(frozen=True, order=True)
class Location:
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
        """Return the line with a caret below the location; empty where there is no line."""
        if not self.line or not self.text.strip():
            return ""
        text = self.text.replace("\t", " ")
        start = max(0, self.column - 1 - EXCERPT_COLUMNS // 2) if len(text) > EXCERPT_COLUMNS else 0
        shown = text[start : start + EXCERPT_COLUMNS].rstrip()
        return f"\n    {shown}\n    {' ' * (self.column - 1 - start)}^"


NOWHERE = Location()


@dataclass(frozen=True)
class ChainProblem:
    """One thing that is wrong with a chain."""

    location: Location
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.location}: " if str(self.location) else ""
        return f"{where}{self.message}{self.location.excerpt()}"


class InvalidChain(Exception):  # noqa: N818 - never leaves the package: it becomes a ChainError
    """A problem on its way to whoever collects them."""

    def __init__(self, location: Location, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.problem = ChainProblem(location, message, hint)


def chain_error(problems: Iterable[ChainProblem]) -> ChainError:
    """Return one error that lists every problem once, in the order of the text.

    A single problem keeps its hint as the error's; of several, each hint stands below its own.
    """
    found = sorted(dict.fromkeys(problems), key=lambda problem: problem.location)
    if len(found) == 1:
        return ChainError(str(found[0]), hint=found[0].hint)
    lines = [_with_hint(problem) for problem in found[:MAX_PROBLEMS]]
    return ChainError(
        "\n".join(lines),
        hint=f"{len(found)} problems. See the options of a component: dcmconv plugins show NAME",
    )


def _with_hint(problem: ChainProblem) -> str:
    return f"{problem}\n  {problem.hint}" if problem.hint else str(problem)


def unknown_word(location: Location, subject: str, word: str, known: Iterable[str]) -> ChainProblem:
    """Complain of a word that is not known, with the nearest that is.

    ``subject`` reads like ``"'window' has no option"``.
    """
    words = list(known)
    message = end_with_suggestion(f"{subject} '{word}'", word, words)
    hint = f"Known: {', '.join(words)}." if words else "It takes none."
    return ChainProblem(location, message, "" if message.endswith("?") else hint)
