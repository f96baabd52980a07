"""The value of one element as rules, names and tables see it, without pydicom where that is safe.

pydicom takes some 100 function calls to decode an element, and has to parse it first.
``plain_value`` decodes the bytes itself if they are what the standard asks for: numbers of the
right length, and ASCII text that pydicom accepts without a warning.  Everything else is ``ODD``,
and pydicom decodes that one element.  Both ways give the same value, which a test checks.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from dcmconv.plugin import AttributeValue

__all__ = ["BINARY_VRS", "ODD", "Odd", "plain_value", "value_of_pydicom"]


class Odd(Enum):
    """The type of ``ODD``."""

    ODD = "odd"


ODD: Final = Odd.ODD
"""Says that pydicom has to decode a value."""

BINARY_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN", "SQ", "OB or OW"})
"""VRs whose values are not plain: bytes, or the items of a sequence."""

_NUMBERS = {
    vr: struct.Struct(f"<{code}")
    for vr, code in {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}.items()
} | {"UV": struct.Struct("<Q"), "SV": struct.Struct("<q")}

# PS3.5 6.2: how long one value may be, with its padding; pydicom warns of a longer one.
_LONGEST = {"LO": 64, "SH": 16, "ST": 1024, "LT": 10240}
_ANY_LENGTH = 1 << 32
_SHORT = 64
"""Bytes of a value that is remembered; so the memory for it is bounded."""
_SINGLE_VALUED = frozenset({"LT", "ST", "UT"})
"""VRs in which a backslash is an ordinary character."""
_CODES = frozenset({"AS", "CS", "DA", "DT", "TM"})
_TEXTS = _CODES | _SINGLE_VALUED | {"LO", "SH", "UC"}

# Values that pydicom reads without a warning; at most 12, 16 and 64 characters.
_INTEGER = re.compile(r"(?=.{1,12}\Z) *[+-]?[0-9]+ *")
_DECIMAL = re.compile(r"(?=.{1,16}\Z) *[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)? *")
_UID = re.compile(r"(?=.{1,64}\Z)(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")
_SHORT_NAME = re.compile(r"[^=\0]{0,64}(?:=[^=\0]{0,64}){0,2}")

# pydicom leaves the escape sequences of GB 2312 (ISO 2022 IR 58) in the text that it decodes.
_ESCAPE_SEQUENCE = re.compile("\x1b[ -/]+[0-~]")


def plain_value(vr: str, value: bytes) -> AttributeValue | Odd:
    r"""Decode a little endian value, or say that pydicom has to do it.

    DS and IS are numbers; several values are a tuple; an empty value is None.

    >>> plain_value("DS", b"1.5\\2 "), plain_value("PN", b"Doe^John^^ ")
    ((1.5, 2.0), 'Doe^John')
    >>> plain_value("IS", b"seven ")
    <Odd.ODD: 'odd'>
    """
    # Most attributes that are asked for are short, and the same in all files of a series.
    return _cached(vr, value) if len(value) <= _SHORT else _plain_value(vr, value)


def _plain_value(vr: str, value: bytes) -> AttributeValue | Odd:
    number = _NUMBERS.get(vr)
    if number is not None:
        return _binary_numbers(number, value)
    # After an escape sequence ASCII bytes code other letters; in all sets that DICOM has, the
    # others are ASCII.
    if not value.isascii() or b"\x1b" in value:
        return ODD
    text = value.decode("ascii")
    if vr in _TEXTS:
        return _text(vr, text)
    parse = _PARSERS.get(vr)
    if parse is None:
        return ODD
    text = text.rstrip(" \0")
    if not text:
        return None
    if "\\" not in text:
        return parse(text)
    parts = tuple(map(parse, text.split("\\")))
    return ODD if ODD in parts else parts  # type: ignore[return-value]


_cached = lru_cache(maxsize=1024)(_plain_value)


def _binary_numbers(number: struct.Struct, value: bytes) -> AttributeValue | Odd:
    if len(value) == number.size:
        return number.unpack(value)[0]  # type: ignore[no-any-return]
    # Three numbers may describe a lookup table, whose first one pydicom takes as unsigned.
    if len(value) % number.size or len(value) == 3 * number.size:
        return ODD
    return tuple(each for (each,) in number.iter_unpack(value)) or None


def _text(vr: str, text: str) -> AttributeValue | Odd:
    longest = _LONGEST.get(vr, _ANY_LENGTH)
    if "\\" not in text or vr in _SINGLE_VALUED:
        return ODD if len(text) > longest else text.strip(" \0") or None
    parts = text.split("\\")
    if max(map(len, parts)) > longest:
        return ODD
    return tuple(part.strip(" \0") for part in parts)


def _integer(text: str) -> int | Odd:
    return int(text) if _INTEGER.fullmatch(text) else ODD


def _decimal(text: str) -> float | Odd:
    return float(text) if _DECIMAL.fullmatch(text) else ODD


def _uid(text: str) -> str | Odd:
    return text if _UID.fullmatch(text) else ODD


def _name(text: str) -> str | Odd:
    if _SHORT_NAME.fullmatch(text) and text.strip("="):
        return _tidy_name(text.strip(" \0"))
    return ODD


_PARSERS: dict[str, Callable[[str], str | int | float | Odd]] = {
    "IS": _integer,
    "DS": _decimal,
    "UI": _uid,
    "PN": _name,
}


def value_of_pydicom(value: Any, vr: str) -> AttributeValue:
    """Turn a value as pydicom converted it into the same plain value."""
    if value is None or value == "":
        return None
    # pydicom's MultiValue is not a list.
    if isinstance(value, list | tuple) or hasattr(value, "append"):
        parts = tuple(_single_of_pydicom(part, vr) for part in value)
        return parts or None
    return _single_of_pydicom(value, vr)


def _single_of_pydicom(value: Any, vr: str) -> str | int | float:
    if vr == "AT":
        return f"{int(value) >> 16:04X},{int(value) & 0xFFFF:04X}"
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float) or vr == "DS":
        return math.nan if value in ("", None) else float(value)
    text = _ESCAPE_SEQUENCE.sub("", str(value)).strip(" \0")
    return _tidy_name(text) if vr == "PN" else text


def _tidy_name(text: str) -> str:
    """Leave out empty components and groups, which carry nothing: ``Doe^^^`` is ``Doe``."""
    return "=".join(group.rstrip("^ ") for group in text.split("=")).rstrip("=")
