"""Problems in a chain: where each is, what was found, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dcmconv.errors import ChainError
from dcmconv.model.records import record
from dcmconv.plugins.suggestions import end_with_suggestion

__all__ = [
    "NOWHERE",
    "ChainProblem",
    "InvalidChainError",
    "Location",
    "chain_error",
    "invalid_chain",
    "unknown_word",
]

EXCERPT_COLUMNS = 100
MAX_PROBLEMS = 50
"""How many problems one error lists; a hostile file could have thousands."""


@dataclass(frozen=True, order=True)
class Location:
    """Where something in a chain was written.

    Parameters
    ----------
    source : str
        A file, ``preset:NAME``, or the text of a flag; empty for a chain made in Python.
    line, column : int
        Counted from 1; 0 if the source has no lines.
    text : str
        The whole line, for the excerpt.
    is_flag : bool
        Written as its own flag, which takes precedence over ``--set``.
    """

    source: str = ""
    line: int = 0
    column: int = 0
    text: str = field(default="", compare=False, repr=False)
    is_flag: bool = False

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source

    def excerpt(self) -> str:
        """Return the line, with a caret below the column; empty if there is no line."""
        if not self.line or not self.text.strip():
            return ""
        text = self.text.replace("\t", " ")  # one column each, so that the caret points right
        start = max(0, self.column - 1 - EXCERPT_COLUMNS // 2) if len(text) > EXCERPT_COLUMNS else 0
        shown = text[start : start + EXCERPT_COLUMNS].rstrip()
        return f"\n    {shown}\n    {' ' * (self.column - 1 - start)}^"


NOWHERE = Location()


@record(frozen=True)
class ChainProblem:
    """One thing that is wrong in a chain."""

    location: Location
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.location}: " if str(self.location) else ""
        return f"{where}{self.message}{self.location.excerpt()}"


class InvalidChainError(ChainError):
    """A part of a chain that cannot be read.

    Readers of a whole document keep its ``problem`` and read the other parts, so that one error can
    list everything that is wrong.
    """

    problem: ChainProblem


def invalid_chain(location: Location, message: str, hint: str = "") -> InvalidChainError:
    """Return the error to raise for one problem."""
    problem = ChainProblem(location, message, hint)
    error = InvalidChainError(str(problem), hint)
    # Set here, because error classes add no __init__.
    error.problem = problem
    return error


def chain_error(problems: Iterable[ChainProblem]) -> ChainError:
    """Return one error that lists each problem once, in the order of the text.

    The hint of a single problem becomes the error's hint; of several, each follows its problem.
    """
    # Each once: outputs that several rules share are checked again for each of them.
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
    """Return the problem of an unknown word, with the closest known word or a list of them.

    ``subject`` reads like ``"'window' has no option"``.
    """
    words = list(known)
    message = end_with_suggestion(f"{subject} '{word}'", word, words)
    if message.endswith("?"):
        return ChainProblem(location, message)
    hint = f"Known: {', '.join(words)}." if words else "It has no options."
    return ChainProblem(location, message, hint)
