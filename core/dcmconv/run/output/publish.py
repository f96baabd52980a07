"""Publish finished pictures under their names, without ever replacing an unrelated file.

Only the main process publishes, in the order of the walk, so that the names do not depend on the
number of workers.
"""

from __future__ import annotations

import os
from dataclasses import field, replace
from enum import Enum
from functools import cached_property
from pathlib import Path, PurePosixPath

from dcmconv.chain.settings import RunSettings
from dcmconv.errors import OutputError, UsageError
from dcmconv.model.outcome import Converted, Failed, Outcome, OutputFile, Skipped
from dcmconv.model.records import record
from dcmconv.run.journal.digests import DigestTable, digest_of, folded_digest, hex_of
from dcmconv.run.messages import ConversionReport, Part
from dcmconv.run.output.atomic_move import move_new, replace_by_link, sync_folders
from dcmconv.run.output.destination import Destination
from dcmconv.run.output.naming import SALVAGED, split_suffix
from dcmconv.run.output.os_errors import ENDS_THE_RUN, output_error
from dcmconv.run.output.verify import holds_dicom, is_same

__all__ = ["Publisher"]


class _NotPublishedError(Exception):
    """A picture cannot get its name; args are reason, message, hint, and whether that fails."""


class _Method(Enum):
    """How a picture gets its name."""

    NEW = "new"
    """The name is free."""
    REPLACE = "replace"
    """An earlier picture of the same input has it."""
    REPLACE_UNJOURNALED = "replace-unjournaled"
    """A picture of a killed run has it, and no journal line says so yet."""
    KEEP = "keep"
    """The file of that name has the same bytes already."""


@record(frozen=True)
class _Placement:
    """A part, the output that it becomes, and how; ``digest`` is that of the output's path."""

    part: Part
    output: OutputFile
    method: _Method
    digest: int = 0


