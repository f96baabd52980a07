"""One line of the journal: its fields, and how it is written and read.

The fields are declared once: those of an outcome in ``dcmconv.model.outcome``, the rest here.
Types, checks and the JSON Schema are derived from these declarations.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, BinaryIO, ClassVar, Union, get_args, get_origin, get_type_hints

from dcmconv.errors import UnsupportedError
from dcmconv.model.outcome import Converted, Failed, Outcome, OutputFile, Skipped
from dcmconv.model.records import record

__all__ = [
    "BEGUN",
    "FORMAT",
    "LEFT",
    "OUTCOMES",
    "Entry",
    "LineFields",
    "RunFields",
    "annotations_of",
    "entry_from",
    "marker_line",
    "outcome_line",
    "output_file",
    "parse_line",
    "read_journal",
    "whole_lines",
]

FORMAT = 1
"""Number of the line format.  A new field needs no new number; a changed meaning does."""

BEGUN, LEFT = "begun", "left"
"""Marker lines: reading an input in the main process has begun; it was left without an outcome."""

OUTCOMES: Mapping[str, type] = {kind.status: kind for kind in (Converted, Skipped, Failed)}
UNWRITTEN = frozenset({"attributes", "frame_attributes", "printed", "unchanged"})
"""Fields of an outcome that are not in the journal; attributes are in the tag table only."""

LONGEST_PATH, LONGEST_SECONDS = 1 << 15, 1e9
# Made once: json.dumps would make an encoder for every line.
_encoded = json.JSONEncoder(separators=(",", ":")).encode


class LineFields:
    """The first fields of every line."""

    format: Annotated[int, "1; missing in lines of dcmconv 0.1.0, which are otherwise the same."]
    status: Annotated[str, "converted, skipped, failed, or a marker: begun, left."]


class RunFields:
    """The fields about the run, at the end of every line that is an outcome."""

    chain: Annotated[str, "Digest of the chain, then + and one of the statistics, if it uses any."]
    policy: Annotated[str, "strict, default or salvage."]
    dcmconv: Annotated[str, "The version that wrote the line."]
    run: Annotated[int, "The number of the run in this output folder, from 1."]
    time: Annotated[str, "When the line was written: ISO 8601, UTC, with milliseconds."]


_LINE_PARTS: tuple[type, ...] = (LineFields, *OUTCOMES.values(), RunFields)


@record(frozen=True)
class Entry:
    """The last line about an input; ``time`` is when it was written, in seconds since 1970."""

    outcome: Outcome
    chain: str
    policy: str = "default"
    time: float = 0.0


@cache
def annotations_of(kind: type) -> Mapping[str, Any]:
    """Return the annotation of each field of a class that is written to the journal, in order."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: hint
        for name, hint in hints.items()
        if name not in UNWRITTEN and get_origin(hint) is not ClassVar
    }


