"""What a worker does with one input: read, convert, write the parts, report.

Parts are complete files under temporary names; the main process publishes them.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from dcmconv.errors import InputError, SkipInput
from dcmconv.model.components import Source
from dcmconv.model.inputs import InputFile, Reference
from dcmconv.model.outcome import Converted, Failed, OutputFile, Skipped
from dcmconv.model.records import record
from dcmconv.render import Converter, EncodedPicture, OpenInput
from dcmconv.render.open_input import not_strict
from dcmconv.run.failure import failure_of, without_values
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
from dcmconv.run.output.naming import SALVAGED, NamedInput, lane_names
from dcmconv.run.output.os_errors import output_error
from dcmconv.run.statistics_pass import statistics_report

__all__ = ["start"]

MOST_PRINTED = 10_000
"""Characters of one input."""

Work = Callable[
    [ConversionTask | StatisticsTask], ConversionReport | StatisticsReport | SplitRequest
]


def start(setup: WorkerSetup) -> Work:
    """Return what converts one input, or gathers its statistics; the target of a ``Job``."""
    return Worker(setup)


class _Printed(io.StringIO):
    """Keeps the first part of what plugins print: for their authors, and never on stdout."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, MOST_PRINTED - self.tell())])
        return len(text)


@record
class Worker:
    """Does one task after the other; components are loaded when the first input needs them."""

    setup: WorkerSetup
    _parts: list[Part] = field(default_factory=list)
    """The files of the current input."""

    def __call__(
        self, task: ConversionTask | StatisticsTask
    ) -> ConversionReport | StatisticsReport | SplitRequest:
        if isinstance(task, StatisticsTask):
            return self._gather_statistics(task)
        began = time.perf_counter()
        self._parts = []
        printed = _Printed()
        with warnings.catch_warnings(record=True) as caught, redirect_stdout(printed):
            # Every file's warnings, not just the first of the process.
            warnings.simplefilter("always")
            report = self._convert(task)
        if isinstance(report, SplitRequest):
            return report
        warned = [without_values(str(warning.message)) for warning in caught]
        outcome = report.outcome
        notes = tuple(dict.fromkeys([*map(str, outcome.notes), *warned]))[:MOST_NOTES]
        if warned and isinstance(outcome, Converted) and self._is_strict:
            error = not_strict(warned[0])
            outcome = Failed.instead_of(
                outcome, reason=error.reason, message=error.message, hint=error.hint
            )
        if not isinstance(outcome, Converted):
            self._remove_parts()
        seconds = round(time.perf_counter() - began, 6)
        outcome = replace(outcome, seconds=seconds, notes=notes, printed=printed.getvalue())
        return ConversionReport(outcome, tuple(self._parts), report.traceback)

    @property
    def _is_strict(self) -> bool:
        return self.setup.plan.run.policy == "strict"

    @cached_property
    def _converter(self) -> Converter:
        return Converter(self.setup.plan)

    @cached_property
    def _sources(self) -> list[Source]:
        return [cast("Source", reference.load()) for reference in self.setup.plan.sources]

    def _gather_statistics(self, task: StatisticsTask) -> StatisticsReport:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                source = self._sources[task.source].open(task.reference)
                with self._converter.open(source) as opened:
                    return statistics_report(opened, task.reference)
            except KeyboardInterrupt:
                raise
            except BaseException:  # noqa: BLE001 - the conversion meets it again and reports it
                return StatisticsReport(is_whole=False)

    def _convert(self, task: ConversionTask) -> ConversionReport | SplitRequest:
        """Convert one input; the report has neither the time taken nor the caught warnings."""
        reference = task.reference
        try:
            source = self._sources[task.source].open(reference)
            fingerprint = _fingerprint(source)
            if fingerprint is not None:
                # The source may have read these values long ago.
                reference = replace(reference, size=fingerprint[0], mtime_ns=fingerprint[1])
            with self._converter.open(source, task.wider_statistics) as opened:
                if task.known is not None:
                    return ConversionReport(replace(task.known, **self._table_values(opened)))
                if task.may_split and opened.may_split:
                    return SplitRequest(len(opened.frame_numbers), fingerprint)
                if task.frame_slice is not None:
                    opened.frame_numbers = _frames_of(task.frame_slice, opened, fingerprint)
                # Before the pictures: their notes come last.
                values = self._table_values(opened)
                self._write_parts(task, opened)
            # A reader may read one frame at a time, and another program may write in between.
            _check_unchanged(source, fingerprint)
            return ConversionReport(replace(_converted(reference, opened), **values))
        except (KeyboardInterrupt, MemoryError):
            raise  # the executor decides whose memory it was
        except BaseException as error:  # noqa: BLE001 - pyo3's PanicException is not an Exception
            return self._not_converted(reference, error)

    def _table_values(self, opened: OpenInput) -> dict[str, Any]:
        """Return what the tag table asks for, as fields of the outcome."""
        tags = self.setup.plan.tags
        if not tags:
            return {}
        of_frames: dict[int, dict[str, object]] = {}
        for number in opened.frame_numbers:
            found = opened.instance.attributes_of(number)
            of_frames[number] = dict(zip(tags, map(found.get, tags), strict=True))
        first = of_frames[opened.frame_numbers[0]]
        # Only those that differ: an outcome travels between processes.
        others = {number: found for number, found in of_frames.items() if found != first}
        return {"attributes": first, "frame_attributes": others}

    def _not_converted(self, reference: Reference, error: BaseException) -> ConversionReport:
        kind = Skipped if isinstance(error, SkipInput) else Failed
        failure = failure_of(error)
        text = ""
        if failure.reason == "internal" and self.setup.plan.run.tracebacks:
            text = "".join(traceback.format_exception(error))
        return ConversionReport(kind.of(reference, **failure._asdict()), traceback=text)

    def _write_parts(self, task: ConversionTask, opened: OpenInput) -> None:
        names = lane_names(
            tuple((lane.lane.id, lane.lane.name, lane.writer.suffix) for lane in opened.lanes)
        )
        for number, picture in enumerate(opened.pictures()):
            key, attributes = task.reference.key, picture.attributes
            mark = SALVAGED if picture.salvaged else ""
            named = NamedInput(key, attributes, opened.frame_count, mark)
            name = names[picture.lane_id].path_for(named, picture.frame_number)
            path = f"{self.setup.parts}/{PART_PREFIX}{task.label}-{number}.part"
            # Listed before it is written, so that half a file is removed as well.
            self._parts.append(Part(path, _output(picture, name)))
            _write(path, picture.data, durable=self.setup.plan.run.durable)

    def _remove_parts(self) -> None:
        for part in self._parts:
            Path(part.path).unlink(missing_ok=True)