@record
class Publisher:
    """Gives every picture its name; ``owners`` says which input each name belongs to."""

    destination: Destination
    settings: RunSettings
    owners: DigestTable = field(default_factory=DigestTable)

    def __post_init__(self) -> None:
        if self.destination.journal is not None:
            self.owners = self.destination.journal.owners

    def publish(self, report: ConversionReport) -> Outcome:
        """Give the parts their names, and return the outcome with its outputs.

        Each part stays as a second link until ``remove_parts``, after the journal line is written:
        if the program is killed in between, the next run recognizes the picture by it.

        Raises
        ------
        OutputError
            If the destination is full, read-only or gone: the run cannot continue.
        UsageError
            If one file was named, and there are several pictures.
        """
        outcome = report.outcome
        if not isinstance(outcome, Converted) or not report.parts:
            return outcome
        try:
            placements = self._placements(outcome, report.parts)
            self._move(placements)
        except _NotPublishedError as error:
            reason, message, hint, failed = error.args
            kind = Failed if failed else Skipped
            return kind.instead_of(outcome, reason=reason, message=message, hint=hint)
        # Only now: an input that could not be published owns no name.
        if not self.destination.file_name:
            owner = digest_of(outcome.locator)
            for placement in placements:
                self.owners.set(placement.digest, owner)
        outputs = tuple([placement.output for placement in placements])
        # Nearly always the names that the worker asked for.
        return outcome if outputs == outcome.outputs else replace(outcome, outputs=outputs)

    def remove_parts(self, report: ConversionReport) -> None:
        """Remove what is left of the parts, once the journal line is written."""
        for part in report.parts:
            _remove(part.path)

    def _placements(self, outcome: Converted, parts: tuple[Part, ...]) -> list[_Placement]:
        if self.destination.file_name:
            return [self._named_file(outcome, parts)]
        owner, siblings = digest_of(outcome.locator), set[int]()
        placements = []
        for part in parts:
            output, digest = self._with_free_name(outcome, part, owner, siblings)
            # Two pictures of an input may ask for one name, by a template without {frame}.
            siblings.add(digest)
            method = self._method(part, output, is_own=self.owners.get(digest) == owner)
            placements.append(_Placement(part, output, method, digest))
        return placements

    def _with_free_name(
        self, outcome: Converted, part: Part, owner: int, siblings: set[int]
    ) -> tuple[OutputFile, int]:
        """Return the output under a name that no other picture has, and the digest of the name."""
        digest = folded_digest(part.output.path)
        if self._is_free(digest, owner, siblings):
            return part.output, digest
        if self.settings.on_collision == "suffix":
            # From the locator alone, so that the next run gives the input the same name.
            path = _suffixed(part, outcome.locator)
            digest = folded_digest(path)
            if self._is_free(digest, owner, siblings):
                return replace(part.output, path=path), digest
        raise _NotPublishedError(
            "collision",
            f"Another input already has a picture named {part.output.path}.",
            "Use --on-collision suffix, or a --name that differs between them.",
            self.settings.on_collision != "skip",
        )

    def _is_free(self, digest: int, owner: int, siblings: set[int]) -> bool:
        return digest not in siblings and self.owners.get(digest) in (None, owner)

    def _method(self, part: Part, output: OutputFile, *, is_own: bool) -> _Method:
        # The folder was empty when the run began, so the disk need not be checked.  If another
        # program has added a file since, move_new still does not replace it.
        if self.destination.was_empty and not is_own:
            return _Method.NEW
        target = self._target(output)
        if not os.path.lexists(target):
            return _Method.NEW
        if target in self.destination.unjournaled:
            same = is_same(Path(target), output)
            return _Method.KEEP if same else _Method.REPLACE_UNJOURNALED
        mode = self.settings.on_existing
        if is_own and mode in ("resume", "replace"):
            _check_replaceable(part, Path(target))
            return _Method.REPLACE
        # A run killed between a picture and its journal line left this file; or, if the name is
        # this input's own, a run killed before the input's other pictures.
        may_keep = mode != "fail" or not is_own
        if may_keep and is_same(Path(target), output):
            return _Method.KEEP
        raise _exists(output.path, mode, "Choose another --out, or move that file.")

    def _named_file(self, outcome: Converted, parts: tuple[Part, ...]) -> _Placement:
        name = self.destination.file_name
        if len(parts) > 1:
            raise UsageError(
                f"{name} names one file, but {outcome.input} has {len(parts)} pictures.",
                hint="Name a folder, or choose one frame: --frames 1",
            )
        if parts[0].output.salvaged:
            name = _before_suffix(name, SALVAGED, parts[0].suffix)
        output = replace(parts[0].output, path=name)
        target, mode = self.destination.folder / name, self.settings.on_existing
        if not os.path.lexists(target):
            return _Placement(parts[0], output, _Method.NEW)
        if mode == "replace":
            _check_replaceable(parts[0], target)
            return _Placement(parts[0], output, _Method.REPLACE)
        if mode == "resume" and is_same(target, output):
            return _Placement(parts[0], output, _Method.KEEP)
        raise _exists(name, mode, "Replace it: --on-existing replace")

    def _move(self, placements: list[_Placement]) -> None:
        created: list[str] = []
        try:
            for placement in placements:
                part, target = placement.part.path, self._target(placement.output)
                if placement.method is _Method.REPLACE:
                    os.replace(part, target)  # noqa: PTH105 - strings: a picture's cost
                elif placement.method is _Method.REPLACE_UNJOURNALED:
                    replace_by_link(part, target)
                elif placement.method is _Method.NEW:
                    move_new(part, target)
                    # Only these are removed after an error: a replaced file is gone.
                    created.append(target)
            if self.settings.durable:
                sync_folders([self.destination.folder / each.output.path for each in placements])
        except OSError as error:
            # All pictures of an input or none.
            for path in created:
                _remove(path)
            raise self._reported(placement.output.path, error) from error

    def _reported(self, path: str, error: OSError) -> OutputError | _NotPublishedError:
        """Return what an OS error means: the end of the run, or of one input."""
        if isinstance(error, FileExistsError):
            mode = self.settings.on_existing
            return _exists(path, mode, "Move that file, or choose another --out.")
        described = output_error(path, error)
        if described.reason in ENDS_THE_RUN:
            return described
        return _NotPublishedError(described.reason, described.message, described.hint, True)

    def _target(self, output: OutputFile) -> str:
        return f"{self._folder}/{output.path}"

    @cached_property
    def _folder(self) -> str:
        return os.fspath(self.destination.folder)


def _remove(path: str) -> None:
    # Not suppress(), which takes three calls.
    try:  # noqa: SIM105
        os.unlink(path)  # noqa: PTH108 - once for every picture
    except OSError:
        # In a folder that has become read-only the file stays; the next write reports the reason.
        pass


def _suffixed(part: Part, locator: str) -> str:
    return _before_suffix(part.output.path, f"-{hex_of(locator)}", part.suffix)


def _before_suffix(path: str, text: str, suffix: str) -> str:
    # One named file may end in another suffix of its writer.
    stem, ending = split_suffix(path, [suffix, PurePosixPath(path).suffix])
    return f"{stem}{text}{ending}"


def _exists(path: str, mode: str, hint: str) -> _NotPublishedError:
    message = f"{path} already exists and is not known to come from this input."
    if mode in ("skip", "fail"):
        message = f"{path} already exists."
    return _NotPublishedError("exists", message, hint, mode != "skip")


def _check_replaceable(part: Part, target: Path) -> None:
    """Check that a file to replace is not DICOM, unless the new one is as well."""
    if holds_dicom(target) and not holds_dicom(Path(part.path)):
        message = f"{target.name} is a DICOM file, not a picture of an earlier run."
        hint = "Choose another --out; inputs are never replaced."
        raise _NotPublishedError("exists", message, hint, True)
