"""Publishing: from finished parts to files under their names, never over a stranger's file.

Only the main process publishes, in the order of the walk; so one worker and fifty give the same
names.
"""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from dcmconv.batch.destination import Destination
from dcmconv.batch.digests import digest_of, folded_digest, hex_of
from dcmconv.batch.records import Part, Report
from dcmconv.chain.plan import RunOptions
from dcmconv.errors import OutputError, UsageError
from dcmconv.outcome import Converted, Failed, Outcome, OutputFile, Skipped

__all__ = ["Publisher"]

ENDS_THE_RUN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_BLOCK = 1 << 20


class _TakenError(Exception):
    """A name cannot be had; args are reason, message, hint, and whether that is a failure."""


@dataclass(frozen=True)
class _Placed:
    """A part and the name that it gets; ``how`` is ``new``, ``replace`` or ``adopt``."""

    part: Part
    output: OutputFile
    how: str


@dataclass
class Publisher:
    """Gives every picture its name, by the claims of this run and of the folder's journal."""

    destination: Destination
    options: RunOptions
    owners: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.destination.journal is not None:
            self.owners = self.destination.journal.owners

    def publish(self, report: Report) -> Outcome:
        """Move the parts to their names and return the outcome with its outputs.

        Raises
        ------
        OutputError
            If the destination is full or read-only: the run cannot go on.
        UsageError
            If one file was named, and there are several pictures.
        """
        outcome = report.outcome
        if not isinstance(outcome, Converted) or not report.parts:
            return outcome
        try:
            placed = self._placed(outcome, report.parts)
            self._move(placed)
        except _TakenError as taken:
            reason, message, hint, failed = taken.args
            return _instead(outcome, reason, message, hint, failed=failed)
        finally:
            for part in report.parts:
                Path(part.path).unlink(missing_ok=True)
        owner = digest_of(outcome.locator)
        self.owners.update((folded_digest(item.output.path), owner) for item in placed)
        return replace(outcome, outputs=tuple(item.output for item in placed))

    def _placed(self, outcome: Converted, parts: tuple[Part, ...]) -> list[_Placed]:
        if self.destination.file_name:
            return [self._named_file(outcome, parts)]
        owner, mine = digest_of(outcome.locator), set[int]()
        placed = []
        for part in parts:
            output = self._claimed(outcome, part, owner, mine)
            mine.add(folded_digest(output.path))
            placed.append(_Placed(part, output, self._how(output, owner)))
        return placed

    def _claimed(self, outcome: Converted, part: Part, owner: int, mine: set[int]) -> OutputFile:
        """Return the output under a name that no other input, and no other picture of this, has."""
        for path in (part.output.path, _suffixed(part, outcome.locator)):
            digest = folded_digest(path)
            if digest not in mine and self.owners.get(digest, owner) == owner:
                return replace(part.output, path=path)
            if self.options.on_collision != "suffix":
                break
        raise _TakenError(
            "collision",
            f"Another input has the name {part.output.path} already.",
            "Use --on-collision suffix, or a --name that tells them apart.",
            self.options.on_collision != "skip",
        )

    def _how(self, output: OutputFile, owner: int) -> str:
        target = self.destination.folder / output.path
        if not os.path.lexists(target):
            return "new"
        claimed = self.owners.get(folded_digest(output.path)) == owner
        if self.options.on_existing in ("resume", "replace"):
            if claimed:
                return "replace"
            # A run that was killed between a picture and its line in the journal left this behind.
            if _is_same(target, output):
                return "adopt"
        raise _exists(output.path, self.options.on_existing, "Choose another --out, or move it.")

    def _named_file(self, outcome: Converted, parts: tuple[Part, ...]) -> _Placed:
        name = self.destination.file_name
        if len(parts) > 1:
            raise UsageError(
                f"{name} names one file, but {outcome.input} gives {len(parts)} pictures.",
                hint="Name a folder, or one frame: --frames 1",
            )
        output = replace(parts[0].output, path=name)
        if not os.path.lexists(self.destination.folder / name):
            return _Placed(parts[0], output, "new")
        if self.options.on_existing == "replace":
            return _Placed(parts[0], output, "replace")
        if self.options.on_existing == "resume" and _is_same(
            self.destination.folder / name, output
        ):
            return _Placed(parts[0], output, "adopt")
        raise _exists(name, self.options.on_existing, "Replace it: --on-existing replace")

    def _move(self, placed: list[_Placed]) -> None:
        made: list[Path] = []
        try:
            for item in placed:
                target = self.destination.folder / item.output.path
                if item.how == "replace":
                    os.replace(item.part.path, target)  # noqa: PTH105 - parts are strings
                elif item.how == "new":
                    _move_new(item.part.path, target)
                    made.append(target)
        except OSError as error:
            # All pictures of an input or none: what was moved a moment ago goes again.
            for path in made:
                path.unlink(missing_ok=True)
            raise _refused(item.output.path, error) from error


def _move_new(part: str, target: Path) -> None:
    """Move a file to a name that nothing has; unlike a rename, a link never replaces."""
    for attempt in (1, 2):
        try:
            os.link(part, target)
            return
        except FileNotFoundError:
            if attempt == 2:
                raise
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            # File systems without links (FAT, some network shares) and folders on another one.
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EXDEV):
                raise
            _copy_new(part, target)
            return


def _copy_new(part: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    near = target.with_name(Path(part).name)
    try:
        with Path(part).open("rb") as source, near.open("wb") as copy:
            while block := source.read(_BLOCK):
                copy.write(block)
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "it is there already", str(target))
        near.rename(target)
    finally:
        near.unlink(missing_ok=True)


def _suffixed(part: Part, locator: str) -> str:
    folder, slash, name = part.output.path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    return f"{folder}{slash}{stem}-{hex_of(locator)}{dot}{ending}"


def _is_same(path: Path, output: OutputFile) -> bool:
    try:
        if path.is_symlink() or path.stat().st_size != output.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == output.sha256
    except OSError:
        return False


def _exists(path: str, on_existing: str, hint: str) -> _TakenError:
    message = f"{path} is there already, and not known to be from this input."
    if on_existing in ("skip", "fail"):
        message = f"{path} is there already."
    return _TakenError("exists", message, hint, on_existing != "skip")


def _refused(path: str, error: OSError) -> Exception:
    if error.errno in ENDS_THE_RUN:
        return OutputError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Make room, then run again: what is finished stays.",
            reason="disk-full" if error.errno != errno.EROFS else "output",
        )
    return _TakenError(
        "output",
        f"{path} cannot be written: {error.strerror}.",
        "Choose another --out, or another --name.",
        True,
    )


def _instead(outcome: Converted, reason: str, message: str, hint: str, *, failed: bool) -> Outcome:
    verdict = Failed if failed else Skipped
    return verdict(
        input=outcome.input,
        locator=outcome.locator,
        size=outcome.size,
        mtime_ns=outcome.mtime_ns,
        seconds=outcome.seconds,
        notes=outcome.notes,
        reason=reason,
        message=message,
        hint=hint,
    )
