"""Hints in Python's words: ``on_existing='replace'`` in place of ``--on-existing replace``.

Everything below the front doors names the flags of the command line in its messages.  Here they
become keywords: those of run settings by their name, the others by one table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from dcmconv.errors import DcmconvError

if TYPE_CHECKING:
    from dcmconv.chain.plan import Plan
    from dcmconv.model.outcome import NotConverted

__all__ = ["in_python", "outcome_in_python", "python_hints"]

KEYWORDS = {
    "read": "read",
    "decoder": "decoders",
    "normalize": "normalize",
    "colormap": "colormap",
    "step": "steps",
    "writer": "outputs",
    "invert": "invert",
    "aspect": "aspect",
    "frames": "frames",
    "chain": "chain",
    "executor": "executor",
    "out": "out",
    "name": "name",
    "include": "include",
    "exclude": "exclude",
    "tags": "tag_table",
    "tag": "tags",
    "dry-run": "dry_run",
    "yes": "replace",
    "separate": "separate",
}
"""Each flag that is not a run setting, without its dashes, and the keyword of the same meaning."""

NoPicture = TypeVar("NoPicture", bound="NotConverted")

SHORT = {"r": "read", "n": "normalize", "c": "colormap", "s": "step", "w": "writer", "o": "out"}
SWITCHES = {"yes", "separate"}
LISTS = {"steps", "outputs", "tags"}

_FLAG = re.compile(
    r"(?<![\w-])(?:--(?P<long>[a-z][a-z0-9-]*)(?:\.(?P<option>[a-z_]\w*))?|-(?P<short>[rncswo])\b)"
    # A word of the sentence is not a value, and neither is the punctuation after one.
    r"(?: (?!-[\w-]|(?:or|and|with|that|to|then|if|in|for|is)\b)"
    r"(?P<value>[\w./:=,{}*%-]*[\w/}%*-]))?"
)
_COMMAND = re.compile(r"\b(?:dcmconv|pip|python|python3|gdcmconv) ")
_BARE = re.compile(r"-?\d+(\.\d+)?|[A-Z]+")
"""A number, or a word like SECONDS that stands for one."""


class _Words(NamedTuple):
    """The flags of a reader's own, and the run settings without a value."""

    settings: Mapping[str, bool]
    """Name of each run setting, and whether it is true or false."""
    of_readers: Mapping[str, str]
    """Flag to component and option: ``max-pixels`` to ``dicom:max_pixels``."""


def in_python(text: str, plan: Plan | None = None) -> str:
    """Return a message or a hint with keywords in place of flags; commands stay as they are.

    >>> in_python("Replace it: --on-existing replace")
    "Replace it: on_existing='replace'"
    >>> in_python("Use --normalize minmax, or choose another --out.")
    "Use normalize='minmax', or choose another out=."
    >>> in_python("Install it: pip install --upgrade x")
    'Install it: pip install --upgrade x'
    """
    if "-" not in text:
        return text
    words = _words(plan)
    return "\n".join(_line_in_python(line, words) for line in text.split("\n"))


def _line_in_python(line: str, words: _Words) -> str:
    command = _COMMAND.search(line)
    end = command.start() if command else len(line)
    return _FLAG.sub(lambda match: _keyword(match, words), line[:end]) + line[end:]


def _keyword(match: re.Match[str], words: _Words) -> str:
    flag, option, value = match["long"] or SHORT[match["short"]], match["option"], match["value"]
    if option:
        # Of a component: in its short form.
        return f"{flag}:{option}={'...' if value is None else value}"
    if flag in words.of_readers:
        return f"read='{words.of_readers[flag]}={value or '...'}'"
    setting = flag.replace("-", "_")
    keyword = setting if setting in words.settings else KEYWORDS.get(flag)
    if keyword is None:
        return match[0]
    rest = f" {value}" if value is not None else ""
    if words.settings.get(keyword) or flag in SWITCHES:
        return f"{keyword}=True{rest}"
    if value is None:
        return f"{keyword}="
    shown = value if _BARE.fullmatch(value) else repr(value)
    return f"{keyword}=[{shown}]" if keyword in LISTS else f"{keyword}={shown}"


def _words(plan: Plan | None) -> _Words:
    from dcmconv.model.options import option_fields

    of_readers = {
        option.opt.flag.lstrip("-"): f"{ref.name}:{option.name}"
        for ref in (plan.readers if plan is not None else ())
        for option in option_fields(type(ref.load()))
        if option.opt.flag
    }
    return _Words(_settings(), of_readers)


@cache
def _settings() -> Mapping[str, bool]:
    from dcmconv.chain.settings import RunSettings
    from dcmconv.model.options import option_fields

    return {option.name: option.annotation is bool for option in option_fields(RunSettings)}


def outcome_in_python(outcome: NoPicture, plan: Plan) -> NoPicture:
    """Return an outcome whose message and hint name keywords."""
    message, hint = in_python(outcome.message, plan), in_python(outcome.hint, plan)
    if (message, hint) == (outcome.message, outcome.hint):
        return outcome
    return replace(outcome, message=message, hint=hint)


class python_hints:  # noqa: N801 - reads as a statement, and costs less than a generator
    """Let errors that pass name keywords in place of flags."""

    def __init__(self, plan: Plan | None = None) -> None:
        self._plan = plan

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DcmconvError):
            message, hint = (in_python(text, self._plan) for text in (error.message, error.hint))
            error.args = (message, hint, error.reason)
