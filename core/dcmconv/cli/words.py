"""What the command line says before typer reads it: the command, and the components it names.

The flags of a component exist only where the component is named, so the words are looked through
first; when a shell completes, they are the words of the line that is being typed.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence

__all__ = [
    "blocked_plugins",
    "command_named",
    "completed_words",
    "components_named",
    "long_flags",
    "values_of",
]

KIND_FLAGS = {
    "-r": "reader",
    "--read": "reader",
    "-n": "normalizer",
    "--normalize": "normalizer",
    "-c": "colormap",
    "--colormap": "colormap",
    "-s": "step",
    "--step": "step",
    "-w": "writer",
    "--writer": "writer",
}


def completed_words() -> list[str] | None:
    """Return the words of the line that a shell wants completed; None if none asks."""
    if "_DCMCONV_COMPLETE" not in os.environ:
        return None
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    try:
        return shlex.split(line)[1:]
    except ValueError:  # a quote is still open
        return line.split()[1:]


def command_named(words: Sequence[str]) -> str:
    """Return the subcommand; empty where the line begins with a flag, or has no words."""
    return words[0] if words and not words[0].startswith("-") else ""


def values_of(words: Sequence[str], *flags: str) -> list[str]:
    """Return what stands behind some flags: ``-w jpg``, ``-wjpg``, ``--writer jpg`` or ``=jpg``."""
    found = []
    for word, following in zip(words, [*words, ""][1:], strict=True):
        for flag in flags:
            if word == flag:
                found.append(following)
            elif flag.startswith("--") and word.startswith(f"{flag}="):
                found.append(word.removeprefix(f"{flag}="))
            elif not flag.startswith("--") and word.startswith(flag):
                found.append(word.removeprefix(flag))
    return [value for value in found if value and value != "="]


def components_named(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return kind and name of each component; the kind is empty where only a flag names it.

    >>> components_named(["-n", "window:width=400", "--jpg.quality", "95"])
    [('normalizer', 'window'), ('', 'jpg')]
    """
    named = []
    for flag, kind in KIND_FLAGS.items():
        named += [(kind, value.partition(":")[0]) for value in values_of(words, flag)]
    for word in words:
        head, dot, _ = word.removeprefix("--").partition(".")
        if word.startswith("--") and dot and "=" not in head:
            named.append(("", head))
    return list(dict.fromkeys(named))


def long_flags(words: Sequence[str]) -> set[str]:
    """Return the flags with two dashes, dotted ones apart.

    >>> long_flags(["-n", "voi", "--overlays=draw", "--jpg.quality", "95"])
    {'--overlays'}
    """
    heads = (word.partition("=")[0] for word in words if word.startswith("--"))
    return {head for head in heads if head != "--" and "." not in head}


def blocked_plugins(words: Sequence[str]) -> list[str]:
    """Return the plugins that ``--no-plugin`` leaves out."""
    return values_of(words, "--no-plugin")
