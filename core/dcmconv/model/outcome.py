"""The outcome of one input, Converted, Skipped or Failed, and the summary of a run.

The fields of an outcome are those of its line in the journal; the text of each ``Annotated`` is its
description in the journal's JSON Schema.
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from dcmconv.model.records import public_record

if TYPE_CHECKING:
    from dcmconv.model.inputs import Reference, Rejected

__all__ = [
    "PICTURE_COLUMNS",
    "Converted",
    "Failed",
    "InputOutcome",
    "NotConverted",
    "Outcome",
    "OutputFile",
    "Skipped",
    "Summary",
    "counted",
    "finite",
]

PICTURE_COLUMNS = ("rows", "columns", "tone")
"""Fields of a picture that a tag table can have as columns, next to attributes."""


@public_record(frozen=True, kw_only=True)
class OutputFile:
    """One picture that was written."""

    path: Annotated[str, "Relative to the output folder, with forward slashes."]
    output: Annotated[str, "The id of the chain's output that made it."]
    frame_number: Annotated[int, "Counted from 1."]
    size: Annotated[int, "In bytes."]
    sha256: Annotated[str, "Of the file, in hexadecimal."]
    rows: Annotated[int, "Of the picture."]
    columns: Annotated[int, "Of the picture."]
    tone: Annotated[
        str,
        "Which curve was used and where it came from; empty for color pictures.",
    ] = ""
    salvaged: Annotated[
        bool,
        "Pixels are missing and drawn as background; only under the policy salvage.",
    ] = False


@public_record(frozen=True, kw_only=True)
class InputOutcome:
    """Base of the three outcomes: picklable, small, and one line of the journal.

    ``attributes`` has only those that a tag table asked for, and ``frame_attributes`` the same by
    frame number for frames where they differ.  ``printed`` is what plugins printed while they
    worked on the input.  ``unchanged`` is true if an earlier run had this outcome and nothing has
    changed since.  None of them is in the journal.
    """

    status: ClassVar[str] = ""

    input: Annotated[str, "The name of the input, relative to the INPUT argument."]
    locator: Annotated[str, "Identifies the input between runs, such as its absolute path."]
    size: Annotated[int | None, "Of the input, in bytes; null if unknown."] = None
    mtime_ns: Annotated[
        int | None, "When the input was last modified, in nanoseconds since 1970; null if unknown."
    ] = None
    seconds: Annotated[float, "How long a worker took."] = 0.0
    notes: Annotated[tuple[str, ...], "What was doubtful in the input and how it was read."] = ()
    attributes: dict[str, object] = field(default_factory=dict)
    frame_attributes: dict[int, dict[str, object]] = field(default_factory=dict)
    printed: str = ""
    unchanged: bool = False


@public_record(frozen=True, kw_only=True)
class Converted(InputOutcome):
    """Every wanted picture was written."""

    status: ClassVar[Literal["converted"]] = "converted"

    outputs: Annotated[tuple[OutputFile, ...], "The pictures."] = ()
    transfer_syntax: Annotated[str, "UID of the Transfer Syntax of the input."] = ""
    decoder: Annotated[str, "What decoded the pixels."] = ""
    salvaged: Annotated[bool, "Frames or pixels are missing; only under the policy salvage."] = (
        False
    )


@public_record(frozen=True, kw_only=True)
class NotConverted(InputOutcome):
    """Base of ``Skipped`` and ``Failed``: no picture, and the reason."""

    reason: Annotated[str, "One stable word, such as truncated."]
    message: Annotated[str, "What was found, and what was expected."]
    hint: Annotated[str, "What to do next; may be empty."] = ""

    @classmethod
    def of(cls, found: Reference | Rejected, *, reason: str, message: str, hint: str = "") -> Self:
        """Return the outcome of a reference or of a rejected input."""
        return cls(
            input=found.key,
            locator=found.locator,
            size=found.size,
            mtime_ns=found.mtime_ns,
            reason=reason,
            message=message,
            hint=hint,
        )

    @classmethod
    def instead_of(
        cls, outcome: InputOutcome, *, reason: str, message: str, hint: str = ""
    ) -> Self:
        """Return this outcome in place of another one of the same input."""
        return cls(
            input=outcome.input,
            locator=outcome.locator,
            size=outcome.size,
            mtime_ns=outcome.mtime_ns,
            seconds=outcome.seconds,
            notes=outcome.notes,
            reason=reason,
            message=message,
            hint=hint,
        )


@public_record(frozen=True, kw_only=True)
class Skipped(NotConverted):
    """Not converted, and that is not an error."""

    status: ClassVar[Literal["skipped"]] = "skipped"


@public_record(frozen=True, kw_only=True)
class Failed(NotConverted):
    """Could not be converted."""

    status: ClassVar[Literal["failed"]] = "failed"

    frame_number: Annotated[int | None, "The frame that failed; null if not known."] = None


Outcome = Converted | Skipped | Failed
"""What a run yields: ``status`` and ``isinstance`` tell type checkers which of the three it is."""


@public_record(frozen=True, kw_only=True)
class Summary:
    """The counts of a run."""

    converted: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    pictures: int = 0
    seconds: float = 0.0
    reasons: dict[str, int] = field(default_factory=dict)
    stopped: str = ""
    failed_before: int = 0
    """Failures of earlier runs that were not tried again; included in ``failed``."""
    salvaged: int = 0
    """Inputs that could be converted only in part."""
    missing: int = 0
    """Pictures of earlier runs that no longer exist."""
    altered: int = 0
    """Pictures of earlier runs that differ from what the journal says."""
    left_behind: int = 0
    """Pictures of earlier runs that the changed input or chain no longer produces."""
    with_notes: int = 0
    """Inputs with at least one note, unchanged ones included."""
    notes: dict[str, int] = field(default_factory=dict)
    """Each kind of note with its number of inputs; # stands for numbers that differ."""

    @property
    def inputs(self) -> int:
        """How many inputs have an outcome."""
        return self.converted + self.skipped + self.failed


def counted(number: int, word: str) -> str:
    """Return a number and its noun: ``1 input``, ``2 inputs``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def finite(value: Any) -> Any:
    """Return a value for JSON, which has no NaN and no infinity (RFC 8259, section 6).

    Each non-finite number becomes None, also inside lists and mappings.

    >>> finite({"FrameTime": [40.0, float("nan")]})
    {'FrameTime': [40.0, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, list | tuple) else value
