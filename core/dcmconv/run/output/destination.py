"""Where a run's pictures go: an output folder with its journal, or one named file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from dcmconv.chain.plan import Plan
from dcmconv.errors import OutputError, UsageError
from dcmconv.model.components import Writer
from dcmconv.run.journal.chain_change import ChainChange, find_change
from dcmconv.run.journal.run_record import RunRecord, read_run
from dcmconv.run.journal.writer import Journal
from dcmconv.run.messages import PART_PREFIX
from dcmconv.run.output.leftovers import (
    UnjournaledPictures,
    remove_dead_parts,
    remove_unfinished_parts,
)
from dcmconv.run.output.lock import Lock
from dcmconv.run.output.naming import STATE_FOLDER
from dcmconv.run.output.os_errors import output_error
from dcmconv.run.output.state_dir import check_state_folder

__all__ = ["Destination", "open_destination", "single_file"]

_ANOTHER = "Choose another folder with --out."

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
    record : RunRecord, optional
        The run's own record; None for one named file.
    change : ChainChange, optional
        What is different from the last run in the folder, if pictures are touched by that.
    was_empty : bool
        The folder is new, or nothing stood in it.
    """

    folder: Path
    parts: Path
    journal: Journal | None = None
    file_name: str = ""
    record: RunRecord | None = None
    change: ChainChange | None = None
    was_empty: bool = False
    unjournaled: UnjournaledPictures = field(default_factory=UnjournaledPictures)

    @property
    def traceback_log(self) -> Path | None:
        """Where tracebacks go that were asked for; None for one named file."""
        return self.folder / STATE_FOLDER / "tracebacks.log" if self.journal is not None else None

    def remove_parts(self, label: str) -> None:
        """Remove unfinished files, all those of a label."""
        # What cannot be removed now is removed when the next run begins.
        with suppress(OSError):
            for path in self.parts.glob(f"{PART_PREFIX}{label}*.part"):
                # One with a second name is a picture that has no line yet.
                if self.journal is None or path.lstat().st_nlink == 1:
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
    lanes = {lane.id: lane for lane in plan.all_lanes}
    if len(lanes) > 1:
        raise UsageError(
            f"{out} names one file, but the chain has {len(lanes)} outputs.",
            hint="Name a folder: -o pictures/",
        )
    made = {cast("Writer", lane.writer.load()).suffix.lower() for lane in lanes.values()}
    if _plain(suffix) not in map(_plain, made):
        raise UsageError(
            f"{out} ends in {suffix}, but the writer makes {' and '.join(sorted(made))}.",
            hint=f"Name it {out.with_suffix(min(made))}, or choose another writer; "
            "see: dcmconv plugins list",
        )
    return True


@contextmanager
def open_destination(out: Path, plan: Plan, about: RunRecord) -> Iterator[Destination]:
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
        if not one_file:
            _check_folder(out)
        try:
            opened = _open_file(out) if one_file else _open_folder(out, plan, about, stack)
        except OSError as error:
            raise _cannot_open(out, error) from error
        stack.callback(opened.remove_parts, f"{os.getpid()}-")
        yield opened


def _check_folder(out: Path) -> None:
    """See that no file stands where the folder, or one above it, is to be."""
    for place in (out, *out.parents):
        if place.is_dir():
            return
        if os.path.lexists(place):
            what = "a file" if place.exists() else "a link that leads nowhere"
            raise UsageError(
                f"{place} is {what}, and the pictures need a folder.",
                hint="Name another output folder, or move what stands there.",
            )


def _cannot_open(out: Path, error: OSError) -> OutputError:
    named = error.filename if isinstance(error.filename, str) else ""
    if error.errno == errno.ENOENT:
        message = f"{named or out} cannot be made: the system lets nobody make a folder there."
        return OutputError(message, _ANOTHER, "output")
    what = str(out) if named in ("", str(out)) else f"{out} ({named})"
    explained = output_error(what, error)
    return OutputError(explained.message, _ANOTHER, explained.reason)


def _open_file(out: Path) -> Destination:
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    remove_dead_parts(out.parent)
    return Destination(out.parent, out.parent, file_name=out.name)


def _open_folder(out: Path, plan: Plan, about: RunRecord, stack: ExitStack) -> Destination:
    out = out.absolute()  # a plugin may go to another folder
    state = out / STATE_FOLDER
    parts = state / "parts"
    out.mkdir(parents=True, exist_ok=True)
    with os.scandir(out) as entries:
        was_empty = next(entries, None) is None
    for folder in (state, parts):
        folder.mkdir(mode=0o700, exist_ok=True)
        check_state_folder(folder)
    lock = Lock(state / "lock")
    lock.acquire()
    stack.callback(lock.release)
    before = read_run(out)
    about.number = int((before or {}).get("number", 0)) + 1
    about.tables = dict((before or {}).get("tables", {}))
    journal = Journal(state / "journal.jsonl", about.stamp, durable=plan.run.durable).open()
    stack.callback(journal.close)
    change = find_change(before, plan, journal)
    opened = Destination(
        out,
        parts,
        journal,
        record=about,
        change=change,
        was_empty=was_empty,
        unjournaled=remove_unfinished_parts(parts),
    )
    about.write(out)
    return opened


def _plain(suffix: str) -> str:
    return {".jpeg": ".jpg", ".tiff": ".tif"}.get(suffix, suffix)
