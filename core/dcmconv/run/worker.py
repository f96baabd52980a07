"""What a worker does with one input: read, convert, write the parts, report.

Parts are finished files under unfinished names; the engine, in the main process, publishes them.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from dcmconv.errors import DcmconvError, InputError, SkipInput
from dcmconv.model.components import Source
from dcmconv.model.inputs import InputFile
from dcmconv.model.outcome import Converted, Failed, Outcome, OutputFile, Skipped
from dcmconv.render import Converter, EncodedPicture, OpenInput
from dcmconv.render.open_input import not_strict
from dcmconv.run.failure import explained, is_explicable, without_values
from dcmconv.run.messages import (
    MOST_NOTES,
    PART_PREFIX,
    ConversionReport,
    ConversionTask,
    FrameSlice,
    Part,
    SplitRequest,
    StatisticsReport,
    StatisticsTask,
    WorkerSetup,
)
from dcmconv.run.output.naming import SALVAGED, LaneName, NamedInput, lane_names
from dcmconv.run.output.os_errors import output_error
from dcmconv.run.statistics_pass import statistics_report

__all__ = ["start"]

Work = Callable[
    [ConversionTask | StatisticsTask], ConversionReport | StatisticsReport | SplitRequest
]


def start(setup: WorkerSetup) -> Work:
    """Return what converts one input, or gathers its statistics; the target of a ``Job``."""
    return _Worker(setup)


@dataclass(frozen=True)
class _Verdict:
    """What becomes of an input: its outcome's class, and all fields that are known so far."""

    kind: type[Outcome]
    fields: dict[str, Any]
    notes: Sequence[str] = ()
    traceback: str = ""

    @classmethod
    def of_error(cls, kind: type[Outcome], error: DcmconvError, known: dict[str, Any]) -> _Verdict:
        """Return the verdict of an error that is explained in its own words."""
        fields = {name: known[name] for name in ("input", "locator", "size", "mtime_ns")}
        said = {"reason": error.reason, "message": error.message, "hint": error.hint}
        return cls(kind, fields | said)

    @classmethod
    def of_known(cls, known: Converted, attributes: dict[str, Any]) -> _Verdict:
        """Return the verdict of an earlier run, with the attributes that a table asks for now."""
        fields = {**vars(known), "attributes": attributes}
        del fields["seconds"]
        return cls(Converted, fields, fields.pop("notes"))


