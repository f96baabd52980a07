"""The small records that travel between the engine and its workers."""

from __future__ import annotations

from typing import NamedTuple

from dcmconv.chain.plan import Plan
from dcmconv.model.inputs import Reference
from dcmconv.model.outcome import Converted, Outcome, OutputFile
from dcmconv.model.records import record
from dcmconv.model.statistics import PartialStatistics, StatisticsRequest, WiderStatistics

__all__ = [
    "MOST_NOTES",
    "PART_PREFIX",
    "ConversionReport",
    "ConversionTask",
    "FrameSlice",
    "Part",
    "SplitRequest",
    "StatisticsGroup",
    "StatisticsReport",
    "StatisticsTask",
    "WorkerSetup",
]

MOST_NOTES = 20
"""How many notes on one input its outcome keeps."""

PART_PREFIX = ".dcmconv-"
"""The names of unfinished files start with this; no other file that dcmconv writes does."""


@record(frozen=True)
class WorkerSetup:
    """What a worker needs once: the plan, and the folder for unfinished files."""

    plan: Plan
    parts: str


@record(frozen=True)
class SplitRequest:
    """A worker's answer when an input has so many wanted frames that several workers may share.

    ``fingerprint`` is the size and modification time of the file in which they were counted.
    """

    frame_count: int
    fingerprint: tuple[int, int] | None = None


class FrameSlice(NamedTuple):
    """Some of the wanted frames of an input: from index ``first`` up to, not including, ``end``."""

    first: int
    end: int
    request: SplitRequest
    """What was found when the frames were counted; the file must still be the same."""


@record(frozen=True)
class ConversionTask:
    """One input to convert.

    Parameters
    ----------
    reference : Reference
        What to open.
    source : int
        Index of the source that opens it, among the plan's sources.
    label : str
        Starts the names of its unfinished files, so that they are found if the worker dies.
    known : Converted, optional
        The pictures exist already; only the attributes for the tag table are wanted.
    wider_statistics : tuple of WiderStatistics
        The statistics of its series and of the run, where its lanes need them; None if there was
        no statistics pass, or it could not read the input.
    may_split : bool
        The worker may answer with a ``SplitRequest`` instead of pictures.
    frame_slice : FrameSlice, optional
        Convert only these frames.
    """

    reference: Reference
    source: int
    label: str
    known: Converted | None = None
    wider_statistics: tuple[WiderStatistics, ...] | None = None
    may_split: bool = False
    frame_slice: FrameSlice | None = None


@record(frozen=True)
class StatisticsTask:
    """One input to read for statistics only; the fields are those of ``ConversionTask``."""

    reference: Reference
    source: int


class StatisticsGroup(NamedTuple):
    """Which frames share statistics; ``group`` is a Series Instance UID, empty for the run."""

    request: StatisticsRequest
    group: str
    units: str


@record(frozen=True)
class StatisticsReport:
    """What one input adds to which groups: nothing if no lane asks, or no frame is grayscale.

    ``is_whole`` is False if the input could not be read.
    """

    is_whole: bool = True
    added: tuple[tuple[StatisticsGroup, PartialStatistics], ...] = ()


@record(frozen=True)
class Part:
    """A picture that is written but not published; ``output.path`` is the name it asks for.

    ``suffix`` is the ending of that name, such as ``.nii.gz``.
    """

    path: str
    output: OutputFile
    suffix: str = ""


@record(frozen=True)
class ConversionReport:
    """A worker's answer for one input: the outcome, still without outputs, and the parts."""

    outcome: Outcome
    parts: tuple[Part, ...] = ()
    traceback: str = ""
    """Of an unexpected error, if the run asks for tracebacks."""
