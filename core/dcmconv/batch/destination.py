"""Where a run's pictures go: an output folder with its journal, or one named file."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from dcmconv.batch.journal import Journal
from dcmconv.batch.lock import Lock
from dcmconv.batch.naming import STATE_FOLDER
from dcmconv.batch.records import PART_PREFIX
from dcmconv.chain.plan import Plan
from dcmconv.errors import OutputError, UsageError
from dcmconv.kinds import Writer
from dcmconv.outcome import Summary

__all__ = ["Destination", "close_run", "open_destination", "read_run", "single_file"]

PICTURE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".jp2", ".avif"}
)


@dataclass(frozen=True)
class Destination:
    """An open destination.

    Parameters
    ----------
    folder : Path
        What the names of outputs are relative to.
    parts : Path
        Where unfinished files are: the same file system, so that publishing is one rename.
    journal : Journal, optional
        None for one named file, which leaves nothing beside it.
    file_name : str
        The one file's name; empty for a folder.
    """

    folder: Path
    parts: Path
    journal: Journal | None = None
    file_name: str = ""

    def sweep(self, label: str) -> None:
        """Remove unfinished files, all those of a label."""
        for path in self.parts.glob(f"{PART_PREFIX}{label}*.part"):
            path.unlink(missing_ok=True)


def single_file(out: Path, plan: Plan) -> bool:
    """Say whether ``out`` names one picture rather than a folder.

    Raises
    ------
    UsageError
        If it looks like a picture that this plan does not make.
    """
    suffix = out.suffix.lower()
    if suffix not in PICTURE_SUFFIXES or out.is_dir():
        return False
    lanes = {lane.id: lane for lane in plan.lanes}
    for rule in plan.rules:
        lanes.update((lane.id, lane) for lane in rule.lanes)
    if len(lanes) > 1:
        raise UsageError(
            f"{out} names one file, but the chain has {len(lanes)} outputs.",
            hint="Name a folder: -o pictures/",
        )
    made = {cast("Writer", lane.writer.load()).suffix.lower() for lane in lanes.values()}
    if _plain(suffix) not in map(_plain, made):
        raise UsageError(
            f"{out} ends in {suffix}, but the writer makes {' and '.join(sorted(made))}.",
            hint=f"Name the writer: --writer {_plain(suffix).lstrip('.')}",
        )
    return True


@contextmanager
def open_destination(out: Path, plan: Plan, argv: Sequence[str]) -> Iterator[Destination]:
    """Make the output folder ready, lock it, and tidy up whatever happens.

    Raises
    ------
    OutputError
        If the folder cannot be made or written, or another run works in it.
    UsageError
        If ``out`` names a file that the plan cannot make.
    """
    one_file = single_file(out, plan)
    with ExitStack() as stack:
        try:
            opened = _open_file(out) if one_file else _open_folder(out, stack)
        except OSError as error:
            raise OutputError(
                f"{out} cannot be written: {error.strerror} ({error.filename}).",
                hint="Choose another folder with --out.",
            ) from error
        stack.callback(opened.sweep, f"{os.getpid()}-")
        if opened.journal is not None:
            _write_run(out / STATE_FOLDER / "run.json", _about(plan, argv))
        yield opened


def close_run(destination: Destination, summary: Summary) -> None:
    """Write down how the run ended."""
    if destination.journal is None:
        return
    path = destination.folder / STATE_FOLDER / "run.json"
    about = read_run(destination.folder) or {}
    # A full disk has ended the run already, and is told in its own words.
    with suppress(OSError):
        _write_run(path, {**about, "ended": _now(), "summary": vars(summary)})


def read_run(out: Path) -> dict[str, Any] | None:
    """Return what ``run.json`` says of the last run in a folder; None where there was none."""
    try:
        data = json.loads((out / STATE_FOLDER / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _open_file(out: Path) -> Destination:
    out.parent.mkdir(parents=True, exist_ok=True)
    return Destination(out.parent, out.parent, file_name=out.name)


def _open_folder(out: Path, stack: ExitStack) -> Destination:
    state = out / STATE_FOLDER
    parts = state / "parts"
    out.mkdir(parents=True, exist_ok=True)
    state.mkdir(mode=0o700, exist_ok=True)
    parts.mkdir(mode=0o700, exist_ok=True)
    lock = Lock(state / "lock")
    lock.acquire()
    stack.callback(lock.release)
    journal = Journal(state / "journal.jsonl").open()
    stack.callback(journal.close)
    opened = Destination(out, parts, journal)
    opened.sweep("")
    return opened


def _about(plan: Plan, argv: Sequence[str]) -> dict[str, Any]:
    from dcmconv import __version__

    return {
        "chain": plan.digest,
        "outputs": [lane.as_data() for lane in plan.lanes],
        "dcmconv": __version__,
        "python": platform.python_version(),
        "arguments": list(argv),
        "started": _now(),
    }


def _write_run(path: Path, data: dict[str, Any]) -> None:
    unfinished = path.with_suffix(".part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(data, stream, indent=1, default=str)
    unfinished.replace(path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _plain(suffix: str) -> str:
    return {".jpeg": ".jpg", ".tiff": ".tif"}.get(suffix, suffix)
