"""Statistics of more than one frame: gathered in a pass of their own, then lent to each frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dcmconv.errors import InputError
from dcmconv.frame import Frame
from dcmconv.survey import Gathered, Survey, Surveyed

__all__ = ["WIDE_SCOPES", "gather", "informed"]

WIDE_SCOPES = frozenset({"series", "run"})
"""Scopes that reach beyond one input."""


def gather(frames: Iterable[Frame], *, percentiles: bool) -> dict[str, Gathered]:
    """Return what frames hold, by their units; one frame at a time is in memory.

    Frames with colours of their own and labels take no part: no normalizer scales them.
    """
    found: dict[str, Gathered] = {}
    for frame in frames:
        if not _is_scaled(frame):
            continue
        gathered = Gathered.of(frame, percentiles=percentiles)
        before = found.get(frame.units)
        found[frame.units] = before.merged(gathered) if before else gathered
    return found


def informed(frame: Frame, survey: Survey, known: Sequence[Surveyed]) -> Frame:
    """Return the frame with the statistics that a normalizer has asked for.

    Raises
    ------
    InputError
        If the survey did not meet these values: it could not read the input, or another one stood
        there.
    """
    if survey.scope == "frame" or not _is_scaled(frame):
        return frame
    for surveyed in known:
        if surveyed.survey == survey and surveyed.units == frame.units:
            return replace(frame, surveyed=surveyed)
    raise InputError(
        f"The statistics of the {survey.scope} were taken without it: it could not be read then, "
        "or was changed since.",
        hint="Run again when nothing writes to it any more.",
        reason="changed",
    )


def _is_scaled(frame: Frame) -> bool:
    return not (frame.is_color or frame.is_label)
