"""Read the journal of a finished run: its lines, statistics, damaged pictures and orphans."""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Any, NamedTuple

from dcmconv.errors import UsageError
from dcmconv.model.records import record
from dcmconv.run.journal.digests import digest_of, folded_digest
from dcmconv.run.journal.line import BEGUN, LEFT, output_file, read_journal
from dcmconv.run.output.naming import STATE_FOLDER
from dcmconv.run.output.verify import PictureState, picture_state
from dcmconv.run.progress import NoteCounts

__all__ = [
    "CheckedPicture",
    "Orphan",
    "Stats",
    "check_pictures",
    "journal_path",
    "last_lines",
    "orphans",
    "read_stats",
]

_BEGUN_OR_LEFT = frozenset({BEGUN, LEFT})
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")


def journal_path(out: Path) -> Path:
    """Return the journal of an output folder.

    Raises
    ------
    UsageError
        If there is none, or it may not be read.
    """
    path = out / STATE_FOLDER / "journal.jsonl"
    try:
        is_there = path.is_file()
        if is_there:
            # is_file() does not tell whether it may be read.
            path.open("rb").close()
    except PermissionError as error:
        raise UsageError(
            f"The journal of {out} can be read only by its owner, because it names the inputs.",
            hint="Run this command as the user who ran dcmconv there.",
        ) from error
    if not is_there:
        raise UsageError(
            f"{out} has no journal.", hint="Name the output folder of a run, such as dcmconv-out."
        )
    return path


def last_lines(out: Path) -> Iterator[dict[str, Any]]:
    """Yield the last line about each input, oldest first; keeps two numbers per input in memory."""
    path = journal_path(out)
    last = {
        digest_of(line["locator"]): number
        for number, line in enumerate(read_journal(path))
        if line["status"] not in _BEGUN_OR_LEFT
    }
    wanted = set(last.values())
    for number, line in enumerate(read_journal(path)):
        if number in wanted:
            yield line


@record
class Stats:
    """The statistics of a journal; ``tones`` has # for each number, to count equal kinds."""

    status: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    tones: Counter[str] = field(default_factory=Counter)
    decoders: Counter[str] = field(default_factory=Counter)
    notes: NoteCounts = field(default_factory=NoteCounts)
    pictures: int = 0
    picture_bytes: int = 0
    salvaged: int = 0
    seconds: list[float] = field(default_factory=list)
    first: str = ""
    last: str = ""


def read_stats(out: Path) -> Stats:
    """Count the last lines of a journal; ``seconds`` are sorted."""
    counted = Stats()
    for line in last_lines(out):
        counted.status[line["status"]] += 1
        if line["status"] != "converted":
            counted.reasons[line["status"], line.get("reason", "")] += 1
        outputs = line.get("outputs", ())
        counted.pictures += len(outputs)
        counted.picture_bytes += sum(output.get("size", 0) for output in outputs)
        # A set: each tone counts once for an input, however many pictures have it.
        counted.tones.update({_NUMBER.sub("#", output.get("tone") or "none") for output in outputs})
        counted.decoders.update([line["decoder"]] if line.get("decoder") else [])
        counted.notes.add(line.get("input", line["locator"]), line.get("notes", ()))
        counted.salvaged += bool(line.get("salvaged"))
        counted.seconds.append(float(line.get("seconds", 0.0)))
        time = str(line.get("time", ""))
        # ISO 8601 in UTC: the order of the texts is that of the times.
        counted.first = min(filter(None, (counted.first, time)), default="")
        counted.last = max(counted.last, time)
    counted.seconds.sort()
    return counted


@record(frozen=True)
class CheckedPicture:
    """A checked picture: the state of its file, and the journal line it belongs to."""

    path: str
    line: dict[str, Any]
    state: PictureState


def check_pictures(out: Path, *, share: float = 1.0) -> Iterator[CheckedPicture]:
    """Hash the pictures in the journal, or a random share of them."""
    for line in last_lines(out):
        for data in line.get("outputs", ()):
            if share < 1.0 and random.random() >= share:  # noqa: S311 - a sample, not a secret
                continue
            output = output_file(data, lenient=True)
            yield CheckedPicture(
                output.path, line, picture_state(out, output, written=float("-inf"))
            )


class Orphan(NamedTuple):
    """A picture of an earlier run that belongs to no input now."""

    path: str
    input: str
    input_is_gone: bool


def orphans(out: Path) -> Iterator[Orphan]:
    """Yield pictures of earlier runs that exist but belong to no input now."""
    gone = {digest_of(line["locator"]) for line in last_lines(out) if _is_gone(line["locator"])}
    current = {
        folded_digest(output["path"])
        for line in last_lines(out)
        if digest_of(line["locator"]) not in gone
        for output in line.get("outputs", ())
    }
    seen: set[int] = set()
    for line in read_journal(journal_path(out)):
        for output in line.get("outputs", ()):
            digest = folded_digest(output["path"])
            if digest in current or digest in seen:
                continue
            seen.add(digest)
            if (out / output["path"]).is_file():
                is_gone = digest_of(line["locator"]) in gone
                yield Orphan(output["path"], line["input"], is_gone)


_SEPARATOR = re.compile(r"[^\w.]")


def _is_gone(locator: str) -> bool:
    """Return whether a locator is the absolute path of a file that no longer exists.

    A locator may also name something within a file, such as ``/scans/all.zip!CT/1.dcm``; that it is
    gone is certain only if no part of it up to a separator is a file.
    """
    if not Path(locator).is_absolute():
        return False
    try:
        os.lstat(locator)
    except (FileNotFoundError, NotADirectoryError):
        within = (Path(locator[: match.start()]) for match in _SEPARATOR.finditer(locator))
        return not any(path.is_file() for path in within)
    except (OSError, ValueError):  # not readable, or no path at all
        return False
    return False
