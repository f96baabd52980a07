"""From an input to its encoded pictures: the reader, the rule, the frames, and each lane's bytes.

``Converter.open`` chooses the reader and the lanes.  ``OpenInput.pictures`` then takes the wanted
frames one by one.  If the file holds a frame as an ordinary picture and every lane can copy that,
nothing is decoded (``Copies``); otherwise the frame is decoded, and each lane turns it into a
picture and encodes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Any, Self, cast

from dcmconv.chain.plan import Lane, Plan
from dcmconv.errors import InputError, SkipInput, UsageError
from dcmconv.model.components import Decoder, NamedDecoder, Reader
from dcmconv.model.frame import Frame
from dcmconv.model.inputs import EncodedFrame, InputFile, Instance
from dcmconv.model.picture import Picture
from dcmconv.model.records import record
from dcmconv.model.statistics import StatisticsRequest, WiderStatistics
from dcmconv.render.frames import (
    WIDE_SCOPES,
    gather,
    naming_the_frame,
    wanted_frames,
    with_frame_number,
    with_salvage_hint,
    with_statistics,
)
from dcmconv.render.lane import LoadedLane, checked_bytes
from dcmconv.render.tone import render_tone

__all__ = ["COPIED", "Converter", "EncodedPicture", "OpenInput", "not_strict"]

COPIED = "copied"
"""What the outcome names as the decoder of frames that were copied."""


class Converter:
    """Opens inputs according to one plan; made once in each process.

    Components are imported when the first input needs them, and kept.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._lanes: dict[int, LoadedLane] = {}
        self._lanes_of_rule: dict[int, tuple[LoadedLane, ...]] = {}

    @cached_property
    def _readers(self) -> list[Reader]:
        readers = [cast("Reader", reference.load()) for reference in self.plan.readers]
        chosen = {
            uid: NamedDecoder(reference.name, cast("Decoder", reference.load()))
            for uid, reference in self.plan.decoders
        }
        return [reader.with_decoders(chosen) for reader in readers] if chosen else readers

    def open(
        self,
        source: InputFile,
        wider_statistics: tuple[WiderStatistics, ...] | None = None,
        *,
        frames: tuple[tuple[int, int | None], ...] | None = None,
    ) -> OpenInput:
        """Open an input with the reader that is most certain of its format; use it with ``with``.

        ``frames`` are wanted instead of those of the plan.

        Raises
        ------
        SkipInput
            If no reader knows the format, the input holds no picture, or a rule skips it.
        InputError
            If it is empty or damaged, or a wanted frame does not exist.
        """
        reader = self._reader_for(source)
        is_salvage = self.plan.run.policy == "salvage"
        instance = reader.salvage(source) if is_salvage else reader.open(source)
        try:
            lanes = self._loaded(self._lanes_for(instance.attributes))
            ranges = self.plan.frames if frames is None else frames
            numbers = wanted_frames(ranges, instance.frame_count)
            opened = OpenInput(
                instance,
                lanes,
                numbers,
                wider_statistics,
                self.plan.run.policy,
                source=source,
                suffixes=reader.suffixes,
            )
            if instance.salvaged:
                opened.salvaged = True
                opened.notes.append(f"Salvaged: {instance.salvaged}.")
        except BaseException:
            instance.close()
            raise
        return opened

    def of_instance(
        self,
        instance: Instance,
        frames: tuple[tuple[int, int | None], ...] | None,
        policy: str,
    ) -> OpenInput:
        """Return an instance that was opened before, with the lanes of this plan."""
        lanes = self._loaded(self._lanes_for(instance.attributes))
        ranges = self.plan.frames if frames is None else frames
        numbers = wanted_frames(ranges, instance.frame_count)
        return OpenInput(instance, lanes, numbers, None, policy)

    def _lanes_for(self, attributes: Mapping[str, Any]) -> tuple[Lane, ...]:
        rule = self.plan.rule_for(attributes)
        if rule.skip:
            found = ", ".join(rule.matching(attributes))
            raise SkipInput(f"Skipped by a rule of the chain: {found}.", reason="rule")
        return rule.lanes

    def _loaded(self, lanes: tuple[Lane, ...]) -> tuple[LoadedLane, ...]:
        """Return the lanes of a rule, each loaded once; several rules may share one."""
        # By identity: a lane has no hash (options are mappings), and the plan keeps it alive.
        known = self._lanes_of_rule.get(id(lanes))
        if known is None:
            known = tuple(self._lanes.setdefault(id(lane), LoadedLane(lane)) for lane in lanes)
            self._lanes_of_rule[id(lanes)] = known
        return known

    def _reader_for(self, source: InputFile) -> Reader:
        if source.value is not None:
            return self._reader_of_object(source)
        head = source.head
        if not head:
            raise InputError(
                "The file is empty.", hint="Copy it again from its source.", reason="empty"
            )
        best, confidence = self._readers[0], 0
        for reader in self._readers:
            found = reader.sniff(head, source.key)
            # The first of equals: the order of the plan, which is the order of names.
            if found > confidence:
                best, confidence = reader, found
        if confidence <= 0:
            raise SkipInput(
                "Not DICOM, and no installed reader knows the format.",
                hint="dcmconv reads DICOM; plugins add readers. Installed: dcmconv plugins list",
                reason="not-dicom",
            )
        return best

    def _reader_of_object(self, source: InputFile) -> Reader:
        for reader in self._readers:
            if reader.accepts_object(source.value):
                return reader
        raise UsageError(
            f"An object of type {type(source.value).__name__} is not an input; expected a path, "
            "bytes, a binary file, or an object that an installed reader accepts.",
            hint="A pydicom Dataset is accepted, for example; an array has no header.",
        )


