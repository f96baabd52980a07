"""Frames that the file holds as ordinary pictures: copied, where nobody asks anything of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dcmconv.model.inputs import EncodedFrame
from dcmconv.render.lane import LoadedLane

__all__ = ["COPIED", "Copies"]

COPIED = "copied"
"""Stands in the outcome for the decoder."""


@dataclass(frozen=True)
class Copies:
    """One encoded frame, and what each lane makes of it without decoding."""

    encoded: EncodedFrame
    made: tuple[tuple[LoadedLane, bytes], ...]

    @classmethod
    def of(cls, encoded: EncodedFrame | None, lanes: Sequence[LoadedLane]) -> Copies | None:
        """Return the copies; None where a lane needs pixels, so that they are decoded anyway."""
        if encoded is None:
            return None
        made = []
        for lane in lanes:
            data = lane.copy(encoded)
            if data is None:
                return None
            made.append((lane, data))
        return cls(encoded, tuple(made))
