"""What a worker does with one input: read, convert, write the parts, report.

Parts are finished files under unfinished names; the engine, in the main process, publishes them.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from dcmconv.batch.naming import LaneName, NamedInput, lane_names
from dcmconv.batch.records import (
    PART_PREFIX,
    Assignment,
    Part,
    Report,
    SurveyAssignment,
    SurveyReport,
    WorkerSetup,
)
from dcmconv.batch.refused import refused
from dcmconv.batch.surveys import survey_report
from dcmconv.errors import DcmconvError, InputError, SkipInput
from dcmconv.inputs import InputFile
from dcmconv.kinds import Source
from dcmconv.outcome import Converted, Failed, OutputFile, Skipped
from dcmconv.render import Converter, EncodedPicture, Opened

__all__ = ["start"]

MOST_NOTES = 20
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def start(setup: WorkerSetup) -> Callable[[Assignment | SurveyAssignment], Report | SurveyReport]:
    """Return what converts one input, or surveys it; the target of the run's ``Job``."""
    return _Worker(setup)


@dataclass
class _Worker:
    setup: WorkerSetup
    _parts: list[Part] = field(default_factory=list)

    def __call__(self, assignment: Assignment | SurveyAssignment) -> Report | SurveyReport:
        if isinstance(assignment, SurveyAssignment):
            return self._survey(assignment)
        began = time.perf_counter()
        self._parts = []
        with warnings.catch_warnings(record=True) as caught:
            # Each file's warnings, not each process's first.
            warnings.simplefilter("always")
            report = self._report(assignment)
        if not report.parts:
            self._remove_parts()
        notes = dict.fromkeys([*report.outcome.notes, *map(_without_values, caught)])
        outcome = replace(
            report.outcome,
            seconds=round(time.perf_counter() - began, 6),
            notes=tuple(notes)[:MOST_NOTES],
        )
        return Report(outcome, report.parts)

    @cached_property
    def _converter(self) -> Converter:
        return Converter(self.setup.plan)

    @cached_property
    def _sources(self) -> list[Source]:
        return [cast("Source", reference.load()) for reference in self.setup.plan.sources]

    def _survey(self, assignment: SurveyAssignment) -> SurveyReport:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                source = self._sources[assignment.source].open(assignment.reference)
                with self._converter.open(source) as opened:
                    return survey_report(opened, assignment.reference)
            except KeyboardInterrupt:
                raise
            except BaseException:  # noqa: BLE001 - whatever it is, the conversion meets and reports it
                return SurveyReport(is_whole=False)

    def _report(self, assignment: Assignment) -> Report:
        reference = assignment.reference
        known: dict[str, Any] = {
            "input": reference.key,
            "locator": reference.locator,
            "size": reference.size,
            "mtime_ns": reference.mtime_ns,
        }
        try:
            return self._converted(assignment, known)
        except SkipInput as verdict:
            reason, message, hint = verdict.reason, verdict.message, verdict.hint
            return Report(Skipped(reason=reason, message=message, hint=hint, **known))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - pyo3's PanicException is no Exception
            reason, message, hint = _explained(error)
            return Report(Failed(reason=reason, message=message, hint=hint, **known))

    def _converted(self, assignment: Assignment, known: dict[str, Any]) -> Report:
        source = self._sources[assignment.source].open(assignment.reference)
        before = _fingerprint(source)
        if before is not None:
            known.update(size=before[0], mtime_ns=before[1])
        with self._converter.open(source, assignment.surveyed) as opened:
            attributes = {tag: opened.attributes.get(tag) for tag in self.setup.plan.tags}
            if assignment.known is not None:
                return Report(replace(assignment.known, attributes=attributes))
            self._write_parts(assignment, opened)
            outcome = Converted(
                transfer_syntax=opened.transfer_syntax,
                decoder=opened.decoder,
                notes=tuple(opened.notes),
                attributes=attributes,
                **known,
            )
        if _fingerprint(source) != before:
            raise InputError(
                "The file was changed while it was read.",
                hint="Run again when nothing writes to it any more.",
                reason="changed",
            )
        return Report(outcome, tuple(self._parts))

    def _write_parts(self, assignment: Assignment, opened: Opened) -> None:
        names: Mapping[str, LaneName] = lane_names(
            [(lane.lane.id, lane.lane.name, lane.writer.suffix) for lane in opened.lanes]
        )
        for number, picture in enumerate(opened.pictures()):
            key, attributes = assignment.reference.key, picture.attributes
            named = NamedInput(key, attributes, opened.frame_count)
            name = names[picture.lane_id].path_for(named, picture.frame_number)
            path = f"{self.setup.parts}/{PART_PREFIX}{assignment.label}-{number}.part"
            # Listed before it is written, so that half a file is removed as well.
            self._parts.append(Part(path, _output(picture, name)))
            _write(path, picture.data)

    def _remove_parts(self) -> None:
        for part in self._parts:
            Path(part.path).unlink(missing_ok=True)


def _output(picture: EncodedPicture, name: str) -> OutputFile:
    return OutputFile(
        path=name,
        output=picture.lane_id,
        frame_number=picture.frame_number,
        size=len(picture.data),
        sha256=hashlib.sha256(picture.data).hexdigest(),
        rows=picture.rows,
        columns=picture.columns,
        tone=picture.tone,
    )


def _write(path: str, data: bytes) -> None:
    try:
        with open(path, "wb", buffering=0) as stream:  # noqa: PTH123 - a third of Path.open's cost
            rest = memoryview(data)
            while rest:
                # A write may take less than all: near a full disk, or beyond 2 GiB.
                rest = rest[stream.write(rest) :]
    except OSError as error:
        raise OutputError(
            f"A picture of {len(data)} bytes cannot be written: {error.strerror}.",
            hint="Make room or choose another --out, then run again: what is finished stays.",
            reason="disk-full" if error.errno in FULL else "output",
        ) from error


def _fingerprint(source: InputFile) -> tuple[int, int] | None:
    """Return size and time of change of a file on disk; never opens anything."""
    if source.path is None:
        return None
    status = os.stat(source.path)  # noqa: PTH116 - called twice for every input
    if not stat.S_ISREG(status.st_mode):
        raise SkipInput("It is no longer a regular file.", "", "not-a-file")
    return status.st_size, status.st_mtime_ns


def _explained(error: BaseException) -> tuple[str, str, str]:
    """Return reason, message and hint for whatever was raised."""
    if isinstance(error, DcmconvError):
        return error.reason, error.message, error.hint
    if isinstance(error, MemoryError):
        return (
            "memory",
            "It needs more memory than a worker may take.",
            "Use fewer --workers, or an executor with a higher memory limit.",
        )
    if isinstance(error, OSError) and error.filename is not None:
        return (
            "unreadable",
            f"It cannot be read: {error.strerror}.",
            "Check that it is still there and that you may read it.",
        )
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno} in {place.name}"
    return (
        "internal",
        f"{type(error).__name__}: {error}",
        f"This is a fault in a plugin or in dcmconv ({where}); please report it.",
    )


def _without_values(caught: warnings.WarningMessage) -> str:
    # Libraries quote the value that they warn about, and a value may be a patient's name.
    text = _QUOTED.sub("'...'", str(caught.message))
    return " ".join(text.split())[:300]
