"""The outcome of one input: Converted, Skipped or Failed; and the summary of a run."""

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
    used and where it came from; it is empty for color pictures.
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

    ``input`` is the input's relative name, ``locator`` what it can be opened by again.
    ``attributes`` has only those of the tag table.  ``unchanged`` says that this is the outcome of
    an earlier run, and nothing has changed since.
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
    """Every wanted picture was written."""

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
    def instead_of(cls, outcome: Outcome, *, reason: str, message: str, hint: str = "") -> Self:
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


@dataclass(frozen=True, kw_only=True)
class Skipped(NotConverted):
    """Not converted, and that is not an error."""

    status = "skipped"


@dataclass(frozen=True, kw_only=True)
class Failed(NotConverted):
    """Could not be converted."""

    status = "failed"

    frame_number: int | None = None


@dataclass(frozen=True, kw_only=True)
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

    @property
    def inputs(self) -> int:
        """How many inputs have an outcome."""
        return self.converted + self.skipped + self.failed


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
