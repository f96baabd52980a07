"""The journal of a run: one line for every finished input, appended by the main process alone.

``<out>/.dcmconv/journal.jsonl`` is never rewritten; the last line about an input counts.  A line
is written after its pictures are published, so that a killed run repeats only inputs without one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO

from dcmconv.errors import OutputError
from dcmconv.model.outcome import Outcome
from dcmconv.model.records import record
from dcmconv.run.journal.digests import DigestTable, digest_of, folded_digest
from dcmconv.run.journal.line import (
    BEGUN,
    LEFT,
    OUTCOMES,
    Entry,
    entry_from,
    marker_line,
    outcome_line,
    parse_line,
    whole_lines,
)
from dcmconv.run.output.state_dir import close_held, hold, open_state_file

__all__ = ["Journal"]

SECONDS_BETWEEN_SYNCS = 1.0


@record
class Journal:
    """An open journal: finds what earlier runs wrote, and appends lines.

    In memory are two numbers for each input and picture, never the lines themselves; those of a
    large journal are on disk.

    Parameters
    ----------
    path : Path
        The file.
    stamp : mapping
        The fields that are the same in every line of this run, such as the version.
    durable : bool
        Flush each line to the disk at once.
    """

    path: Path
    stamp: Mapping[str, Any] = field(default_factory=dict)
    durable: bool = False
    owners: DigestTable = field(default_factory=DigestTable)
    """Digest of each picture's folded path → digest of the locator of its input."""
    _offsets: DigestTable = field(default_factory=DigestTable)
    _suspects: set[int] = field(default_factory=set)
    _in_progress: dict[int, tuple[str, str]] = field(default_factory=dict)
    _append: FileIO | None = None
    _read: BinaryIO | None = None
    _synced: float = 0.0
    _end: int = 0

    def open(self) -> Journal:
        """Read the existing lines, drop an incomplete last one, and get ready to append.

        Raises
        ------
        UnsupportedError
            If a newer version wrote lines that this version does not know.
        """
        descriptor = hold(open_state_file(self.path, os.O_RDWR | os.O_CREAT))
        # Unbuffered: a written line survives a crash of this process.
        self._append = FileIO(descriptor, "r+", closefd=False)
        try:
            self._read = self.path.open("rb")
            end = 0
            for offset, line in whole_lines(self._read):
                end = offset + len(line)
                self._learn(offset, line)
        except BaseException:
            self.close()
            raise
        # The next line must not continue the half of one that a killed run left.
        self._append.truncate(end)
        self._append.seek(end)
        self._end = end
        return self

    def open_to_read(self) -> None:
        """Read the existing lines, so that they can be found; nothing can be written."""
        self._read = self.path.open("rb")
        for offset, line in whole_lines(self._read):
            self._learn(offset, line)

    def check_exists(self) -> None:
        """Check that the file is still there under its name.

        Raises
        ------
        OutputError
            If it was deleted or replaced, so that the next run will not find its lines.
        """
        if self._append is None:
            return
        with suppress(FileNotFoundError, NotADirectoryError):
            if os.path.samestat(self.path.stat(), os.fstat(self._append.fileno())):
                return
        state = self.path.parent
        if state.is_dir():
            message = f"{self.path} was deleted or replaced during the run."
            hint = "Run the same command again: it makes each picture again and keeps equal ones."
        else:
            gone = state if state.parent.is_dir() else state.parent
            message = f"{gone} was moved or deleted during the run."
            hint = "Move it back or choose another --out, then run the same command again."
        raise OutputError(message, hint, "vanished")

    def close(self) -> None:
        """Mark inputs in progress as left, flush everything to the disk, and close the file."""
        if self._append is not None:
            # On a full disk these lines are lost; the next run repeats the inputs.
            with suppress(OSError, OutputError):
                # A copy of the values: write_left removes the entry.
                for key, locator in list(self._in_progress.values()):
                    self.write_left(key, locator)
                self._sync()
            close_held(self._append.fileno())
            self._append.close()
        if self._read is not None:
            self._read.close()

    def find(self, locator: str) -> Entry | None:
        """Return what the last line about an input says."""
        # A new journal is empty: no digest is needed.
        offset = self._offsets.get(digest_of(locator)) if self._offsets else None
        if offset is None or self._read is None:
            return None
        self._read.seek(offset)
        data = parse_line(self._read.readline())
        # Two locators may have the same digest.
        return entry_from(data) if data is not None and data["locator"] == locator else None

    def is_suspect(self, locator: str) -> bool:
        """Return whether a previous run crashed while reading this input in its main process."""
        return digest_of(locator) in self._suspects

    def write_begun(self, key: str, locator: str) -> None:
        """Write that this process is about to read an input.

        If reading crashes the process, this line tells the next run which input it was.
        """
        self._in_progress[digest_of(locator)] = key, locator
        self._append_line(marker_line(BEGUN, key, locator))

    def write_left(self, key: str, locator: str) -> None:
        """Write that an input is no longer being read, and has no outcome yet."""
        self._in_progress.pop(digest_of(locator), None)
        self._append_line(marker_line(LEFT, key, locator))

    def write(self, outcome: Outcome, chain: str) -> None:
        """Write the outcome of an input."""
        self._append_line(outcome_line(outcome, chain, self.stamp))
        if self._in_progress:
            self._in_progress.pop(digest_of(outcome.locator), None)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield the last line of every input as of when the journal was opened."""
        if self._read is not None:
            for offset in self._offsets.values():
                self._read.seek(offset)
                data = parse_line(self._read.readline())
                if data is not None:
                    yield data

    def _append_line(self, line: bytes) -> None:
        if self._append is None:
            raise ValueError("the journal is not open")
        try:
            written = self._append.write(line)
            # An unbuffered write may take only a part of the bytes.
            while written < len(line):
                written += self._append.write(line[written:])
        except OSError:
            # The next line would be appended to half of this one.
            with suppress(OSError):
                self._append.truncate(self._end)
                self._append.seek(self._end)
            raise
        self._end += len(line)
        if self.durable or time.monotonic() - self._synced > SECONDS_BETWEEN_SYNCS:
            self._sync()

    def _sync(self) -> None:
        if self._append is not None:
            # Flushing a deleted file succeeds, so its name is checked.
            self.check_exists()
            os.fsync(self._append.fileno())
            self._synced = time.monotonic()

    def _learn(self, offset: int, line: bytes) -> None:
        data = parse_line(line)
        if data is None:
            return
        source = digest_of(data["locator"])
        if data["status"] == BEGUN:
            self._suspects.add(source)
            return
        # Any later line about an input shows that the process survived reading it.
        self._suspects.discard(source)
        if data["status"] in OUTCOMES:
            self._offsets.set(source, offset)
            for output in data.get("outputs", ()):
                self.owners.set(folded_digest(output["path"]), source)
