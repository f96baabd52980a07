"""What a worker does with one input: read, convert, write the parts, report.

Parts are complete files under temporary names; the main process publishes them.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, cast

from dcmconv.errors import InputError, SkipInput
from dcmconv.model.components import Source
from dcmconv.model.inputs import O_BINARY, InputFile
from dcmconv.model.outcome import PICTURE_COLUMNS, Converted, Failed, Outcome, OutputFile, Skipped
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

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | O_BINARY

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


class _Overheard:
    """Catches what plugins print and warn of while they work on one input."""

    def __init__(self, action: Literal["always", "ignore"]) -> None:
        self._action = action
        self._catching = warnings.catch_warnings(record=True)
        self.printed = _Printed()
        self.warned: list[str] = []

    def __enter__(self) -> Self:
        self._stdout, sys.stdout = sys.stdout, self.printed
        caught = self._catching.__enter__()
        # Never None: the warnings are recorded.
        self._caught = [] if caught is None else caught
        # Every file's warnings, not just the first of the process.
        warnings.simplefilter(self._action)
        return self

    def __exit__(self, *error: object) -> None:
        self._catching.__exit__(None, None, None)
        sys.stdout = self._stdout
        if self._caught:
            self.warned = [without_values(str(warning.message)) for warning in self._caught]


class _Draft(NamedTuple):
    """An outcome without what is known only when the work is done: its notes and the time taken."""

    kind: type[Outcome]
    fields: dict[str, Any]
    notes: Sequence[str] = ()
    traceback: str = ""


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
            with _Overheard("ignore"):
                return self._gather_statistics(task)
        began = time.perf_counter()
        self._parts = []
        with _Overheard("always") as overheard:
            draft = self._convert(task)
        if isinstance(draft, SplitRequest):
            return draft
        if overheard.warned:
            draft = self._with_warnings(draft, overheard.warned)
        if draft.kind is not Converted:
            self._remove_parts()
        notes = tuple(dict.fromkeys(map(str, draft.notes)))[:MOST_NOTES] if draft.notes else ()
        outcome = draft.kind(
            **draft.fields,
            notes=notes,
            seconds=round(time.perf_counter() - began, 6),
            printed=overheard.printed.getvalue(),
        )
        return ConversionReport(outcome, tuple(self._parts), draft.traceback)

    def _with_warnings(self, draft: _Draft, warned: Sequence[str]) -> _Draft:
        """Return the draft with warnings as notes; under ``strict`` they fail the input."""
        draft = draft._replace(notes=(*draft.notes, *warned))
        if draft.kind is not Converted or self.setup.plan.run.policy != "strict":
            return draft
        error = not_strict(warned[0])
        about = {name: draft.fields[name] for name in ("input", "locator", "size", "mtime_ns")}
        return draft._replace(kind=Failed, fields=about | failure_of(error)._asdict())

    @cached_property
    def _converter(self) -> Converter:
        return Converter(self.setup.plan)

    @cached_property
    def _sources(self) -> list[Source]:
        return [cast("Source", reference.load()) for reference in self.setup.plan.sources]

    @cached_property
    def _attributes(self) -> tuple[str, ...]:
        return tuple(tag for tag in self.setup.plan.tags if tag not in PICTURE_COLUMNS)

    def _gather_statistics(self, task: StatisticsTask) -> StatisticsReport:
        try:
            source = self._sources[task.source].open(task.reference)
            with self._converter.open(source) as opened:
                return statistics_report(opened, task.reference)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - the conversion meets it again and reports it
            return StatisticsReport(is_whole=False)

    def _convert(self, task: ConversionTask) -> _Draft | SplitRequest:
        """Convert one input."""
        reference = task.reference
        about = {
            "input": reference.key,
            "locator": reference.locator,
            "size": reference.size,
            "mtime_ns": reference.mtime_ns,
        }
        try:
            source = self._sources[task.source].open(reference)
            fingerprint = _fingerprint(source)
            if fingerprint is not None:
                # The source may have read these values long ago.
                about["size"], about["mtime_ns"] = fingerprint
            with self._converter.open(source, task.wider_statistics) as opened:
                if task.known is not None:
                    return _draft_of(task.known, self._table_values(opened))
                if task.may_split and opened.may_split:
                    return SplitRequest(len(opened.frame_numbers), fingerprint)
                if task.frame_slice is not None:
                    opened.frame_numbers = _frames_of(task.frame_slice, opened, fingerprint)
                # Before the pictures: their notes come last.
                values = self._table_values(opened)
                self._write_parts(task, opened)
            # A reader may read one frame at a time, and another program may write in between.
            _check_unchanged(source, fingerprint)
            return _Draft(Converted, {**about, **self._made(opened), **values}, opened.notes)
        except (KeyboardInterrupt, MemoryError):
            raise  # the executor decides whose memory it was
        except BaseException as error:  # noqa: BLE001 - pyo3's PanicException is not an Exception
            return self._not_converted(about, error)

    def _made(self, opened: OpenInput) -> dict[str, Any]:
        """Return what was made of an input, as fields of ``Converted``."""
        return {
            "outputs": tuple([part.output for part in self._parts]),
            "transfer_syntax": opened.instance.transfer_syntax,
            "decoder": opened.decoder,
            "salvaged": opened.salvaged,
        }

    def _table_values(self, opened: OpenInput) -> dict[str, Any]:
        """Return what the tag table asks for, as fields of the outcome."""
        tags = self._attributes
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

    def _not_converted(self, about: dict[str, Any], error: BaseException) -> _Draft:
        kind = Skipped if isinstance(error, SkipInput) else Failed
        failure = failure_of(error)
        text = ""
        if failure.reason == "internal" and self.setup.plan.run.tracebacks:
            text = "".join(traceback.format_exception(error))
        return _Draft(kind, about | failure._asdict(), traceback=text)

    def _write_parts(self, task: ConversionTask, opened: OpenInput) -> None:
        names = lane_names(tuple([lane.naming for lane in opened.lanes]))
        frame_count = opened.instance.frame_count
        for number, picture in enumerate(opened.pictures()):
            mark = SALVAGED if picture.salvaged else ""
            named = NamedInput(
                task.reference.key,
                picture.attributes,
                frame_count,
                mark,
                opened.suffixes,
                opened.source,
            )
            lane_name = names[picture.lane_id]
            name = lane_name.path_for(named, picture.frame_number)
            path = f"{self.setup.parts}/{PART_PREFIX}{task.label}-{number}.part"
            # Listed before it is written, so that half a file is removed as well.
            self._parts.append(Part(path, _output(picture, name), lane_name.suffix))
            _write(path, picture.data, durable=self.setup.plan.run.durable)

    def _remove_parts(self) -> None:
        for part in self._parts:
            Path(part.path).unlink(missing_ok=True)


def _draft_of(known: Converted, values: dict[str, Any]) -> _Draft:
    """Return the draft of an input whose pictures exist already."""
    made_here = ("notes", "seconds", "printed")
    fields = {name: value for name, value in vars(known).items() if name not in made_here}
    return _Draft(Converted, fields | values, known.notes)


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
        # Not open(), which takes twice as long: it asks the system three things about the file.
        descriptor = os.open(path, NEW_FILE, 0o666)
        try:
            written = os.write(descriptor, data)
            while written < len(data):
                # One write may not take all bytes: near a full disk, or beyond 2 GiB.
                written += os.write(descriptor, memoryview(data)[written:])
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise output_error(f"A picture of {len(data)} bytes", error) from error


def _fingerprint(source: InputFile) -> tuple[int, int] | None:
    """Return the size and modification time of a file on disk, without opening it."""
    if source.location is None:
        return None
    status = os.stat(source.location)  # noqa: PTH116 - called twice for every input
    if not stat.S_ISREG(status.st_mode):
        raise SkipInput("It is no longer a regular file.", "", "not-a-file")
    return status.st_size, status.st_mtime_ns
