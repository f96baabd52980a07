"""The tag table: one row for every picture, with the attributes that were asked for."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from dcmconv.batch.records import PART_PREFIX
from dcmconv.errors import OutputError
from dcmconv.outcome import Converted, Outcome

__all__ = ["TagTable", "open_tag_table"]

COLUMNS = ("input", "output", "frame")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class TagTable:
    """An open table; rows are written as inputs finish.

    CSV is UTF-8 with one header line; a value that a spreadsheet would take for a formula starts
    with an apostrophe.  JSON Lines keep numbers and lists.  A missing attribute is empty, or null.
    """

    stream: TextIO
    tags: Sequence[str]
    as_json: bool

    def __post_init__(self) -> None:
        if not self.as_json:
            csv.writer(self.stream).writerow([*COLUMNS, *self.tags])

    def add(self, outcome: Outcome) -> None:
        """Write a row for every picture of an input."""
        if not isinstance(outcome, Converted):
            return
        for output in outcome.outputs:
            start = (outcome.input, output.path, output.frame_number)
            found = [outcome.attributes.get(tag) for tag in self.tags]
            if self.as_json:
                row = dict(zip((*COLUMNS, *self.tags), (*start, *found), strict=True))
                self.stream.write(json.dumps(row, default=str) + "\n")
            else:
                csv.writer(self.stream).writerow([_cell(value) for value in (*start, *found)])


@contextmanager
def open_tag_table(path: Path | None, tags: Sequence[str]) -> Iterator[TagTable | None]:
    """Open a table for a run; the file appears, whole, when the run has ended well.

    The suffix decides: ``.jsonl`` is JSON Lines, anything else CSV.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    if path is None:
        yield None
        return
    unfinished = path.with_name(f"{PART_PREFIX}{os.getpid()}-{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = unfinished.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield TagTable(stream, tags, as_json=path.suffix.lower() == ".jsonl")
        _finish(stream, unfinished, path)
    finally:
        with suppress(OSError):
            stream.close()
        unfinished.unlink(missing_ok=True)


def _finish(stream: TextIO, unfinished: Path, path: Path) -> None:
    try:
        stream.close()
        unfinished.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The tag table {path} cannot be written: {error.strerror}.",
        hint="Name another file with --tags.",
    )


def _cell(value: Any) -> Any:
    if isinstance(value, tuple | list):
        value = "\\".join(str(part) for part in value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