@record(frozen=True)
class EncodedPicture:
    """One picture, ready to be published."""

    lane_id: str
    frame_number: int
    data: bytes
    rows: int
    columns: int
    tone: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Those of the frame, for file names."""
    salvaged: bool = False
    """Pixels are missing."""


@record(frozen=True)
class Copies:
    """A frame that the file holds as an ordinary picture, and the bytes that each lane copies."""

    encoded: EncodedFrame
    made: tuple[tuple[LoadedLane, bytes], ...]

    @classmethod
    def of(cls, encoded: EncodedFrame | None, lanes: Sequence[LoadedLane]) -> Copies | None:
        """Return the copies; None if any lane needs pixels, because then the frame is decoded."""
        if encoded is None:
            return None
        made = []
        for lane in lanes:
            data = lane.copy(encoded)
            if data is None:
                return None
            made.append((lane, data))
        return cls(encoded, tuple(made))

    @property
    def notes(self) -> tuple[str, ...]:
        """The reader's notes on the frame."""
        return self.encoded.notes

    def pictures(self, frame_number: int) -> Iterator[EncodedPicture]:
        """Yield one picture per lane."""
        for lane, data in self.made:
            yield EncodedPicture(
                lane_id=lane.lane.id,
                frame_number=frame_number,
                data=data,
                rows=self.encoded.rows,
                columns=self.encoded.columns,
                attributes=self.encoded.attributes,
            )


