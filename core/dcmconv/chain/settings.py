"""The settings of a run: one field is one setting.

Its flag, help text, YAML key, Python keyword, completion, JSON Schema and reference row are all
derived from the field.  To add a setting, add a field here and read it where it takes effect, as
``plan.run.NAME``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from dcmconv.model.options import Component, Opt

__all__ = ["RunSettings"]

_FAILURES = re.compile(r"[0-9]{1,9}|(100|[0-9]{1,2})(\.[0-9]+)?%")


@dataclass(frozen=True, kw_only=True)
class RunSettings(Component):
    """How a run does its work.  Only ``policy`` decides which inputs become pictures."""

    on_collision: Annotated[
        Literal["suffix", "skip", "fail"],
        Opt("What to do when two inputs would get the same file name", panel="Files"),
    ] = "suffix"
    on_existing: Annotated[
        Literal["resume", "skip", "replace", "fail"],
        Opt("What to do when a picture already exists", panel="Files"),
    ] = "resume"
    workers: Annotated[
        int | Literal["auto"],
        Opt("Number of worker processes; auto is one per available CPU", ge=1),
    ] = "auto"
    timeout: Annotated[
        float, Opt("Time limit for one input", unit="seconds", gt=0, metavar="SECONDS")
    ] = 60.0
    memory: Annotated[
        int | None,
        Opt(
            "Memory limit of one worker; by default a fair share, at least 2048",
            unit="MiB",
            ge=64,
            metavar="MIB",
        ),
    ] = None
    policy: Annotated[
        Literal["strict", "default", "salvage"],
        Opt(
            "How to treat doubtful files: strict turns every note into a failure, salvage also "
            "converts what is left of damaged files"
        ),
    ] = "default"
    on_error: Annotated[
        Literal["continue", "stop"], Opt("What to do after an input has failed")
    ] = "continue"
    max_failures: Annotated[
        int | str,
        Opt(
            "Stop when more inputs than this have failed in this run; by default never",
            examples=("100", "5%"),
            metavar="N|P%",
        ),
    ] = ""
    retry_failed: Annotated[
        bool, Opt("Retry inputs that failed in an earlier run, even if they did not change")
    ] = False
    verify: Annotated[
        bool,
        Opt(
            "Check the pictures of earlier runs against the journal and convert damaged ones "
            "again; the exit code is then 6"
        ),
    ] = False
    durable: Annotated[
        bool,
        Opt("Flush every picture to disk before its journal line is written; slower"),
    ] = False
    tracebacks: Annotated[
        bool, Opt("Write tracebacks of unexpected errors to OUT/.dcmconv/tracebacks.log")
    ] = False

    def __post_init__(self) -> None:
        if self.max_failures != "" and not _FAILURES.fullmatch(str(self.max_failures)):
            raise ValueError(
                "max_failures must be a number, such as 100, or a percentage, such as 5%"
            )
        if self.max_failures != "" and self.on_error == "stop":
            raise ValueError(
                "max_failures has no effect with on_error stop, which ends at the first failure"
            )
        if self.on_existing in ("replace", "fail"):
            for name in ("verify", "retry_failed"):
                if getattr(self, name):
                    raise ValueError(
                        f"{name} has no effect with on_existing {self.on_existing}, which "
                        "converts every input again"
                    )

    @property
    def worker_count(self) -> int | None:
        """Number of worker processes; None for ``auto``."""
        return None if self.workers == "auto" else self.workers

    @property
    def needs_workers(self) -> bool:
        """Whether a setting requires worker processes, however few inputs there are.

        A process cannot enforce a limit on its own time or memory; its parent can.
        """
        is_limited = self.timeout != RunSettings.timeout or self.memory is not None
        return self.worker_count is not None or is_limited

    def as_data(self) -> dict[str, Any]:
        """Return the settings as the run record stores them."""
        return {
            **vars(self),
            "workers": self.worker_count,
            "max_failures": str(self.max_failures),
        }
