"""Where a run's pictures go: an output folder with its journal, or one named file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmconv.chain.plan import Plan
from dcmconv.errors import OutputError, UsageError
from dcmconv.model.records import record
from dcmconv.run.journal.run_record import RunRecord, read_run
from dcmconv.run.journal.writer import Journal
from dcmconv.run.messages import PART_PREFIX
from dcmconv.run.output.lock import Lock
from dcmconv.run.output.naming import STATE_FOLDER
from dcmconv.run.output.os_errors import output_error
from dcmconv.run.output.out_path import names_a_file
from dcmconv.run.output.state_dir import (
    UnjournaledPictures,
    check_state_folder,
    remove_dead_parts,
    remove_unfinished_parts,
)

if TYPE_CHECKING:
    from dcmconv.run.journal.chain_change import ChainChange

__all__ = ["Destination", "open_destination"]

_ANOTHER_FOLDER = "Choose another folder with --out."


@record(frozen=True)
class Destination:
    """An open destination.

    Parameters
    ----------
    folder : Path
        What the paths of outputs are relative to.
    parts : Path
        The folder for unfinished files: on the same file system, so that publishing is a hard link.
    journal : Journal, optional
        None for one named file, which gets no ``.dcmconv`` folder.
    file_name : str
        The name of the one file; empty for a folder.
    record : RunRecord, optional
        The run's ``run.json``; None for one named file.
    before : mapping, optional
        ``run.json`` of the last run.
    change : ChainChange, optional
        How the chain differs from that of the last run, if that affects any picture.
    was_empty : bool
        The folder is new, or was empty when the run began.
    unjournaled : UnjournaledPictures
        Pictures of a killed run that have no journal line yet.
    """

    folder: Path
    parts: Path
    journal: Journal | None = None
    file_name: str = ""
    record: RunRecord | None = None
    before: Mapping[str, Any] | None = None
    change: ChainChange | None = None
    was_empty: bool = False
    unjournaled: UnjournaledPictures = field(default_factory=UnjournaledPictures)

    @property
    def traceback_log(self) -> Path | None:
        """The file for tracebacks, if they were asked for; None for one named file."""
        return self.folder / STATE_FOLDER / "tracebacks.log" if self.journal is not None else None

    def remove_parts(self, label: str) -> None:
        """Remove all unfinished files whose names start with a label."""
        # What cannot be removed now is removed when the next run begins.
        with suppress(OSError):
            for path in self.parts.glob(f"{PART_PREFIX}{label}*.part"):
                # A part with a second link is a published picture that has no journal line yet.
                if self.journal is None or path.lstat().st_nlink == 1:
                    path.unlink(missing_ok=True)


@contextmanager
def open_destination(
    out: Path, plan: Plan, about: RunRecord, *, is_folder: bool = False
) -> Iterator[Destination]:
    """Create and lock the output folder; close it and remove unfinished files at the end.

    ``is_folder`` says that ``out`` is a folder even if it has the suffix of a picture.

    Raises
    ------
    OutputError
        If the folder cannot be created or written, or another run uses it.
    UsageError
        If ``out`` names a file that the plan cannot make.
    """
    one_file = not is_folder and names_a_file(out, plan)
    with ExitStack() as stack:
        if not one_file:
            _check_folder(out)
        try:
            opened = _open_file(out) if one_file else _open_folder(out, plan, about, stack)
        except OSError as error:
            raise _cannot_open(out, error) from error
        # Labels begin with the process id, so only parts of this run are removed.
        stack.callback(opened.remove_parts, f"{os.getpid()}-")
        yield opened


def _check_folder(out: Path) -> None:
    """Check that neither the folder nor a parent of it is a file."""
    # The nearest one that exists decides: everything below it can be made.
    for path in (out, *out.parents):
        if path.is_dir():
            return
        if os.path.lexists(path):
            what = "a file" if path.exists() else "a broken link"
            raise UsageError(
                f"{path} is {what}; the pictures need a folder.",
                hint="Choose another output folder, or move that file.",
            )


def _cannot_open(out: Path, error: OSError) -> OutputError:
    named = error.filename if isinstance(error.filename, str) else ""
    if error.errno == errno.ENOENT:
        # As in /proc, where mkdir reports that the folder does not exist.
        message = f"{named or out} cannot be created: the system allows no folder there."
        return OutputError(message, _ANOTHER_FOLDER, "output")
    subject = str(out) if named in ("", str(out)) else f"{out} ({named})"
    described = output_error(subject, error)
    return OutputError(described.message, _ANOTHER_FOLDER, described.reason)


def _open_file(out: Path) -> Destination:
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    remove_dead_parts(out.parent)
    return Destination(out.parent, out.parent, file_name=out.name)


def _open_folder(out: Path, plan: Plan, about: RunRecord, stack: ExitStack) -> Destination:
    out = out.absolute()  # a plugin may change the current folder
    state = out / STATE_FOLDER
    parts = state / "parts"
    out.mkdir(parents=True, exist_ok=True)
    # Before .dcmconv is made, which would count as content.
    with os.scandir(out) as entries:
        was_empty = next(entries, None) is None
    for folder in (state, parts):
        # Private: the journal names the inputs.
        folder.mkdir(mode=0o700, exist_ok=True)
        check_state_folder(folder)
    lock = Lock(state / "lock")
    lock.acquire()
    stack.callback(lock.release)
    # Under the lock: until now, another run may have been writing run.json.
    before = read_run(out)
    about.number = int((before or {}).get("number", 0)) + 1
    about.tables = dict((before or {}).get("tables", {}))
    journal = Journal(state / "journal.jsonl", about.stamp, durable=plan.run.durable).open()
    # Called before lock.release: an ExitStack goes backwards.
    stack.callback(journal.close)
    return Destination(
        out,
        parts,
        journal,
        record=about,
        before=before,
        change=_compare(before, about, plan, journal) if before is not None else None,
        was_empty=was_empty,
        unjournaled=remove_unfinished_parts(parts),
    )


def _compare(
    before: Mapping[str, Any], about: RunRecord, plan: Plan, journal: Journal
) -> ChainChange | None:
    """Return how the chain differs from that of the last run; note what a run may replace."""
    # Not at the top: the first run in a folder does not need it.
    from dcmconv.run.journal.chain_change import find_change, is_another_chain

    about.has_others = bool(before.get("has_others")) or is_another_chain(before, plan)
    # A run that was stopped halfway is finished without another question.
    about.agreed = str(before.get("agreed", "")) if before.get("chain") == plan.digest else ""
    return find_change(before, plan, journal)
