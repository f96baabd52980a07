"""Text templates over attributes, ``{SeriesNumber:04d}/{name}``, and tags as they are written."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from dcmconv.errors import InputError, UsageError

__all__ = ["ATTRIBUTE", "Template", "is_tag", "plain_tag", "split_path"]

_TAG = re.compile(r"[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}")
_STEP = rf"(?:[A-Z][A-Za-z0-9]*|{_TAG.pattern})"
ATTRIBUTE = re.compile(rf"(?:{_STEP}(?:\[[0-9]{{1,9}}\])?[./])*{_STEP}")
"""A keyword or a tag without parentheses, perhaps after the sequences that contain it."""

_WRITTEN_TAG = re.compile(
    r"\(([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)"
    r"|(?<![A-Za-z0-9])([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})(?![A-Za-z0-9])"
)
"""The ways to write a tag that are not ``GGGG,EEEE``: in parentheses, or without the comma."""
_HUGE = re.compile("[0-9]{4}")
"""A format with a width of 1000 or more: it could fill the memory, and no file name needs it."""


_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Template:
    """A text with fields in braces, filled from attributes; data, never code.

    A field is a keyword, a tag as ``GGGG,EEEE``, a path into sequences (``split_path``), or a name
    that the caller supplies (``frame``).  After a vertical bar follows what is used if it has no
    value: another field, or text, ``{SeriesDescription|ProtocolName|none}``.  A word that looks
    like a keyword is text only in quotes.  At the end, a format may follow after a colon, as in
    Python.  Nothing of Python's objects can be reached.

    Raises
    ------
    UsageError
        If the text is not a template: unbalanced braces, a field with dots or brackets, a format
        that applies neither to a number nor to text.
    """

    text: str

    def __post_init__(self) -> None:
        try:
            parsed = [field[1:] for field in string.Formatter().parse(self.text)]
        except ValueError as error:
            raise UsageError(
                f"'{self.text}' is not a valid template: {error}.",
                hint="Write {{ and }} for literal braces.",
            ) from None
        for name, form, conversion in parsed:
            # A conversion such as !r would show how Python writes the value.
            if name is not None and (conversion or not _is_field(_words(name)[0])):
                raise UsageError(
                    f"Invalid field '{{{name}}}' in '{self.text}'.",
                    hint="Use a keyword such as {PatientID}, or a tag such as {0010,0020}.",
                )
            if name is not None and not _is_format(form or ""):
                raise UsageError(
                    f"Invalid format '{form}' for {{{name}}} in '{self.text}'.",
                    hint=f"Write {{{name}}}, or {{{name}:04d}} for four digits of a whole number.",
                )

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names in braces, without duplicates, in order; of fallbacks only the attributes."""
        names = (
            word
            for _, name, fallbacks, _ in self._parts
            if name is not None
            for word in (name, *filter(ATTRIBUTE.fullmatch, fallbacks))
        )
        return tuple(dict.fromkeys(names))

    @cached_property
    def _parts(self) -> tuple[tuple[str, str | None, tuple[str, ...], str], ...]:
        """Each text, the field after it (None at the end), its fallbacks, and its format."""
        parsed = string.Formatter().parse(self.text)
        return tuple(
            (literal, None, (), "")
            if name is None
            else (literal, (words := _words(name))[0], words[1:], form or "")
            for literal, name, form, _ in parsed
        )

    def fill(
        self,
        values: Mapping[str, Any],
        *,
        own: Mapping[str, Any] = _NOTHING,
        missing: Callable[[str], str] = lambda name: "",
        clean: Callable[[str], str] = lambda text: text,
    ) -> str:
        """Return the text with every field filled.

        Parameters
        ----------
        values : mapping
            Name to value; multiple values are joined by a backslash, as in DICOM.  Only the names
            in the template are looked up, because each may have to be decoded.
        own : mapping
            Names that the caller supplies; they come before ``values``.
        missing : callable
            Returns the text for a name without a value or fallback; nothing by default.
        clean : callable
            Applied to each filled field, never to the template's own text.

        Raises
        ------
        InputError
            If the field's format does not apply to its value (``reason="name"``).
        """
        parts: list[str] = []
        for literal, name, fallbacks, form in self._parts:
            parts.append(literal)
            if name is not None:
                value = own[name] if name in own else values.get(name)
                if value not in (None, ""):
                    parts.append(clean(_formatted(name, value, form)))
                    continue
                text = _fallback(fallbacks, values, own, form)
                text = missing(name) if text is None else text
                # {PatientID|} asks for nothing: there is nothing to clean.
                parts.append(clean(text) if text else "")
        return "".join(parts)


