"""The small records that travel between the engine and its workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from dcmconv.chain.plan import Plan
from dcmconv.model.inputs import Reference
from dcmconv.model.outcome import Converted, Outcome, OutputFile
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
"""Of one input, that its outcome keeps."""

PART_PREFIX = ".dcmconv-"
"""How every unfinished file begins; nothing else that dcmconv writes does."""


@dataclass(frozen=True)
class WorkerSetup:
    """What a worker needs once: the plan, and the folder for unfinished files."""

    plan: Plan
    parts: str


@dataclass(frozen=True)
class SplitRequest:
    """An input has so many wanted frames, which several workers may convert.

    ``fingerprint`` is size and time of change of the file in which they were counted.
    """

    frame_count: int
    fingerprint: tuple[int, int] | None = None


class FrameSlice(NamedTuple):
    """Some of the wanted frames of an input: from ``first``, counted from 0, to before ``end``."""

    first: int
    end: int
    spread: SplitRequest
    """What was found when the frames were counted: it has to be so still."""


@dataclass(frozen=True)
class ConversionTask:
    """One input to convert.

    Parameters
    ----------
    reference : Reference
        What to open.
    source : int
        Which of the plan's sources opens it.
    label : str
        Starts the names of the unfinished files, so that they are found when the worker dies.
    known : Converted, optional
        The pictures are there already; only the attributes for the tag table are wanted.
    wider_statistics : tuple of WiderStatistics
        The statistics of its series and of the run, where its lanes ask for them; None where there
        was no statistics pass, or it could not read the input.
    may_split : bool
        The answer may be ``SplitRequest``, instead of pictures, where there are many frames.
    piece : FrameSlice, optional
        Convert these frames only: one of the pieces of an input that was spread.
    """

    reference: Reference
    source: int
    label: str
    known: Converted | None = None
    wider_statistics: tuple[WiderStatistics, ...] | None = None
    may_split: bool = False
    piece: FrameSlice | None = None


@dataclass(frozen=True)
class StatisticsTask:
    """One input to look at before any is converted; the fields are those of ``ConversionTask``."""

    reference: Reference
    source: int


class StatisticsGroup(NamedTuple):
    """Whose values are thrown together; ``group`` is a Series Instance UID, empty for the run."""

    request: StatisticsRequest
    group: str
    units: str


@dataclass(frozen=True)
class StatisticsReport:
    """What one input adds to which pools: nothing where no lane asks, or no frame is gray.

    ``is_whole`` is False where the input could not be read.
    """

    is_whole: bool = True
    added: tuple[tuple[StatisticsGroup, PartialStatistics], ...] = ()


@dataclass(frozen=True)
class Part:
    """A picture that is written but not published; ``output.path`` is the name that it asks for."""

    path: str
    output: OutputFile


@dataclass(frozen=True)
class ConversionReport:
    """What a worker says of one input: the outcome, still without outputs, and the parts."""

    outcome: Outcome
    parts: tuple[Part, ...] = ()
    traceback: str = ""
    """Of an unexpected error, where the run asks for tracebacks."""
