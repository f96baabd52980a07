"""The tag table: one row for every picture, with the requested attributes."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from dcmconv.errors import OutputError, UsageError
from dcmconv.model.outcome import PICTURE_COLUMNS, Converted, Failed, Outcome, finite
from dcmconv.model.records import record
from dcmconv.run.journal.run_record import RunRecord, read_run
from dcmconv.run.messages import PART_PREFIX
from dcmconv.run.output.atomic_move import move_new
from dcmconv.run.output.destination import Destination
from dcmconv.run.output.naming import STATE_FOLDER
from dcmconv.run.output.state_dir import remove_dead_parts

__all__ = ["TableFile", "TagTable", "open_tag_table"]

SUFFIXES = (".csv", ".jsonl")
COLUMNS = ("input", "output", "frame")
REASON = "reason"
"""The last column: why an input failed."""
# OWASP, CSV injection: spreadsheets take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Characters that could control a terminal that shows the table, or its writing direction."""
_PLAIN_CELL = re.compile("[A-Za-z0-9][ -~]*")
"""Most cells, which are written as they are."""


@record
class TagTable:
    """An open table; rows are written as inputs finish.

    CSV is UTF-8 with one header line; a value that a spreadsheet could read as a formula gets a
    leading apostrophe.  JSON Lines keep numbers and lists.  A missing attribute is empty or null.
    An input that failed has a row with the reason and no output.
    """

    stream: IO[str]
    tags: Sequence[str]
    as_json: bool
    is_complete: bool = False
    """Whether the run finished, so that the table may replace an earlier one."""

    def __post_init__(self) -> None:
        self._columns = (*COLUMNS, *self.tags, REASON)
        self._write_row = csv.writer(self.stream).writerow
        if not self.as_json:
            self._write_row(self._columns)

    def add(self, outcome: Outcome) -> None:
        """Write a row for every picture of an input, or for its failure."""
        if isinstance(outcome, Failed):
            unknown = [None] * len(self.tags)
            self._write((outcome.input, None, outcome.frame_number, *unknown, outcome.reason))
        elif isinstance(outcome, Converted):
            for output in outcome.outputs:
                start = (outcome.input, output.path, output.frame_number)
                of_frame = outcome.frame_attributes.get(output.frame_number, outcome.attributes)
                of_picture = vars(output)
                found = [
                    of_picture[tag] if tag in PICTURE_COLUMNS else of_frame.get(tag)
                    for tag in self.tags
                ]
                self._write((*start, *found, None))

    def _write(self, row: Sequence[Any]) -> None:
        if self.as_json:
            data = dict(zip(self._columns, map(finite, row), strict=True))
            self.stream.write(json.dumps(data, default=str) + "\n")
        else:
            self._write_row(map(_cell, row))


