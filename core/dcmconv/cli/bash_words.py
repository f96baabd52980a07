"""Words as bash splits them for completion: at ``:`` and ``=`` too, unlike every other shell.

What is completed stands behind the last of these signs, so only that much may be answered.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import NamedTuple

__all__ = ["Rejoined", "in_the_words_of_bash", "rejoined"]

_BREAKS = frozenset(":=")


class Rejoined(NamedTuple):
    """The words as they were typed, which of them is being completed, and what bash has of it."""

    words: list[str]
    current: int
    before: str


def rejoined(words: Sequence[str], current: int) -> Rejoined:
    """Put the pieces of words together again.

    Parameters
    ----------
    words : sequence of str
        The array ``COMP_WORDS``.
    current : int
        ``COMP_CWORD``: the index of the word that is being completed.

    Examples
    --------
    >>> rejoined(["dcmconv", "run", "-n", "window", ":", "ce"], 5)
    Rejoined(words=['dcmconv', 'run', '-n', 'window:ce'], current=3, before='window:')
    """
    whole: list[str] = []
    place, before = len(words), ""
    for index, word in enumerate(words):
        # Two pieces of one word always have a sign between them.
        is_inside = bool(whole) and bool(word) and (_is_break(word) or whole[-1][-1:] in _BREAKS)
        start = whole.pop() if is_inside else ""
        whole.append(start + word)
        if index == current:
            place = len(whole) - 1
            before = start + word if _is_break(word) else start
    return Rejoined(whole, min(place, len(whole)), before)


@contextmanager
def in_the_words_of_bash() -> Iterator[None]:
    """Let typer answer bash about whole words, and print what bash can put in its place."""
    line = os.environ.get("COMP_WORDS", "")
    if os.environ.get("_DCMCONV_COMPLETE") != "complete_bash" or not line:
        yield
        return
    separator = "\n" if "\n" in line else " "
    found = rejoined(line.split(separator), int(os.environ.get("COMP_CWORD", "0")))
    os.environ["COMP_WORDS"] = separator.join(found.words)
    os.environ["COMP_CWORD"] = str(found.current)
    answers = StringIO()
    try:
        with redirect_stdout(answers):
            yield
    finally:
        from dcmconv.cli.terminal import print_result

        for answer in answers.getvalue().splitlines():
            print_result(answer.removeprefix(_value_part(found.before, answer)))


def _value_part(before: str, answer: str) -> str:
    """Return what bash has already: of ``--writer=jpg:`` an answer repeats ``jpg:`` alone."""
    return before if answer.startswith(before) else before.partition("=")[2]


def _is_break(word: str) -> bool:
    return bool(word) and set(word) <= _BREAKS
