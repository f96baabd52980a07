"""Text templates over attributes: ``UID:{SOPInstanceUID}``, ``{SeriesNumber:04d}/{name}``."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dcmconv.errors import InputError, UsageError

__all__ = ["Template", "is_tag", "plain_tag"]


_TAG = re.compile(r"[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}")
_IN_BRACKETS = re.compile(rf"\(({_TAG.pattern})\)")


def plain_tag(word: str) -> str:
    """Return a tag without its brackets; any other word as it is.

    >>> plain_tag("(0010,0020)")
    '0010,0020'
    """
    found = _IN_BRACKETS.fullmatch(word)
    return found[1] if found else word


def is_tag(word: str) -> bool:
    """Say whether a word is ``GGGG,EEEE``, without brackets."""
    return _TAG.fullmatch(word) is not None


_HUGE = re.compile("[0-9]{4}")
"""A width of a thousand characters or more fills the memory and no file name."""


@dataclass(frozen=True)
class Template:
    """A text with fields in braces, filled from attributes; data, never code.

    A field is a keyword, a tag as ``GGGG,EEEE``, or a name that the caller supplies (``frame``); a
    format may follow a colon, as in Python.  No field reaches into a value.

    Raises
    ------
    UsageError
        If the text is not a template: unbalanced braces, a field with dots or brackets, a format
        that no number and no text takes.
    """

    text: str

    def __post_init__(self) -> None:
        try:
            parsed = [field[1:] for field in string.Formatter().parse(self.text)]
        except ValueError as error:
            raise UsageError(
                f"'{self.text}' is no template: {error}.", hint="Write {{ and }} for plain braces."
            ) from None
        for name, form, conversion in parsed:
            is_word = (
                name is not None and plain_tag(name).replace(",", "").replace("_", "").isalnum()
            )
            if name is not None and (conversion or not is_word):
                raise UsageError(
                    f"'{{{name}}}' in '{self.text}' is no field.",
                    hint="A field is a keyword such as {PatientID}, or a tag such as {0010,0020}.",
                )
            if name is not None and not _is_format(form or ""):
                raise UsageError(
                    f"'{form}' in '{self.text}' is no format for {{{name}}}.",
                    hint=f"Write {{{name}}}, or {{{name}:04d}} for four digits of a whole number.",
                )

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names in braces, each once, in order."""
        parsed = string.Formatter().parse(self.text)
        return tuple(dict.fromkeys(plain_tag(name) for _, name, _, _ in parsed if name is not None))

    def fill(
        self,
        values: Mapping[str, Any],
        *,
        missing: Callable[[str], str] = lambda name: "",
        clean: Callable[[str], str] = lambda text: text,
    ) -> str:
        """Return the text with every field filled.

        Parameters
        ----------
        values : mapping
            Name to value; several values are joined by a backslash, as in DICOM.
        missing : callable
            What to write for a name without a value; by default nothing.
        clean : callable
            Applied to each filled field, never to the template's own text.

        Raises
        ------
        InputError
            If a value does not take the field's format (``reason="name"``).
        """
        parts: list[str] = []
        for literal, name, form, _ in string.Formatter().parse(self.text):
            parts.append(literal)
            if name is not None:
                name = plain_tag(name)  # noqa: PLW2901 - the same field, written without brackets
                value = values.get(name)
                text = missing(name) if value in (None, "") else _formatted(name, value, form or "")
                parts.append(clean(text))
        return "".join(parts)


def _formatted(name: str, value: Any, form: str) -> str:
    if isinstance(value, tuple):
        return "\\".join(_formatted(name, part, form) for part in value)
    try:
        return format(value, form)
    except (ValueError, TypeError):
        # The kind of value only: the value may be a patient's.
        kind = "text" if isinstance(value, str) else "a number that is not whole"
        raise InputError(
            f"{name} is {kind}, which the format ':{form}' does not take.",
            hint=f"Leave the format off: write {{{name}}} instead of {{{name}:{form}}}.",
            reason="name",
        ) from None


def _is_format(form: str) -> bool:
    """Say whether a whole number, a number or a text takes the format."""
    if _HUGE.search(form):
        return False
    return any(_takes(sample, form) for sample in (7, 7.5, "seven"))


def _takes(sample: object, form: str) -> bool:
    try:
        format(sample, form)
    except (ValueError, TypeError):
        return False
    return True
