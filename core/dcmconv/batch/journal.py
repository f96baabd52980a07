"""The journal: one line for every input that is done, appended by the main process alone.

``<out>/.dcmconv/journal.jsonl`` is never rewritten; the last line about an input holds.  A line
comes after its pictures, so that a run that was killed redoes at most what it had not written down.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO

from dcmconv.batch.digests import digest_of, folded_digest
from dcmconv.outcome import Converted, Outcome, OutputFile

__all__ = ["Entry", "Journal", "read_journal"]

SECONDS_BETWEEN_SYNCS = 1.0
UNWRITTEN = frozenset({"attributes", "unchanged"})


@dataclass(frozen=True)
class Entry:
    """What an earlier run wrote about an input that it converted."""

    outcome: Converted
    chain: str


@dataclass
class Journal:
    """An open journal: what is known from earlier runs, and where new lines go.

    Memory holds two numbers for each input and for each picture, never the lines themselves.
    """

    path: Path
    owners: dict[int, int] = field(default_factory=dict)
    """Digest of each picture's folded path → digest of the locator that it was made from."""
    _offsets: dict[int, int] = field(default_factory=dict)
    _append: FileIO | None = None
    _read: BinaryIO | None = None
    _synced: float = 0.0

    def open(self) -> Journal:
        """Read what is there, drop a torn last line, and make ready to append."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        self._append = FileIO(descriptor, "r+")
        self._read = self.path.open("rb")
        end = 0
        for offset, line in _whole_lines(self._read):
            end = offset + len(line)
            self._learn(offset, line)
        self._append.truncate(end)
        self._append.seek(end)
        return self

    def close(self) -> None:
        """Write everything to the disk."""
        if self._append is not None:
            # What a full disk does not take any more is done again by the next run.
            with suppress(OSError):
                self._sync()
            self._append.close()
        if self._read is not None:
            self._read.close()

    def find(self, locator: str) -> Entry | None:
        """Return what the last line about an input says, if it was converted."""
        offset = self._offsets.get(digest_of(locator))
        if offset is None or self._read is None:
            return None
        self._read.seek(offset)
        data = json.loads(self._read.readline())
        if data["locator"] != locator:
            return None
        return Entry(_converted_from(data), data.get("chain", ""))

    def begun(self, key: str, locator: str) -> None:
        """Write down that an input is about to be read in this very process.

        A crash there ends the program; this line then says what it was reading.
        """
        self._write({"status": "begun", "input": key, "locator": locator})

    def record(self, outcome: Outcome, chain: str) -> None:
        """Write down what became of an input."""
        # Attributes stand in the tag table that asked for them, and nowhere else.
        data = {name: value for name, value in vars(outcome).items() if name not in UNWRITTEN}
        if isinstance(outcome, Converted):
            data["outputs"] = [vars(output) for output in outcome.outputs]
        data = {"status": outcome.status, **data, "chain": chain}
        self._write({**data, "time": datetime.now(UTC).isoformat(timespec="seconds")})

    def _write(self, data: dict[str, Any]) -> None:
        if self._append is None:
            raise ValueError("the journal is not open")
        rest = json.dumps(data, separators=(",", ":")).encode() + b"\n"
        while rest:
            rest = rest[self._append.write(rest) :]
        if time.monotonic() - self._synced > SECONDS_BETWEEN_SYNCS:
            self._sync()

    def _sync(self) -> None:
        if self._append is not None:
            os.fsync(self._append.fileno())
            self._synced = time.monotonic()

    def _learn(self, offset: int, line: bytes) -> None:
        data = _parsed(line)
        if data is None or data["status"] == "begun":
            return
        source = digest_of(data["locator"])
        self._offsets.pop(source, None)
        if data["status"] == Converted.status:
            self._offsets[source] = offset
            for output in data["outputs"]:
                self.owners[folded_digest(output["path"])] = source


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Yield every whole line of a journal as data, oldest first; what is torn is left out."""
    with path.open("rb") as stream:
        for _, line in _whole_lines(stream):
            data = _parsed(line)
            if data is not None:
                yield data


def _whole_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    offset = 0
    for line in stream:
        if line.endswith(b"\n"):
            yield offset, line
        offset += len(line)


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return a line as data; None where a crash of the machine left something else."""
    try:
        data = json.loads(line)
        outputs = data.get("outputs", ())
        complete = isinstance(data["locator"], str) and isinstance(data["status"], str)
        return data if complete and all("path" in output for output in outputs) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _converted_from(data: dict[str, Any]) -> Converted:
    return Converted(
        input=data["input"],
        locator=data["locator"],
        size=data["size"],
        mtime_ns=data["mtime_ns"],
        notes=tuple(data["notes"]),
        outputs=tuple(OutputFile(**output) for output in data["outputs"]),
        transfer_syntax=data["transfer_syntax"],
        decoder=data["decoder"],
    )
