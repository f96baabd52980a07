"""What a ``when`` accepts: a value, a comparison, a range, a glob or a regular expression.

A plan keeps a condition as it was written, as text or a number, so it stays plain data;
``condition`` parses each one once per process.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from dcmconv.errors import UsageError

__all__ = ["accepted", "accepts", "condition"]

_COMPARISONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}
_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_LONGEST_PATTERN = 200
_LONGEST_VALUE = 1000
"""A regular expression sees this much of a value: values come from files, and may be hostile."""


class Condition(NamedTuple):
    """A test of one value of an attribute."""

    holds: Callable[[Any], bool]
    excludes: bool = False
    """A value for which it holds is refused, not accepted: ``!=CT``."""


def accepts(found: Any, conditions: Sequence[str | int | float]) -> bool:
    """Say whether an attribute fulfills the conditions.

    Any one of them is enough; a value that ``!=`` names is never accepted.  An attribute that is
    missing fulfills only ``!=``.

    >>> accepts(("ORIGINAL", "PRIMARY"), ["PRIMARY", "DERIVED"])
    True
    >>> accepts(1.25, ["0.5..1.5"]), accepts("MR", ["!=CT", "!=MR"]), accepts(None, ["*"])
    (True, False, False)
    """
    values = _values(found)
    is_accepted = None  # nothing but exclusions so far
    for written in conditions:
        holds, excludes = condition(written)
        is_held = any(map(holds, values))
        if is_held and excludes:
            return False
        if not excludes:
            is_accepted = is_held or bool(is_accepted)
    return is_accepted is not False


def accepted(found: Any, conditions: Sequence[str | int | float]) -> Iterator[str | int | float]:
    """Yield the conditions that accept an attribute; ``!=`` accepts what it does not name."""
    values = _values(found)
    for written in conditions:
        holds, excludes = condition(written)
        if any(map(holds, values)) != excludes:
            yield written


def _values(found: Any) -> tuple[Any, ...]:
    if found is None:
        return ()
    return found if isinstance(found, tuple) else (found,)


@lru_cache(maxsize=4096)
def condition(written: str | float) -> Condition:
    """Parse a condition as written in a chain.

    Raises
    ------
    UsageError
        If it is a comparison without a number, or an invalid regular expression.
    """
    if not isinstance(written, str):
        return Condition(_equal_to(written))
    if written.startswith("!="):
        return Condition(condition(written[2:]).holds, excludes=True)
    if written.startswith("="):
        return Condition(_equal_to(written[1:]))
    if written[:1] in ("<", ">"):
        return Condition(_comparison(written))
    if len(written) > 2 and re.fullmatch(r"/.*/i?", written, re.DOTALL):
        return Condition(_search(written))
    between = re.fullmatch(rf"({_NUMBER})?\.\.({_NUMBER})?", written)
    if between and written != "..":
        return Condition(_between(*between.groups()))
    if "*" in written or "?" in written:
        return Condition(_glob(written))
    return Condition(_equal_to(written))


def _equal_to(wanted: str | float) -> Callable[[Any], bool]:
    # Also as text: a chain may quote a value that the attribute has as a number.
    text = str(wanted)
    return lambda value: value == wanted or str(value) == text


def _comparison(written: str) -> Callable[[Any], bool]:
    sign = written[:2] if written[:2] in _COMPARISONS else written[0]
    limit = written.removeprefix(sign).strip()
    if not re.fullmatch(_NUMBER, limit):
        raise UsageError(
            f"'{written}' compares with '{limit}', which is not a number.",
            hint=f"For example: '{sign}1.5'. For the text itself: '={written}'",
        )
    return _as_number(lambda number: _COMPARISONS[sign](number, float(limit)))


def _between(low: str | None, high: str | None) -> Callable[[Any], bool]:
    least, most = float(low or "-inf"), float(high or "inf")
    return _as_number(lambda number: least <= number <= most)


def _as_number(holds: Callable[[float], bool]) -> Callable[[Any], bool]:
    def of_value(value: Any) -> bool:
        try:
            return holds(float(value))
        except (TypeError, ValueError):
            return False  # text is neither more nor less than a number

    return of_value


def _glob(written: str) -> Callable[[Any], bool]:
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in written)
    # One star after another means the same as one, and would take much longer to fail.
    pattern = re.compile(re.sub(r"(?:\.\*)+", ".*", "".join(parts)), re.DOTALL)
    return lambda value: pattern.fullmatch(str(value)) is not None


def _search(written: str) -> Callable[[Any], bool]:
    body, flags = (written[1:-2], re.IGNORECASE) if written.endswith("/i") else (written[1:-1], 0)
    if len(body) > _LONGEST_PATTERN:
        raise UsageError(
            f"The regular expression has {len(body)} characters, more than {_LONGEST_PATTERN}.",
            hint="Give several shorter ones in a list: any one of them is enough.",
        )
    try:
        pattern = re.compile(body, flags)
    except re.error as error:
        raise UsageError(
            f"'{written}' is not a valid regular expression: {error}.",
            hint=f"For the text itself, write '={written}'.",
        ) from None
    return lambda value: pattern.search(str(value)[:_LONGEST_VALUE]) is not None
