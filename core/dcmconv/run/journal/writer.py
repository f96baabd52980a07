"""The journal: one line for every input that is done, appended by the main process alone.

``<out>/.dcmconv/journal.jsonl`` is never rewritten; the last line about an input holds.  A line
comes after its pictures, so that a run that was killed redoes at most what it had not written down.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from types import NoneType
from typing import Any, BinaryIO

from dcmconv.model.outcome import Converted, Failed, Outcome, OutputFile, Skipped
from dcmconv.run.journal.digests import DigestTable, digest_of, folded_digest
from dcmconv.run.output.state_dir import close_held, hold, open_state_file

__all__ = ["BEGUN", "LEFT", "Entry", "Journal", "read_journal", "whole_lines"]

BEGUN, LEFT = "begun", "left"
"""Lines that are no outcome: an input is about to be read in the main process; it was given up."""

SECONDS_BETWEEN_SYNCS = 1.0
LONGEST_PATH, LONGEST_SECONDS = 1 << 15, 1e9
_ENCODER = json.JSONEncoder(separators=(",", ":"))
_Types = Mapping[str, type | tuple[type, ...]]
_LINE: _Types = {
    **dict.fromkeys(("status", "input", "locator", "chain", "policy", "time", "dcmconv"), str),
    **dict.fromkeys(("reason", "message", "hint", "transfer_syntax", "decoder"), str),
    **dict.fromkeys(("size", "mtime_ns", "frame_number"), (int, NoneType)),
    "seconds": (int, float),
    "salvaged": bool,
    "notes": list,
    "outputs": list,
}
_PICTURE: _Types = {
    **dict.fromkeys(("path", "output", "sha256", "tone"), str),
    **dict.fromkeys(("frame_number", "size", "rows", "columns"), int),
    "salvaged": bool,
}
"""Of what another version, or a stranger, may have written otherwise."""
UNWRITTEN = frozenset({"attributes", "unchanged"})
_OUTCOMES: Mapping[str, type[Outcome]] = {
    kind.status: kind for kind in (Converted, Skipped, Failed)
}
_FIELDS: Mapping[type, frozenset[str]] = {
    kind: frozenset(item.name for item in fields(kind)) - UNWRITTEN
    for kind in (Converted, Skipped, Failed, OutputFile)
}


@dataclass(frozen=True)
class Entry:
    """What an earlier run wrote about an input; ``time`` is when, in seconds since 1970."""

    outcome: Outcome
    chain: str
    policy: str = "default"
    time: float = 0.0


@dataclass
class Journal:
    """An open journal: what is known from earlier runs, and where new lines go.

    Kept are two numbers for each input and for each picture, never the lines themselves; where
    there are many, on the disk.

    Parameters
    ----------
    path : Path
        The file.
    stamp : mapping
        What every line of this run carries beside its outcome, such as the version.
    durable : bool
        Have each line on the disk before the next thing is done.
    """

    path: Path
    stamp: Mapping[str, Any] = field(default_factory=dict)
    durable: bool = False
    owners: DigestTable = field(default_factory=DigestTable)
    """Digest of each picture's folded path → digest of the locator that it was made from."""
    _offsets: DigestTable = field(default_factory=DigestTable)
    _suspects: set[int] = field(default_factory=set)
    _in_hand: dict[int, tuple[str, str]] = field(default_factory=dict)
    _append: FileIO | None = None
    _read: BinaryIO | None = None
    _synced: float = 0.0
    _end: int = 0

    def open(self) -> Journal:
        """Read what is there, drop a torn last line, and make ready to append."""
        descriptor = hold(open_state_file(self.path, os.O_RDWR | os.O_CREAT))
        self._append = FileIO(descriptor, "r+", closefd=False)
        self._read = self.path.open("rb")
        end = 0
        for offset, line in whole_lines(self._read):
            end = offset + len(line)
            self._learn(offset, line)
        self._append.truncate(end)
        self._append.seek(end)
        self._end = end
        return self

    def close(self) -> None:
        """Say what was begun and given up, and write everything to the disk."""
        if self._append is not None:
            # What a full disk does not take any more is done again by the next run.
            with suppress(OSError):
                for key, locator in list(self._in_hand.values()):
                    self.write_left(key, locator)
                self._sync()
            close_held(self._append.fileno())
            self._append.close()
        if self._read is not None:
            self._read.close()

    def find(self, locator: str) -> Entry | None:
        """Return what the last line about an input says."""
        # Of a new journal nobody needs a digest.
        offset = self._offsets.get(digest_of(locator)) if self._offsets else None
        if offset is None or self._read is None:
            return None
        self._read.seek(offset)
        data = _parsed(self._read.readline())
        if data is None or data["locator"] != locator:
            return None
        try:
            policy = data.get("policy", "default")
            outcome, written = _outcome_from(data), _seconds(data.get("time"))
            return Entry(outcome, data.get("chain", ""), policy, written)
        except (KeyError, TypeError, ValueError):
            # Another version wrote it, with other fields: the work is done again.
            return None

    def is_suspect(self, locator: str) -> bool:
        """Say whether a run ended, without a word, while it read this input in its own process."""
        return digest_of(locator) in self._suspects

    def write_begun(self, key: str, locator: str) -> None:
        """Write down that an input is about to be read in this very process.

        A crash there ends the program; this line then says what it was reading.
        """
        self._in_hand[digest_of(locator)] = key, locator
        self._append_line({"status": BEGUN, "input": key, "locator": locator})

    def write_left(self, key: str, locator: str) -> None:
        """Write down that what was begun is no longer in hand, and has no outcome yet."""
        self._in_hand.pop(digest_of(locator), None)
        self._append_line({"status": LEFT, "input": key, "locator": locator})

    def write(self, outcome: Outcome, chain: str) -> None:
        """Write down what became of an input."""
        # Attributes stand in the tag table that asked for them, and nowhere else.
        data = {name: value for name, value in vars(outcome).items() if name not in UNWRITTEN}
        if isinstance(outcome, Converted):
            data["outputs"] = [vars(output) for output in outcome.outputs]
        data = {"status": outcome.status, **data, "chain": chain, **self.stamp}
        # Milliseconds: a picture that is younger than its line was touched by somebody else.
        self._append_line({**data, "time": datetime.now(UTC).isoformat(timespec="milliseconds")})
        if self._in_hand:
            self._in_hand.pop(digest_of(outcome.locator), None)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield the last line of every input as it stood when the journal was opened."""
        if self._read is not None:
            for offset in self._offsets.values():
                self._read.seek(offset)
                data = _parsed(self._read.readline())
                if data is not None:
                    yield data

    def _append_line(self, data: dict[str, Any]) -> None:
        if self._append is None:
            raise ValueError("the journal is not open")
        line = _ENCODER.encode(data).encode() + b"\n"
        rest = line
        try:
            while rest:
                rest = rest[self._append.write(rest) :]
        except OSError:
            # Half a line would swallow the next one.
            with suppress(OSError):
                self._append.truncate(self._end)
                self._append.seek(self._end)
            raise
        self._end += len(line)
        if self.durable or time.monotonic() - self._synced > SECONDS_BETWEEN_SYNCS:
            self._sync()

    def _sync(self) -> None:
        if self._append is not None:
            os.fsync(self._append.fileno())
            self._synced = time.monotonic()

    def _learn(self, offset: int, line: bytes) -> None:
        data = _parsed(line)
        if data is None:
            return
        source = digest_of(data["locator"])
        if data["status"] == BEGUN:
            self._suspects.add(source)
            return
        self._suspects.discard(source)
        if data["status"] in _OUTCOMES:
            self._offsets.set(source, offset)
            for output in data.get("outputs", ()):
                self.owners.set(folded_digest(output["path"]), source)


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Yield every whole line of a journal as data, oldest first; what is torn is left out."""
    with path.open("rb") as stream:
        for _, line in whole_lines(stream):
            data = _parsed(line)
            if data is not None:
                yield data