def _words(field: str) -> tuple[str, ...]:
    """Return the name of a field and its fallbacks; tags as ``GGGG,EEEE``."""
    return tuple(map(plain_tag, field.split("|")))


def _fallback(
    words: Sequence[str], values: Mapping[str, Any], own: Mapping[str, Any], form: str
) -> str | None:
    """Return the first fallback that has a value, or is text; None if there is none."""
    for word in words:
        if word not in own and not ATTRIBUTE.fullmatch(word):
            is_quoted = word[:1] in ("'", '"') and word.endswith(word[:1])
            return word[1:-1] if is_quoted else word
        value = own[word] if word in own else values.get(word)
        if value not in (None, ""):
            return _formatted(word, value, form)
    return None


def _formatted(name: str, value: Any, form: str) -> str:
    if isinstance(value, tuple):
        return "\\".join(_formatted(name, part, form) for part in value)
    try:
        return format(value, form)
    except (ValueError, TypeError):
        # Only the kind of value: the value itself may identify a patient.
        kind = "text" if isinstance(value, str) else "a fractional number"
        raise InputError(
            f"{name} is {kind}; the format ':{form}' does not apply to it.",
            hint=f"Remove the format: write {{{name}}} instead of {{{name}:{form}}}.",
            reason="name",
        ) from None


def _is_format(form: str) -> bool:
    """Say whether the format applies to an integer, a float or text."""
    if _HUGE.search(form):
        return False
    # Which kind a value has is known only when a file is read: one that fits is enough.
    return any(_takes(sample, form) for sample in (7, 7.5, "seven"))


def _takes(sample: object, form: str) -> bool:
    try:
        format(sample, form)
    except (ValueError, TypeError):
        return False
    return True


def plain_tag(word: str) -> str:
    """Return a tag, or a path with tags, as ``GGGG,EEEE``; any other word unchanged.

    >>> plain_tag("(0010,0020)"), plain_tag("00100020"), plain_tag("PatientID")
    ('0010,0020', '0010,0020', 'PatientID')
    """
    return _WRITTEN_TAG.sub(lambda found: ",".join(filter(None, found.groups())), word)


@lru_cache(maxsize=1024)
def split_path(word: str) -> tuple[tuple[str, int], ...]:
    """Return each step of a path into sequences: a keyword or tag, and the number of an item.

    Items count from 0, and the first is meant if there is no number.  The last step is the
    attribute itself.

    >>> split_path("ReferencedImageSequence[1]/ReferencedSOPInstanceUID")
    (('ReferencedImageSequence', 1), ('ReferencedSOPInstanceUID', 0))
    >>> split_path("0010,0020")
    (('0010,0020', 0),)
    """
    steps = (step.partition("[") for step in re.split("[./]", word))
    return tuple((name, int(number.rstrip("]") or 0)) for name, _, number in steps)


def _is_field(name: str) -> bool:
    return name.replace("_", "").isalnum() or ATTRIBUTE.fullmatch(name) is not None


def is_tag(word: str) -> bool:
    """Say whether a word is ``GGGG,EEEE``, without parentheses."""
    return _TAG.fullmatch(word) is not None
