"""What became of one input: Converted, Skipped or Failed; and of a whole run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from dcmconv.model.inputs import Reference, Rejected

__all__ = [
    "Converted",
    "Failed",
    "NotConverted",
    "Outcome",
    "OutputFile",
    "Skipped",
    "Summary",
    "finite",
]


@dataclass(frozen=True, kw_only=True)
class OutputFile:
    """One picture that was written.

    ``path`` is relative to the output folder, with forward slashes.  ``tone`` says which curve was
    used and where it came from; it is empty for pictures that had colours of their own.
    """

    path: str
    output: str
    frame_number: int
    size: int
    sha256: str
    rows: int
    columns: int
    tone: str = ""
    salvaged: bool = False
    """Pixels are missing, and are drawn as background; only under the policy ``salvage``."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Base of the three outcomes; picklable, small, and one line of the journal.

    ``input`` is the input's relative name, ``locator`` what it is found by again.  ``attributes``
    holds only what a tag table asked for.  ``unchanged`` says that an earlier run has found this
    out, and nothing has changed since.
    """

    status: ClassVar[str] = ""

    input: str
    locator: str
    size: int | None = None
    mtime_ns: int | None = None
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    attributes: dict[str, object] = field(default_factory=dict)
    unchanged: bool = False


@dataclass(frozen=True, kw_only=True)
class Converted(Outcome):
    """Every picture that was asked for is there."""

    status = "converted"

    outputs: tuple[OutputFile, ...] = ()
    transfer_syntax: str = ""
    decoder: str = ""
    salvaged: bool = False
    """Frames or pixels are missing; only under the policy ``salvage``."""


@dataclass(frozen=True, kw_only=True)
class NotConverted(Outcome):
    """Base of ``Skipped`` and ``Failed``: no picture, and the reason."""

    reason: str
    message: str
    hint: str = ""

    @classmethod
    def of(cls, found: Reference | Rejected, *, reason: str, message: str, hint: str = "") -> Self:
        """Return the outcome of something that a source found."""
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
    def instead_of(cls, outcome: Outcome, *, reason: str, message: str, hint: str = "") -> Self:
        """Return the outcome of an input that was on its way to another one."""
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


@dataclass(frozen=True, kw_only=True)
class Skipped(NotConverted):
    """Nothing to convert, and nothing wrong with that."""

    status = "skipped"


@dataclass(frozen=True, kw_only=True)
class Failed(NotConverted):
    """Should have been converted and could not be."""

    status = "failed"

    frame_number: int | None = None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A run in numbers."""

    converted: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    pictures: int = 0
    seconds: float = 0.0
    reasons: dict[str, int] = field(default_factory=dict)
    stopped: str = ""
    failed_before: int = 0
    """Failures of earlier runs that were not tried again; counted in ``failed`` as well."""
    salvaged: int = 0
    """Inputs of which only a part could be converted."""
    missing: int = 0
    """Pictures of earlier runs that were gone."""
    altered: int = 0
    """Pictures of earlier runs that were no longer what the journal says."""
    left_behind: int = 0
    """Pictures of earlier runs that their input has no more, by its content or the chain's."""

    @property
    def inputs(self) -> int:
        """How many inputs were accounted for."""
        return self.converted + self.skipped + self.failed


def finite(value: Any) -> Any:
    """Return the value with None for each number that is none, also inside lists and mappings.

    >>> finite({"FrameTime": [40.0, float("nan")]})
    {'FrameTime': [40.0, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, list | tuple) else value