@dataclass
class _Worker:
    setup: WorkerSetup
    _parts: list[Part] = field(default_factory=list)

    def __call__(
        self, assignment: ConversionTask | StatisticsTask
    ) -> ConversionReport | StatisticsReport | SplitRequest:
        if isinstance(assignment, StatisticsTask):
            return self._gather_statistics(assignment)
        began = time.perf_counter()
        self._parts = []
        with warnings.catch_warnings(record=True) as caught:
            # Each file's warnings, not each process's first.
            warnings.simplefilter("always")
            verdict = self._verdict(assignment)
        if isinstance(verdict, SplitRequest):
            return verdict
        warned = [without_values(str(warning.message)) for warning in caught]
        if warned and verdict.kind is Converted and self._is_strict:
            verdict = _Verdict.of_error(Failed, not_strict(warned[0]), verdict.fields)
        if verdict.kind is not Converted:
            self._remove_parts()
        outcome = verdict.kind(
            seconds=round(time.perf_counter() - began, 6),
            notes=tuple(dict.fromkeys(map(str, [*verdict.notes, *warned])))[:MOST_NOTES],
            **verdict.fields,
        )
        return ConversionReport(outcome, tuple(self._parts), verdict.traceback)

    @property
    def _is_strict(self) -> bool:
        return self.setup.plan.run.policy == "strict"

    @cached_property
    def _converter(self) -> Converter:
        return Converter(self.setup.plan)

    @cached_property
    def _sources(self) -> list[Source]:
        return [cast("Source", reference.load()) for reference in self.setup.plan.sources]

    def _gather_statistics(self, assignment: StatisticsTask) -> StatisticsReport:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                source = self._sources[assignment.source].open(assignment.reference)
                with self._converter.open(source) as opened:
                    return statistics_report(opened, assignment.reference)
            except KeyboardInterrupt:
                raise
            except BaseException:  # noqa: BLE001 - whatever it is, the conversion meets and reports it
                return StatisticsReport(is_whole=False)

    def _verdict(self, assignment: ConversionTask) -> _Verdict | SplitRequest:
        reference = assignment.reference
        known: dict[str, Any] = {
            "input": reference.key,
            "locator": reference.locator,
            "size": reference.size,
            "mtime_ns": reference.mtime_ns,
        }
        try:
            return self._converted(assignment, known)
        except SkipInput as error:
            return _Verdict.of_error(Skipped, error, known)
        except (KeyboardInterrupt, MemoryError):
            raise  # whether the input or what was read before it took the memory, others find out
        except BaseException as error:  # noqa: BLE001 - pyo3's PanicException is no Exception
            reason, message, hint = explained(error)
            fields = {**known, "reason": reason, "message": message, "hint": hint}
            return _Verdict(Failed, fields, traceback=self._traceback(error))

    def _traceback(self, error: BaseException) -> str:
        if not self.setup.plan.run.tracebacks or is_explicable(error):
            return ""
        return "".join(traceback.format_exception(error))

    def _converted(
        self, assignment: ConversionTask, known: dict[str, Any]
    ) -> _Verdict | SplitRequest:
        source = self._sources[assignment.source].open(assignment.reference)
        before = _fingerprint(source)
        if before is not None:
            known.update(size=before[0], mtime_ns=before[1])
        with self._converter.open(source, assignment.wider_statistics) as opened:
            attributes = {tag: opened.attributes.get(tag) for tag in self.setup.plan.tags}
            if assignment.known is not None:
                return _Verdict.of_known(assignment.known, attributes)
            if assignment.may_split and opened.may_split:
                return SplitRequest(len(opened.frame_numbers), before)
            if assignment.piece is not None:
                opened.frame_numbers = _frames_of_piece(opened, assignment.piece, before)
            self._write_parts(assignment, opened)
            fields = {
                **known,
                "transfer_syntax": opened.instance.transfer_syntax,
                "decoder": opened.decoder,
                "salvaged": opened.salvaged,
                "attributes": attributes,
            }
        if _fingerprint(source) != before:
            raise _changed()
        return _Verdict(Converted, fields, opened.notes)

    def _write_parts(self, assignment: ConversionTask, opened: OpenInput) -> None:
        names: Mapping[str, LaneName] = lane_names(
            tuple((lane.lane.id, lane.lane.name, lane.writer.suffix) for lane in opened.lanes)
        )
        for number, picture in enumerate(opened.pictures()):
            key, attributes = assignment.reference.key, picture.attributes
            mark = SALVAGED if picture.salvaged else ""
            named = NamedInput(key, attributes, opened.frame_count, mark)
            name = names[picture.lane_id].path_for(named, picture.frame_number)
            path = f"{self.setup.parts}/{PART_PREFIX}{assignment.label}-{number}.part"
            # Listed before it is written, so that half a file is removed as well.
            self._parts.append(Part(path, _output(picture, name)))
            _write(path, picture.data, durable=self.setup.plan.run.durable)

    def _remove_parts(self) -> None:
        for part in self._parts:
            Path(part.path).unlink(missing_ok=True)


def _frames_of_piece(
    opened: OpenInput, piece: FrameSlice, fingerprint: tuple[int, int] | None
) -> tuple[int, ...]:
    """Return the frame numbers of a piece, if the file is the one whose frames were counted."""
    numbers = opened.frame_numbers
    if (len(numbers), fingerprint) != (piece.spread.frame_count, piece.spread.fingerprint):
        raise _changed()
    return numbers[piece.first : piece.end]


def _changed() -> InputError:
    return InputError(
        "The file was changed while it was read.",
        hint="Run again when nothing writes to it any more.",
        reason="changed",
    )


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
        salvaged=picture.salvaged,
    )


def _write(path: str, data: bytes, *, durable: bool) -> None:
    try:
        with open(path, "wb", buffering=0) as stream:  # noqa: PTH123 - a third of Path.open's cost
            rest = memoryview(data)
            while rest:
                # A write may take less than all: near a full disk, or beyond 2 GiB.
                rest = rest[stream.write(rest) :]
            if durable:
                os.fsync(stream.fileno())
    except OSError as error:
        raise output_error(f"A picture of {len(data)} bytes", error) from error


def _fingerprint(source: InputFile) -> tuple[int, int] | None:
    """Return size and time of change of a file on disk; never opens anything."""
    if source.path is None:
        return None
    status = os.stat(source.path)  # noqa: PTH116 - called twice for every input
    if not stat.S_ISREG(status.st_mode):
        raise SkipInput("It is no longer a regular file.", "", "not-a-file")
    return status.st_size, status.st_mtime_ns