@record
class OpenInput:
    """An input that a reader has opened, with the lanes that its attributes select."""

    instance: Instance
    lanes: tuple[LoadedLane, ...]
    frame_numbers: tuple[int, ...]
    wider_statistics: tuple[WiderStatistics, ...] | None = None
    """Statistics of the series and of the run, for the lanes that request them; None if there was
    no statistics pass, or if it could not read this input."""
    policy: str = "default"
    """Under ``strict`` a note is a failure; ``salvage`` leaves damaged frames out."""
    notes: list[str] = field(default_factory=list)
    decoder: str = ""
    salvaged: bool = False
    """Frames or pixels are missing; known once all pictures have been made."""
    source: InputFile | None = None
    suffixes: tuple[str, ...] = ()
    """Those of the files that its reader reads."""
    _only_frame: Frame | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.instance.close()

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes of the instance."""
        return self.instance.attributes

    @property
    def frame_count(self) -> int:
        """How many frames the input has, wanted or not."""
        return self.instance.frame_count

    @property
    def may_split(self) -> bool:
        """Whether several frames are wanted, and each can be converted without the others."""
        scopes = {lane.statistics_request.scope for lane in self.lanes}
        is_free = self.instance.frames_are_independent and "instance" not in scopes
        return is_free and self.policy != "salvage" and len(self.frame_numbers) > 1

    @property
    def wide_requests(self) -> list[StatisticsRequest]:
        """The lanes' requests for statistics beyond this input, each once."""
        return [request for request in self._requests() if request.scope in WIDE_SCOPES]

    def frame(self, frame_number: int) -> Frame:
        """Decode one frame, counted from 1, and note what is doubtful about it."""
        with naming_the_frame(frame_number, self.frame_count):
            frame = self.instance.read_frame(frame_number - 1)
            self._note(frame.notes)
            return frame

    def frames(self) -> Iterator[Frame]:
        """Decode every frame, wanted or not, and keep none: for statistics."""
        for frame_number in range(1, self.frame_count + 1):
            with naming_the_frame(frame_number, self.frame_count):
                frame = self._decoded(frame_number)
            if frame is not None:
                yield frame

    def pictures(self) -> Iterator[EncodedPicture]:
        """Decode each wanted frame once and yield its pictures, lane by lane.

        If a lane requests statistics of the instance, all frames are decoded once more beforehand.
        A frame that every lane can copy is not decoded, except under ``strict``.
        """
        self.decoder = self.instance.decoder
        self._gather_instance_statistics()
        is_any = False
        for frame_number in self.frame_numbers:
            with naming_the_frame(frame_number, self.instance.frame_count):
                frame = self._copies(frame_number) or self._decoded(frame_number)
                if frame is None:
                    continue
                is_any = True
                self._note(frame.notes)
                if isinstance(frame, Copies):
                    self.decoder = COPIED
                    yield from frame.pictures(frame_number)
                    continue
                self.decoder = frame.decoder or self.decoder
                for lane, picture, tone in self._finished(frame):
                    yield EncodedPicture(
                        lane_id=lane.lane.id,
                        frame_number=frame_number,
                        data=checked_bytes(lane, lane.writer.encode(picture)),
                        tone=tone,
                        rows=picture.rows,
                        columns=picture.columns,
                        attributes=frame.attributes,
                        salvaged=bool(frame.salvaged),
                    )
        _check_any(is_any)
        # Last, because names and titles ask for attributes after the frame was read.
        self._note(self.instance.notes())

    def finished_pictures(self) -> Iterator[tuple[Picture, LoadedLane]]:
        """Yield pictures before they are encoded: what the Python API returns.

        Their notes include those of the frame and of the input.
        """
        of_input = tuple(self.notes)
        self._gather_instance_statistics()
        is_any = False
        for frame_number in self.frame_numbers:
            with naming_the_frame(frame_number, self.frame_count):
                frame = self._decoded(frame_number)
                if frame is None:
                    continue
                is_any = True
                self._note(frame.notes)
                for lane, picture, tone in self._finished(frame):
                    notes = (*of_input, *frame.notes, *picture.notes, *self.instance.notes())
                    described = picture.with_(
                        tone=tone,
                        notes=tuple(dict.fromkeys(notes)),
                        is_annotated=picture.is_annotated or lane.annotates,
                    )
                    yield described, lane
        _check_any(is_any)
        self._note(self.instance.notes())

    def _finished(self, frame: Frame) -> Iterator[tuple[LoadedLane, Picture, str]]:
        """Yield each lane with its finished picture; equal lanes share all that is equal."""
        toned: dict[Any, tuple[Picture, str]] = {}
        finished: dict[Any, tuple[Picture, str]] = {}
        for lane in self.lanes:
            if lane.tone_key not in toned:
                toned[lane.tone_key] = render_tone(
                    with_statistics(frame, lane.statistics_request, self.wider_statistics or ()),
                    lane.normalizer,
                    depth=lane.writer.depth(),
                    invert=lane.lane.invert,
                )
            key = lane.picture_key(frame)
            if key not in finished:
                display, tone = toned[lane.tone_key]
                finished[key] = lane.finish(display, frame), tone
            picture, tone = finished[key]
            self._note(picture.notes)
            yield lane, picture, tone

    def _requests(self) -> list[StatisticsRequest]:
        return list(dict.fromkeys(lane.statistics_request for lane in self.lanes))

    def _gather_instance_statistics(self) -> None:
        if not any(map(_needs_more_frames, self.lanes)):
            return
        if self.wider_statistics is None and self.wide_requests:
            # The statistics pass could not read this input.  Decoding it again fails in the same
            # place, and that error is the reason to report.
            for _ in self.frames():
                pass
        requests = [request for request in self._requests() if request.scope == "instance"]
        if requests:
            percentiles = any(request.percentiles for request in requests)
            held = gather(self.frames(), percentiles=percentiles).items()
            found = [part.statistics(each, units) for each in requests for units, part in held]
            self.wider_statistics = (*(self.wider_statistics or ()), *found)

    def _copies(self, frame_number: int) -> Copies | None:
        """Return what the lanes make of a frame without decoding it; None if one needs pixels."""
        # Asked before a reader checks a stream that no lane would copy.
        for lane in self.lanes:
            if self.policy == "salvage" or not lane.may_copy:
                return None
        copies = Copies.of(self.instance.read_encoded(frame_number - 1), self.lanes)
        if copies is not None and self.policy == "strict":
            # Only decoding shows whether the stream can be decoded.
            self._frame(frame_number)
        return copies

    def _decoded(self, frame_number: int) -> Frame | None:
        """Return a frame; None for a damaged one that the policy ``salvage`` leaves out."""
        try:
            frame = self._frame(frame_number)
        except InputError as error:
            if self.policy == "default" and len(self.frame_numbers) > 1:
                raise with_salvage_hint(error) from error
            if self.policy != "salvage" or len(self.frame_numbers) == 1:
                raise
            self.salvaged = True
            message = with_frame_number(error, frame_number, self.frame_count).message
            self._note([f"Left out: {message}"])
            return None
        self.salvaged = self.salvaged or bool(frame.salvaged)
        return frame

    def _frame(self, frame_number: int) -> Frame:
        frame = self._only_frame or self.instance.read_frame(frame_number - 1)
        if self.frame_count == 1:
            # The only frame is not decoded again after the statistics pass has seen it.
            self._only_frame = frame
        return frame

    def _note(self, notes: Sequence[str]) -> None:
        """Add the notes that are new; under ``strict``, fail on the first."""
        if not notes:
            return
        new = [note for note in dict.fromkeys(notes) if note not in self.notes]
        self.notes += new
        if new and self.policy == "strict":
            raise not_strict(new[0])


def _needs_more_frames(lane: LoadedLane) -> bool:
    return lane.statistics_request.scope != "frame"


def _check_any(is_any: bool) -> None:
    if not is_any:
        raise InputError(
            "No frame could be decoded.",
            hint="Run with --policy default to see why.",
            reason="damaged",
        )


def not_strict(note: str) -> InputError:
    """Return the failure of an input that has a note under the policy ``strict``."""
    return InputError(
        f"Failed because of --policy strict: {note}",
        hint="Use --policy default if that is acceptable for such files.",
        reason="strict",
    )
