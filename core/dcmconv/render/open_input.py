"""An input that is open: the encoded pictures of every lane, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from dcmconv.errors import InputError
from dcmconv.model.frame import Frame
from dcmconv.model.inputs import Instance
from dcmconv.model.picture import Picture
from dcmconv.model.statistics_request import StatisticsRequest, WiderStatistics
from dcmconv.render.copies import COPIED, Copies
from dcmconv.render.frame_numbers import naming_the_frame
from dcmconv.render.frame_statistics import WIDE_SCOPES, gather, with_statistics
from dcmconv.render.lane import LoadedLane
from dcmconv.render.tone import render_tone

__all__ = ["EncodedPicture", "OpenInput", "not_strict"]


@dataclass(frozen=True)
class EncodedPicture:
    """One picture, ready to be published."""

    lane_id: str
    frame_number: int
    data: bytes
    rows: int
    columns: int
    tone: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Those of the frame, for names."""
    salvaged: bool = False
    """Pixels are missing."""


@dataclass
class OpenInput:
    """An input that a reader has opened, and the lanes that its attributes lead to."""

    instance: Instance
    lanes: tuple[LoadedLane, ...]
    frame_numbers: tuple[int, ...]
    wider_statistics: tuple[WiderStatistics, ...] | None = None
    """Statistics of the series and of the run, for the lanes that ask for them; None where there
    was no statistics pass, or it could not read this input."""
    policy: str = "default"
    """``strict`` fails where something has to be noted, ``salvage`` leaves damaged frames out."""
    notes: list[str] = field(default_factory=list)
    decoder: str = ""
    salvaged: bool = False
    """Frames or pixels are missing; known after the pictures."""
    _only_frame: Frame | None = None

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
        """What the lanes ask of statistics that reach beyond this input."""
        requests = dict.fromkeys(lane.statistics_request for lane in self.lanes)
        return [request for request in requests if request.scope in WIDE_SCOPES]

    def frames(self) -> Iterator[Frame]:
        """Decode every frame, wanted or not, and keep none: for statistics."""
        for frame_number in range(1, self.frame_count + 1):
            frame = self._wanted_frame(frame_number)
            if frame is not None:
                yield frame

    def pictures(self) -> Iterator[EncodedPicture]:
        """Decode each wanted frame once and yield its pictures, lane by lane.

        A lane that asks for statistics of the instance has all frames decoded once more, before;
        a frame that every lane takes as the file holds it is not decoded, but under ``strict``.
        """
        self.decoder = self.instance.decoder
        self._gather_instance_statistics()
        for frame_number, frame in self._wanted_frames(self._copies):
            with naming_the_frame(frame_number, self.frame_count):
                if isinstance(frame, Copies):
                    self.decoder = COPIED
                    yield from self._copied_pictures(frame, frame_number)
                else:
                    self.decoder = frame.decoder or self.decoder
                    yield from self._pictures_of(frame, frame_number)

    def finished_pictures(self) -> Iterator[tuple[Picture, LoadedLane]]:
        """Yield pictures before they are encoded: what the Python API hands out."""
        self._gather_instance_statistics()
        for frame_number, found in self._wanted_frames():
            frame = cast("Frame", found)
            with naming_the_frame(frame_number, self.frame_count):
                for lane, toned, _ in self._toned(frame):
                    picture = lane.finish(toned, frame)
                    self._note(picture.notes)
                    yield picture, lane

    def _gather_instance_statistics(self) -> None:
        if self.wider_statistics is None and self.wide_requests:
            # What stopped the request stops this as well, and is the reason to report.
            for _ in self.frames():
                pass
        requests = dict.fromkeys(lane.statistics_request for lane in self.lanes)
        asked = [request for request in requests if request.scope == "instance"]
        if asked:
            percentiles = any(request.percentiles for request in asked)
            held = gather(self.frames(), percentiles=percentiles).items()
            found = [each.statistics(request, units) for request in asked for units, each in held]
            self.wider_statistics = (*(self.wider_statistics or ()), *found)

    def _wanted_frames(
        self, copies: Callable[[int], Copies | None] = lambda frame_number: None
    ) -> Iterator[tuple[int, Frame | Copies]]:
        """Yield the wanted frames with their numbers; those that are left out are noted."""
        given = 0
        for frame_number in self.frame_numbers:
            frame = copies(frame_number) or self._wanted_frame(frame_number)
            if frame is not None:
                given += 1
                with naming_the_frame(frame_number, self.frame_count):
                    self._note(frame.encoded.notes if isinstance(frame, Copies) else frame.notes)
                yield frame_number, frame
        if not given:
            raise InputError(
                "Not one frame of it can be decoded.",
                hint="Copy the file again from its source; --policy default says what is wrong.",
                reason="truncated",
            )

    def _copies(self, frame_number: int) -> Copies | None:
        """Return what is made of a frame without decoding it; None where that is not possible."""
        if self.policy == "salvage":
            return None
        with naming_the_frame(frame_number, self.frame_count):
            copies = Copies.of(self.instance.read_encoded(frame_number - 1), self.lanes)
            if copies is not None and self.policy == "strict":
                # Whether it can be decoded is known when it has been.
                self._frame(frame_number)
        return copies

    def _wanted_frame(self, frame_number: int) -> Frame | None:
        """Return a frame; None for one that is damaged, where that is tolerated."""
        try:
            with naming_the_frame(frame_number, self.frame_count):
                frame = self._frame(frame_number)
        except InputError as error:
            if self.policy != "salvage" or len(self.frame_numbers) == 1:
                raise
            self.salvaged = True
            self._note([f"Left out: {error.message}"])
            return None
        self.salvaged = self.salvaged or bool(frame.salvaged)
        return frame

    def _note(self, notes: Iterable[str]) -> None:
        """Keep what is new; under ``strict``, that is a failure."""
        new = [note for note in dict.fromkeys(notes) if note not in self.notes]
        self.notes += new
        if new and self.policy == "strict":
            raise not_strict(new[0])

    def _frame(self, frame_number: int) -> Frame:
        frame = self._only_frame or self.instance.read_frame(frame_number - 1)
        if self.frame_count == 1:
            # No second decoding where the statistics pass has seen the only frame.
            self._only_frame = frame
        return frame

    def _copied_pictures(self, copies: Copies, frame_number: int) -> Iterator[EncodedPicture]:
        encoded = copies.encoded
        for lane, data in copies.made:
            yield EncodedPicture(
                lane_id=lane.lane.id,
                frame_number=frame_number,
                data=data,
                rows=encoded.rows,
                columns=encoded.columns,
                attributes=encoded.attributes,
            )

    def _pictures_of(self, frame: Frame, frame_number: int) -> Iterator[EncodedPicture]:
        for lane, toned, tone in self._toned(frame):
            picture = lane.finish(toned, frame)
            self._note(picture.notes)
            yield EncodedPicture(
                lane_id=lane.lane.id,
                frame_number=frame_number,
                data=lane.encode(picture),
                tone=tone,
                rows=picture.rows,
                columns=picture.columns,
                attributes=frame.attributes,
                salvaged=bool(frame.salvaged),
            )

    def _toned(self, frame: Frame) -> Iterator[tuple[LoadedLane, Picture, str]]:
        """Yield every lane with its picture after the tone stage, which equal lanes share."""
        done: dict[Any, tuple[Picture, str]] = {}
        for lane in self.lanes:
            if lane.tone_key not in done:
                done[lane.tone_key] = render_tone(
                    with_statistics(frame, lane.statistics_request, self.wider_statistics or ()),
                    lane.normalizer,
                    depth=lane.writer.depth(),
                    invert=lane.lane.invert,
                )
            picture, tone = done[lane.tone_key]
            yield lane, picture, tone


def not_strict(note: str) -> InputError:
    """Return the failure of an input that is tolerated by other policies than ``strict``."""
    return InputError(
        f"The policy is strict, and this has to be noted: {note}",
        hint="Use --policy default, if what was decided there is right for such files.",
        reason="strict",
    )
