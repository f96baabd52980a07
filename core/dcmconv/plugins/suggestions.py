"""Suggestions for misspelled names: ``did you mean 'width'?``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean", "end_with_suggestion", "find_closest"]


def find_closest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the known word that is closest to a misspelled one, if any is close.

    Parameters
    ----------
    cutoff : float
        How close it has to be: from 0, anything, to 1, the same word.  Case does not matter.
    """
    by_lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=cutoff)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a suggestion as a separate sentence, for a hint; empty if no known word is close.

    >>> did_you_mean("rnu", ["run", "info"])
    "Did you mean 'run'?"
    """
    closest = find_closest(word, known)
    return f"Did you mean '{closest}'?" if closest else ""


def end_with_suggestion(message: str, word: str, known: Iterable[str]) -> str:
    """Return a message about an unknown word with a suggestion at its end, or else a period.

    >>> end_with_suggestion("'window' has no option 'widht'", "widht", ["center", "width"])
    "'window' has no option 'widht'; did you mean 'width'?"
    """
    closest = find_closest(word, known)
    return f"{message}; did you mean '{closest}'?" if closest else f"{message}."