def _frames_of(
    frame_slice: FrameSlice, opened: OpenInput, fingerprint: tuple[int, int] | None
) -> tuple[int, ...]:
    """Return the frame numbers of a slice, if the file is the one whose frames were counted."""
    numbers = opened.frame_numbers
    if SplitRequest(len(numbers), fingerprint) != frame_slice.request:
        raise _changed()
    return numbers[frame_slice.first : frame_slice.end]


def _check_unchanged(source: InputFile, before: tuple[int, int] | None) -> None:
    if _fingerprint(source) != before:
        raise _changed()


def _changed() -> InputError:
    return InputError(
        "The file changed while it was being read.",
        hint="Run again when no other program is writing to it.",
        reason="changed",
    )


def _converted(reference: Reference, opened: OpenInput) -> Converted:
    return Converted(
        input=reference.key,
        locator=reference.locator,
        size=reference.size,
        mtime_ns=reference.mtime_ns,
        notes=tuple(opened.notes),
        transfer_syntax=opened.instance.transfer_syntax,
        decoder=opened.decoder,
        salvaged=opened.salvaged,
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
                # One write may not take all bytes: near a full disk, or beyond 2 GiB.
                rest = rest[stream.write(rest) :]
            if durable:
                os.fsync(stream.fileno())
    except OSError as error:
        raise output_error(f"A picture of {len(data)} bytes", error) from error


def _fingerprint(source: InputFile) -> tuple[int, int] | None:
    """Return the size and modification time of a file on disk, without opening it."""
    if source.path is None:
        return None
    status = os.stat(source.path)  # noqa: PTH116 - called twice for every input
    if not stat.S_ISREG(status.st_mode):
        raise SkipInput("It is no longer a regular file.", "", "not-a-file")
    return status.st_size, status.st_mtime_ns
