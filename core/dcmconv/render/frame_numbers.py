"""Which frames are wanted, and errors that name theirs."""

from __future__ import annotations

from dcmconv.errors import DcmconvError, InputError, SkipInput

__all__ = ["naming_the_frame", "wanted_frames"]


def wanted_frames(ranges: tuple[tuple[int, int | None], ...], frame_count: int) -> tuple[int, ...]:
    """Return the frame numbers that the ranges name, in the file's order; all for no ranges.

    Raises
    ------
    InputError
        If a range lies wholly beyond the last frame.
    """
    if not ranges:
        return tuple(range(1, frame_count + 1))
    wanted: set[int] = set()
    for first, last in ranges:
        if first > frame_count:
            raise InputError(
                f"Frame {first} was asked for, and there are {frame_count}.",
                hint=f"Use --frames with numbers from 1 to {frame_count}.",
                reason="no-such-frame",
            )
        wanted.update(range(first, min(last or frame_count, frame_count) + 1))
    return tuple(sorted(wanted))


class naming_the_frame:  # noqa: N801 - reads as a statement, and costs less than a generator
    """Put the frame's number before an error's sentence, where there is more than one frame."""

    def __init__(self, frame_number: int, frame_count: int) -> None:
        self._frame_number = frame_number
        self._frame_count = frame_count

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, DcmconvError) or isinstance(error, SkipInput):
            return
        if self._frame_count > 1:
            raise type(error)(
                f"Frame {self._frame_number}: {error.message}", error.hint, error.reason
            ) from error