def _json_types(annotation: Any) -> tuple[type, ...]:
    """Return the types that ``json.loads`` may give for a field."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _json_types(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return tuple(kind for each in get_args(annotation) for kind in _json_types(each))
    if origin is tuple:
        return (list,)
    # json.loads makes an int of 1, also where the field is a float.
    return (int, float) if annotation is float else (annotation or NoneType,)


# Evaluating annotations takes 3 ms: done when there is a line to read.
@cache
def _types(*kinds: type) -> Mapping[str, tuple[type, ...]]:
    return {
        name: _json_types(hint) for kind in kinds for name, hint in annotations_of(kind).items()
    }


def outcome_line(outcome: Outcome, chain: str, stamp: Mapping[str, Any]) -> bytes:
    """Return the line of an outcome; ``stamp`` has the fields that are the same for a whole run."""
    data = {"format": FORMAT, "status": outcome.status, **vars(outcome)}
    for name in UNWRITTEN:
        del data[name]
    if outcome.status == Converted.status:
        data["outputs"] = [vars(output) for output in outcome.outputs]
    data["chain"] = chain
    data |= stamp
    # Milliseconds: verify.py compares this with the time of change of each picture.
    data["time"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    return _line_of(data)


def marker_line(status: str, key: str, locator: str) -> bytes:
    """Return a marker line, which is not an outcome: ``BEGUN`` or ``LEFT``."""
    return _line_of({"format": FORMAT, "status": status, "input": key, "locator": locator})


def _line_of(data: Mapping[str, Any]) -> bytes:
    # The encoder escapes all but ASCII, so lone surrogates in file names survive.
    return f"{_encoded(data)}\n".encode("ascii")


def parse_line(line: bytes) -> dict[str, Any] | None:
    """Return a line as data; None if it is damaged or is not a journal line.

    Raises
    ------
    UnsupportedError
        If a newer version wrote it in a format that this version does not know.
    """
    try:
        data = json.loads(line)
        _check_format(data)
        if not _has_types(data, _types(*_LINE_PARTS), ("locator", "status")):
            return None
        is_sound = all(map(_is_picture, data.get("outputs", ())))
        is_sound = is_sound and all(isinstance(note, str) for note in data.get("notes", ()))
        # NaN, which json.loads accepts, fails this comparison as well.
        return data if is_sound and abs(data.get("seconds", 0)) < LONGEST_SECONDS else None
    # RecursionError: thousands of nested brackets.
    except (ValueError, RecursionError):
        return None


def _check_format(data: object) -> None:
    number = data.get("format", 0) if isinstance(data, dict) else 0
    if isinstance(number, int) and number > FORMAT:
        raise UnsupportedError(
            f"The journal has lines of format {number}; this version reads up to {FORMAT}.",
            hint="A newer dcmconv wrote them: upgrade dcmconv, or choose another output folder.",
        )


def _is_picture(data: object) -> bool:
    return (
        isinstance(data, dict)
        and _has_types(data, _types(OutputFile), ("path",))
        and _is_valid_path(data["path"])
    )


def _is_valid_path(text: str) -> bool:
    try:
        name = os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return b"\0" not in name and len(name) <= LONGEST_PATH


def _has_types(
    data: object, types: Mapping[str, tuple[type, ...]], required: Iterable[str]
) -> bool:
    """Return whether data is a mapping with the required names, and known names have their type."""
    return (
        isinstance(data, dict)
        and all(name in data for name in required)
        and all(isinstance(data[name], kind) for name, kind in types.items() if name in data)
    )


def entry_from(data: Mapping[str, Any]) -> Entry | None:
    """Return a parsed line as an Entry; None if fields are missing, as another version may do."""
    try:
        kind = OUTCOMES[data["status"]]
        values = {name: data[name] for name in annotations_of(kind) if name in data}
        values["notes"] = tuple(values.get("notes", ()))
        if kind is Converted:
            values["outputs"] = tuple(output_file(output) for output in data["outputs"])
        time = data.get("time")
        written = datetime.fromisoformat(time).timestamp() if time else 0.0
        policy = data.get("policy", "default")
        return Entry(kind(**values), data.get("chain", ""), policy, written)
    except (KeyError, TypeError, ValueError):
        return None


def output_file(data: Mapping[str, Any], *, lenient: bool = False) -> OutputFile:
    """Return a picture of a parsed line; ``lenient`` gives missing fields an empty value."""
    types = _types(OutputFile)
    known = {name: data[name] for name in types if name in data}
    # int() is 0, str() is empty, and NoneType() is None.
    empty = {name: kinds[0]() for name, kinds in types.items()} if lenient else {}
    return OutputFile(**{**empty, **known})


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Yield every whole line of a journal as data, oldest first, without damaged ones."""
    with path.open("rb") as stream:
        for _, line in whole_lines(stream):
            data = parse_line(line)
            if data is not None:
                yield data


def whole_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that end with a line break, each with its offset."""
    offset = 0
    for line in stream:
        # A killed run may have left half a line at the end.
        if line.endswith(b"\n"):
            yield offset, line
        offset += len(line)