@record(frozen=True)
class TableFile:
    """The file of a table, and the inputs whose rows it has.

    An existing table is replaced only if a run in the same output folder wrote it, it has not
    changed since, and it was made from the same inputs.

    Parameters
    ----------
    path : Path
        Absolute.
    out : Path
        The output folder.
    inputs : str
        A digest of the INPUT arguments and of the patterns that selected from them.
    """

    path: Path
    out: Path
    inputs: str

    @classmethod
    def of(cls, path: Path, out: Path, arguments: Sequence[str]) -> TableFile:
        """Return the file of a run's table; ``arguments`` are INPUT arguments and patterns."""
        paths = json.dumps([os.path.realpath(each) for each in arguments])
        return cls(path.absolute(), out, hashlib.sha256(paths.encode()).hexdigest())

    @property
    def as_json(self) -> bool:
        """Whether the table is JSON Lines rather than CSV."""
        return self.path.suffix.lower() == ".jsonl"

    def check(self, *, may_replace: bool = False) -> None:
        """Check that the table can be written without losing another file.

        Parameters
        ----------
        may_replace : bool
            Whether an earlier table of other inputs may be replaced.

        Raises
        ------
        UsageError
            If the suffix is unknown, or a file exists that must not be replaced.
        """
        if self.path.suffix.lower() not in SUFFIXES:
            suffix, stem = self.path.suffix, self.path.stem
            ending = f"ends in {suffix}" if suffix else "has no suffix"
            raise UsageError(
                f"The tag table {self.path} {ending}; expected {' or '.join(SUFFIXES)}.",
                hint=f"For example: --tags {stem.strip('-') or 'tags'}.csv",
            )
        if STATE_FOLDER in Path(os.path.realpath(self.path.parent)).parts:
            raise UsageError(
                f"The tag table {self.path} is inside a .dcmconv folder, which is reserved.",
                hint="Choose a file outside of .dcmconv.",
            )
        if not os.path.lexists(self.path):
            return
        known = ((read_run(self.out) or {}).get("tables") or {}).get(str(self.path))
        if not known or known.get("sha256") != _digest(self.path):
            raise UsageError(
                f"{self.path} already exists and is not an unchanged tag table of {self.out}.",
                hint="Choose another file with --tags, or move that one.",
            )
        if known.get("inputs") != self.inputs and not may_replace:
            raise UsageError(
                f"{self.path} has the rows of other inputs, which would be lost.",
                hint="Choose another file with --tags, or replace it: --on-existing replace",
            )

    def columns_before(self) -> tuple[str, ...]:
        """Return the attributes and other chosen columns of the table that is replaced, if any."""
        try:
            with self.path.open(encoding="utf-8", newline="") as stream:
                first = stream.readline()
                columns = json.loads(first) if self.as_json else next(csv.reader([first]))
        except (OSError, ValueError, StopIteration):
            return ()
        # Tables of 0.1.0 have no reason.
        return tuple(each for each in columns if each not in (*COLUMNS, REASON))

    def fingerprint(self) -> dict[str, str]:
        """Return what ``run.json`` stores about the written table, to recognize it later."""
        return {"sha256": _digest(self.path), "inputs": self.inputs}


@contextmanager
def open_tag_table(
    file: TableFile, tags: Sequence[str], destination: Destination
) -> Iterator[TagTable]:
    """Open a table for a run; the complete file appears when the run has finished.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = file.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_dead_parts(path.parent, f"*-{escape(path.name)}")
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        # Unnamed: no walk finds it as an input, and a crash leaves nothing behind.
        stream = TemporaryFile(  # noqa: SIM115 - closed below
            "w+",
            encoding="utf-8",
            errors="backslashreplace",
            newline="",
            dir=destination.parts,
            prefix=PART_PREFIX,
        )
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        table = TagTable(stream, tags, as_json=file.as_json)
        yield table
        if table.is_complete:
            _publish(stream, path, destination.record)
            if destination.record is not None:
                destination.record.tables[str(path)] = file.fingerprint()
    finally:
        with suppress(OSError):
            stream.close()


def _publish(stream: IO[str], path: Path, record: RunRecord | None) -> None:
    unfinished = path.with_name(f"{PART_PREFIX}{os.getpid()}-{path.name}.part")
    try:
        stream.flush()
        stream.seek(0)
        with unfinished.open("w", encoding="utf-8", newline="") as target:
            shutil.copyfileobj(stream, target)
        known = record.tables.get(str(path)) if record else None
        # Compared again: the file may have changed during the run.
        if known and known.get("sha256") == _digest(path):
            unfinished.replace(path)
        else:
            move_new(os.fspath(unfinished), os.fspath(path))
    except FileExistsError as error:
        raise OutputError(
            f"The tag table {path} was not written: the file was created during the run.",
            hint="Move it, or choose another file with --tags, and run again: pictures are kept.",
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file; empty if it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The tag table {path} cannot be written: {error.strerror}.",
        hint="Choose another file with --tags.",
    )


def _cell(value: Any) -> Any:
    if isinstance(value, tuple | list):
        # PS3.5 6.4: a backslash separates the values of an attribute.
        value = "\\".join(map(str, value))
    if not isinstance(value, str):
        return "" if value is None else value
    if _PLAIN_CELL.fullmatch(value):
        return value
    text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", value)
    # Of the value: in the text, a tab or carriage return is an escape sequence already.
    return f"'{text}" if value.startswith(_FORMULA) else text
