"""Frame numbers to take: ``1,3-5,8-`` counts from 1, and an open range ends with the instance."""

from __future__ import annotations

import re

from dcmconv.chain.spec import FrameRange
from dcmconv.errors import UsageError

__all__ = ["frames_as_text", "parse_frames"]

_RANGE = re.compile(r"([0-9]+)(?:(-)([0-9]+)?)?")

MOST_FRAMES = 2**31 - 1
"""What Number of Frames (0028,0008) can hold: an IS of 32 bits (PS3.5 table 6.2-1)."""


def parse_frames(text: str) -> tuple[FrameRange, ...]:
    """Read frame numbers; ``all`` gives no range, which means every frame.

    Raises
    ------
    UsageError
        If a piece is no number and no range, counts from 0, or runs backwards.
    """
    if text.strip() == "all":
        return ()
    return tuple(_range(piece.strip()) for piece in text.split(","))


def frames_as_text(frames: tuple[FrameRange, ...]) -> str:
    """Return the ranges in the form that ``parse_frames`` reads."""
    pieces = [
        str(first) if first == last else f"{first}-{'' if last is None else last}"
        for first, last in frames
    ]
    return ",".join(pieces) or "all"


def _range(piece: str) -> FrameRange:
    found = _RANGE.fullmatch(piece)
    if found is None:
        raise _refusal(piece, "is neither a frame number nor a range")
    if any(
        len(number or "") > 10 or int(number or 0) > MOST_FRAMES for number in found.group(1, 3)
    ):
        raise _refusal(piece, f"is more than there can be; there are at most {MOST_FRAMES} frames")
    first = int(found[1])
    last = (int(found[3]) if found[3] else None) if found[2] else first
    if first < 1:
        raise _refusal(piece, "counts from 0; frames count from 1")
    if last is not None and last < first:
        raise _refusal(piece, "runs backwards")
    return first, last


def _refusal(piece: str, what: str) -> UsageError:
    return UsageError(f"Frames: '{piece}' {what}.", hint="Write for example 1,3-5 or 10- or all.")
