"""Statistics of more than one frame: gathered in a pass of their own, then lent to each frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dcmconv.errors import InputError
from dcmconv.model.frame import Frame
from dcmconv.model.statistics_request import PartialStatistics, StatisticsRequest, WiderStatistics

__all__ = ["WIDE_SCOPES", "gather", "with_statistics"]

WIDE_SCOPES = frozenset({"series", "run"})
"""Scopes that reach beyond one input."""


def gather(frames: Iterable[Frame], *, percentiles: bool) -> dict[str, PartialStatistics]:
    """Return what frames hold, by their units; one frame at a time is in memory.

    Frames with colours of their own and labels take no part: no normalizer scales them.
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
    """Return the frame with the statistics that a normalizer has asked for.

    Raises
    ------
    InputError
        If the statistics pass did not see these values: it could not read the input, or the file
        was another one then.
    """
    if request.scope == "frame" or not _is_scaled(frame):
        return frame
    for wider_statistics in known:
        if wider_statistics.request == request and wider_statistics.units == frame.units:
            return replace(frame, wider_statistics=wider_statistics)
    raise InputError(
        f"The statistics of the {request.scope} were taken without it: it could not be read then, "
        "or was changed since.",
        hint="Run again when nothing writes to it any more.",
        reason="changed",
    )


def _is_scaled(frame: Frame) -> bool:
    return not (frame.is_color or frame.is_label)
