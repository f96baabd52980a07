"""Text templates over attributes: ``UID:{SOPInstanceUID}``, ``{SeriesNumber:04d}/{name}``."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dcmconv.errors import InputError, UsageError

__all__ = ["Template"]


@dataclass(frozen=True)
class Template:
    """A text with fields in braces, filled from attributes; data, never code.

    A field is a keyword, a tag as ``GGGG,EEEE``, or a name that the caller supplies (``frame``); a
    format may follow a colon, as in Python.  No field reaches into a value.

    Raises
    ------
    UsageError
        If the text is not a template: unbalanced braces, a field with dots or brackets.
    """

    text: str

    def __post_init__(self) -> None:
        try:
            parsed = [field[1:] for field in string.Formatter().parse(self.text)]
        except ValueError as error:
            raise UsageError(
                f"'{self.text}' is no template: {error}.", hint="Write {{ and }} for plain braces."
            ) from None
        for name, _, conversion in parsed:
            is_word = name is not None and name.replace(",", "").replace("_", "").isalnum()
            if name is not None and (conversion or not is_word):
                raise UsageError(
                    f"'{{{name}}}' in '{self.text}' is no field.",
                    hint="A field is a keyword such as {PatientID}, or a tag such as {0010,0020}.",
                )

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names in braces, each once, in order."""
        parsed = string.Formatter().parse(self.text)
        return tuple(dict.fromkeys(name for _, name, _, _ in parsed if name is not None))

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
            If a value does not take the field's format.
        """
        parts: list[str] = []
        for literal, name, form, _ in string.Formatter().parse(self.text):
            parts.append(literal)
            if name is not None:
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
        raise InputError(
            f"{name} is {value!r}, which the format ':{form}' does not take.",
            hint=f"Leave the format off: {{{name}}}.",
        ) from None
