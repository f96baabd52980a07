"""Frames of an open input: which are wanted, their statistics, and errors that name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dcmconv.errors import DcmconvError, InputError, SkipInput
from dcmconv.model.frame import Frame
from dcmconv.model.statistics import PartialStatistics, StatisticsRequest, WiderStatistics

__all__ = [
    "WIDE_SCOPES",
    "gather",
    "naming_the_frame",
    "wanted_frames",
    "with_frame_number",
    "with_salvage_hint",
    "with_statistics",
]

WIDE_SCOPES = frozenset({"series", "run"})
"""Scopes that reach beyond one input."""


def wanted_frames(ranges: tuple[tuple[int, int | None], ...], frame_count: int) -> tuple[int, ...]:
    """Return the frame numbers in the ranges, in the file's order; all if there are no ranges.

    Raises
    ------
    InputError
        If a range begins after the last frame.
    """
    if not ranges:
        return tuple(range(1, frame_count + 1))
    # A set: ranges may overlap, and each frame is converted once.
    wanted: set[int] = set()
    for first, last in ranges:
        if first > frame_count:
            raise InputError(
                f"Frame {first} does not exist; the last frame is {frame_count}.",
                hint="Choose existing frames, for example --frames "
                + ("1" if frame_count == 1 else f"1-{frame_count}"),
                reason="no-such-frame",
            )
        # Only the first frame of a range must exist: 1-100 is valid for shorter files too.
        wanted.update(range(first, min(last or frame_count, frame_count) + 1))
    return tuple(sorted(wanted))


class naming_the_frame:  # noqa: N801 - reads as a statement, and costs less than a generator
    """Put the frame number before an error message, if there is more than one frame."""

    def __init__(self, frame_number: int, frame_count: int) -> None:
        self._frame_number = frame_number
        self._frame_count = frame_count

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or not isinstance(error, DcmconvError) or isinstance(error, SkipInput):
            return
        if self._frame_count > 1:
            raise with_frame_number(error, self._frame_number, self._frame_count) from error


def with_frame_number(error: DcmconvError, frame_number: int, frame_count: int) -> DcmconvError:
    """Return the error with the number of its frame, if there is more than one."""
    if frame_count == 1:
        return error
    # Error classes add no __init__, so each of them takes these three arguments.
    return type(error)(f"Frame {frame_number}: {error.message}", error.hint, error.reason)


def with_salvage_hint(error: InputError) -> InputError:
    """Return the error of one frame among several with a hint at the policy that leaves it out."""
    if error.reason not in ("damaged", "mismatch", "truncated"):
        return error  # such as a limit, which every frame exceeds
    hint = "Or leave out frames that cannot be decoded: --policy salvage"
    return InputError(error.message, f"{error.hint}\n{hint}".lstrip(), error.reason)


def gather(frames: Iterable[Frame], *, percentiles: bool) -> dict[str, PartialStatistics]:
    """Return the statistics of frames by their units; one frame at a time is in memory.

    Color and label frames are left out, because no normalizer scales them.
    """
    found: dict[str, PartialStatistics] = {}
    for frame in frames:
        if not _is_scaled(frame):
            continue
        gathered = PartialStatistics.of(frame, percentiles=percentiles)
        before = found.get(frame.units)
        found[frame.units] = before.merged(gathered) if before else gathered
    return found


def with_statistics(
    frame: Frame, request: StatisticsRequest, known: Sequence[WiderStatistics]
) -> Frame:
    """Return the frame with the statistics that a normalizer requests.

    Raises
    ------
    InputError
        If the statistics pass did not see these values: it could not read the input, or the file
        has changed since.
    """
    if request.scope == "frame" or not _is_scaled(frame):
        return frame
    for wider_statistics in known:
        if wider_statistics.request == request and wider_statistics.units == frame.units:
            return replace(frame, wider_statistics=wider_statistics)
    raise InputError(
        f"The statistics of the {request.scope} do not include this input: it could not be read "
        "during the statistics pass, or has changed since.",
        hint="Run again when no other program is writing to the file.",
        reason="changed",
    )


def _is_scaled(frame: Frame) -> bool:
    return not (frame.is_color or frame.is_label)
