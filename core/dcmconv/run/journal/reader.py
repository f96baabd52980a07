"""Reading a journal when the run is over: what holds, in numbers, and whether it is still true."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dcmconv.errors import UsageError
from dcmconv.run.journal.digests import digest_of, folded_digest
from dcmconv.run.journal.line import BEGUN, LEFT, output_file, read_journal
from dcmconv.run.output.naming import STATE_FOLDER
from dcmconv.run.output.verify import PictureState, picture_state

__all__ = ["Checked", "Stats", "check_pictures", "journal_path", "last_lines", "orphans", "stats"]

_BEGUN_OR_LEFT = frozenset({BEGUN, LEFT})
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")


def journal_path(out: Path) -> Path:
    """Return the journal of an output folder.

    Raises
    ------
    UsageError
        If there is none, or it is not for everybody's eyes.
    """
    path = out / STATE_FOLDER / "journal.jsonl"
    try:
        is_there = path.is_file()
        if is_there:
            path.open("rb").close()
    except PermissionError as error:
        raise UsageError(
            f"The journal of {out} may be read by its owner alone; it names the inputs.",
            hint="Ask whoever ran dcmconv there, or do it as they.",
        ) from error
    if not is_there:
        raise UsageError(
            f"{out} holds no journal.", hint="Name the output folder of a run, such as dcmconv-out."
        )
    return path


def last_lines(out: Path) -> Iterator[dict[str, Any]]:
    """Yield the line that holds for each input, oldest first; two numbers an input are kept."""
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


@dataclass
class Stats:
    """A journal in numbers; those in contrasts are left out, so that like counts with like."""

    status: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    tones: Counter[str] = field(default_factory=Counter)
    decoders: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    pictures: int = 0
    picture_bytes: int = 0
    salvaged: int = 0
    seconds: list[float] = field(default_factory=list)
    first: str = ""
    last: str = ""


def stats(out: Path) -> Stats:
    """Count what holds in a journal; times are those of one worker, sorted."""
    found = Stats()
    for line in last_lines(out):
        found.status[line["status"]] += 1
        if line["status"] != "converted":
            found.reasons[line["status"], line.get("reason", "")] += 1
        outputs = line.get("outputs", ())
        found.pictures += len(outputs)
        found.picture_bytes += sum(output.get("size", 0) for output in outputs)
        found.tones.update({_NUMBER.sub("#", output.get("tone") or "none") for output in outputs})
        found.decoders.update([line["decoder"]] if line.get("decoder") else [])
        found.notes.update(line.get("notes", ()))
        found.salvaged += bool(line.get("salvaged"))
        found.seconds.append(float(line.get("seconds", 0.0)))
        time = str(line.get("time", ""))
        found.first = min(filter(None, (found.first, time)), default="")
        found.last = max(found.last, time)
    found.seconds.sort()
    return found


@dataclass(frozen=True)
class Checked:
    """A picture that was looked at: ``state`` is that of the file, ``line`` that of the journal."""

    path: str
    line: dict[str, Any]
    state: PictureState


def check_pictures(out: Path, *, share: float = 1.0) -> Iterator[Checked]:
    """Hash the pictures that the journal claims, or a share of them that is drawn by lot."""
    for line in last_lines(out):
        for data in line.get("outputs", ()):
            if share < 1.0 and random.random() >= share:  # noqa: S311 - a sample, not a secret
                continue
            output = output_file(data, lenient=True)
            yield Checked(output.path, line, picture_state(out, output, written=float("-inf")))


def orphans(out: Path) -> Iterator[tuple[str, str]]:
    """Yield pictures of earlier runs that still stand and no input has now, each with its input."""
    current = {
        folded_digest(output["path"])
        for line in last_lines(out)
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
                yield output["path"], line["input"]