def whole_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that end where they should, each with its offset."""
    offset = 0
    for line in stream:
        if line.endswith(b"\n"):
            yield offset, line
        offset += len(line)


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return a line as data; None where a crash of the machine, or a stranger, left another."""
    try:
        data = json.loads(line)
        if not _is_sound(data, _LINE, ("locator", "status")):
            return None
        outputs, notes = data.get("outputs", ()), data.get("notes", ())
        is_whole = all(
            _is_sound(output, _PICTURE, ("path",)) and _is_path(output["path"])
            for output in outputs
        )
        is_whole = is_whole and abs(data.get("seconds", 0)) < LONGEST_SECONDS
        return data if is_whole and all(isinstance(note, str) for note in notes) else None
    except (ValueError, RecursionError):
        return None


def _is_path(text: str) -> bool:
    """Say whether a file may be called so."""
    try:
        name = os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return b"\0" not in name and len(name) <= LONGEST_PATH


def _is_sound(data: object, types: _Types, needed: Iterable[str]) -> bool:
    """Say whether data has what is needed, and everything in it the type that it should have."""
    return (
        isinstance(data, dict)
        and all(name in data for name in needed)
        and all(isinstance(data[name], kind) for name, kind in types.items() if name in data)
    )


def _outcome_from(data: dict[str, Any]) -> Outcome:
    kind = _OUTCOMES[data["status"]]
    values = {name: data[name] for name in _FIELDS[kind] if name in data}
    values["notes"] = tuple(values.get("notes", ()))
    if kind is Converted:
        known = _FIELDS[OutputFile]
        values["outputs"] = tuple(
            OutputFile(**{name: output[name] for name in known if name in output})
            for output in data["outputs"]
        )
    return kind(**values)


def _seconds(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp() if text else 0.0
