"""Publishing: from finished parts to files under their names, never over a stranger's file.

Only the main process publishes, in the order of the walk; so one worker and fifty give the same
names.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from dcmconv.chain.settings import RunSettings
from dcmconv.errors import OutputError, UsageError
from dcmconv.model.outcome import Converted, Failed, Outcome, OutputFile, Skipped
from dcmconv.run.journal.digests import DigestTable, digest_of, folded_digest, hex_of
from dcmconv.run.messages import ConversionReport, Part
from dcmconv.run.output.atomic_move import move_new, renew, sync_folders
from dcmconv.run.output.destination import Destination
from dcmconv.run.output.naming import SALVAGED
from dcmconv.run.output.os_errors import ENDS_THE_RUN, output_error
from dcmconv.run.output.verify import holds_dicom, is_same

__all__ = ["Publisher"]


class _TakenError(Exception):
    """A name cannot be had; args are reason, message, hint, and whether that is a failure."""


@dataclass(frozen=True)
class _Placed:
    """A part and the name that it gets; ``how`` is ``new``, ``replace``, ``renew`` or ``adopt``.

    ``digest`` is that of the name, as ``Publisher.owners`` has it.
    """

    part: Part
    output: OutputFile
    how: str
    digest: int = 0


@dataclass
class Publisher:
    """Gives every picture its name, by the claims of this run and of the folder's journal."""

    destination: Destination
    settings: RunSettings
    owners: DigestTable = field(default_factory=DigestTable)

    def __post_init__(self) -> None:
        if self.destination.journal is not None:
            self.owners = self.destination.journal.owners

    def publish(self, report: ConversionReport) -> Outcome:
        """Give the parts their names and return the outcome with its outputs.

        A part stays linked until ``tidy``, when the journal has its line: should the program be
        killed before, the next run sees whose the picture is.

        Raises
        ------
        OutputError
            If the destination is full, read-only or gone: the run cannot go on.
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
            kind = Failed if failed else Skipped
            return kind.instead_of(outcome, reason=reason, message=message, hint=hint)
        if not self.destination.file_name:
            owner = digest_of(outcome.locator)
            self.owners.update((item.digest, owner) for item in placed)
        return replace(outcome, outputs=tuple(item.output for item in placed))

    def tidy(self, report: ConversionReport) -> None:
        """Remove what is left of the parts."""
        for part in report.parts:
            _remove(part.path)

    def _placed(self, outcome: Converted, parts: tuple[Part, ...]) -> list[_Placed]:
        if self.destination.file_name:
            return [self._named_file(outcome, parts)]
        owner, mine = digest_of(outcome.locator), set[int]()
        placed = []
        for part in parts:
            output, digest = self._claimed(outcome, part, owner, mine)
            mine.add(digest)
            placed.append(_Placed(part, output, self._how(part, output, digest, owner), digest))
        return placed

    def _claimed(
        self, outcome: Converted, part: Part, owner: int, mine: set[int]
    ) -> tuple[OutputFile, int]:
        """Return the output under a name that no other input, and no other picture of this, has."""
        digest = folded_digest(part.output.path)
        if self._is_free(digest, owner, mine):
            return part.output, digest
        if self.settings.on_collision == "suffix":
            path = _suffixed(part, outcome.locator)
            digest = folded_digest(path)
            if self._is_free(digest, owner, mine):
                return replace(part.output, path=path), digest
        raise _TakenError(
            "collision",
            f"Another input has the name {part.output.path} already.",
            "Use --on-collision suffix, or a --name that tells them apart.",
            self.settings.on_collision != "skip",
        )

    def _is_free(self, digest: int, owner: int, mine: set[int]) -> bool:
        return digest not in mine and self.owners.get(digest) in (None, owner)

    def _how(self, part: Part, output: OutputFile, digest: int, owner: int) -> str:
        claimed = self.owners.get(digest) == owner
        # Nothing stood in the folder when the run began; should a stranger's file have come since,
        # it is still not replaced.
        if self.destination.was_empty and not claimed:
            return "new"
        target = self._target(output)
        if not os.path.lexists(target):
            return "new"
        if target in self.destination.unjournaled:
            return "adopt" if is_same(Path(target), output) else "renew"
        if claimed and self.settings.on_existing in ("resume", "replace"):
            _check_is_no_input(part, Path(target))
            return "replace"
        # A run that was killed between a picture and its line in the journal left this behind; or,
        # where it is claimed, before the other pictures of the input.
        may_adopt = self.settings.on_existing != "fail" or not claimed
        if may_adopt and is_same(Path(target), output):
            return "adopt"
        raise _exists(output.path, self.settings.on_existing, "Choose another --out, or move it.")

    def _named_file(self, outcome: Converted, parts: tuple[Part, ...]) -> _Placed:
        name = self.destination.file_name
        if len(parts) > 1:
            raise UsageError(
                f"{name} names one file, but {outcome.input} gives {len(parts)} pictures.",
                hint="Name a folder, or one frame: --frames 1",
            )
        if parts[0].output.salvaged:
            stem, dot, suffix = name.rpartition(".")
            name = f"{stem}{SALVAGED}{dot}{suffix}"
        output = replace(parts[0].output, path=name)
        if not os.path.lexists(self.destination.folder / name):
            return _Placed(parts[0], output, "new")
        if self.settings.on_existing == "replace":
            _check_is_no_input(parts[0], self.destination.folder / name)
            return _Placed(parts[0], output, "replace")
        if self.settings.on_existing == "resume" and is_same(
            self.destination.folder / name, output
        ):
            return _Placed(parts[0], output, "adopt")
        raise _exists(name, self.settings.on_existing, "Replace it: --on-existing replace")

    def _move(self, placed: list[_Placed]) -> None:
        made: list[str] = []
        try:
            for item in placed:
                target = self._target(item.output)
                if item.how == "replace":
                    os.replace(item.part.path, target)  # noqa: PTH105 - strings: a picture's cost
                elif item.how == "renew":
                    renew(item.part.path, target)
                elif item.how == "new":
                    move_new(item.part.path, target)
                    made.append(target)
            if self.settings.durable:
                sync_folders([self.destination.folder / item.output.path for item in placed])
        except OSError as error:
            # All pictures of an input or none: what was moved a moment ago goes again.
            for path in made:
                _remove(path)
            raise self._why_not(item.output.path, error) from error

    def _why_not(self, path: str, error: OSError) -> OutputError | _TakenError:
        """Return what a refusal of the system means: the end of the run, or of one input."""
        if isinstance(error, FileExistsError):
            return _exists(path, self.settings.on_existing, "Move it, or choose another --out.")
        explained = output_error(path, error)
        if explained.reason in ENDS_THE_RUN:
            return explained
        return _TakenError(explained.reason, explained.message, explained.hint, True)

    def _target(self, output: OutputFile) -> str:
        return f"{self._folder}/{output.path}"

    @cached_property
    def _folder(self) -> str:
        return os.fspath(self.destination.folder)


def _remove(path: str) -> None:
    # A folder that has become read-only keeps it, and says so where something is to be written.
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - once for every picture


def _suffixed(part: Part, locator: str) -> str:
    folder, slash, name = part.output.path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    return f"{folder}{slash}{stem}-{hex_of(locator)}{dot}{ending}"


def _exists(path: str, on_existing: str, hint: str) -> _TakenError:
    message = f"{path} is there already, and not known to be from this input."
    if on_existing in ("skip", "fail"):
        message = f"{path} is there already."
    return _TakenError("exists", message, hint, on_existing != "skip")


def _check_is_no_input(part: Part, target: Path) -> None:
    """See that what is to be replaced is no DICOM file, unless a writer makes such files."""
    if holds_dicom(target) and not holds_dicom(Path(part.path)):
        message = f"{target.name} is a DICOM file, and no picture that could be replaced."
        raise _TakenError(
            "exists", message, "Choose another --out; inputs are never touched.", True
        )
