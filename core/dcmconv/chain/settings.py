"""The settings of a run, declared as a component's options are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from dcmconv.model.options import Component, Opt

__all__ = ["RunSettings"]

_FAILURES = re.compile(r"[0-9]{1,9}|(100|[0-9]{1,2})(\.[0-9]+)?%")


@dataclass(frozen=True, kw_only=True)
class RunSettings(Component):
    """How a run goes about its work; of all this only ``policy`` decides what becomes a picture."""

    workers: Annotated[
        int | Literal["auto"], Opt("Worker processes; auto minds the limits of the machine", ge=1)
    ] = "auto"
    timeout: Annotated[float, Opt("Time for one input", unit="seconds", gt=0)] = 60.0
    memory: Annotated[
        int | None,
        Opt(
            "Memory that one worker may take; by default a fair share, at least 2048",
            unit="MiB",
            ge=64,
        ),
    ] = None
    policy: Annotated[
        Literal["strict", "default", "salvage"],
        Opt(
            "What is tolerated: nothing that has to be noted, what leaves one meaning, or what is "
            "left of damaged files as well"
        ),
    ] = "default"
    max_failures: Annotated[
        int | str,
        Opt("Stop when more inputs than this have failed in this run", examples=("100", "5%")),
    ] = ""
    on_error: Annotated[Literal["continue", "stop"], Opt("What a failed input does to the run")] = (
        "continue"
    )
    on_collision: Annotated[
        Literal["suffix", "skip", "fail"], Opt("What happens where two inputs want one name")
    ] = "suffix"
    on_existing: Annotated[
        Literal["resume", "skip", "replace", "fail"],
        Opt("What happens to pictures that stand already"),
    ] = "resume"
    retry_failed: Annotated[
        bool, Opt("Try again what failed in an earlier run, though nothing has changed")
    ] = False
    verify: Annotated[
        bool, Opt("Hash the pictures of earlier runs, and make damaged ones again")
    ] = False
    durable: Annotated[
        bool, Opt("Have every picture on the disk before its line in the journal; slower")
    ] = False
    tracebacks: Annotated[
        bool, Opt("Write the tracebacks of unexpected errors into the output's state folder")
    ] = False

    def __post_init__(self) -> None:
        if self.max_failures != "" and not _FAILURES.fullmatch(str(self.max_failures)):
            raise ValueError("max_failures is a number, such as 100, or a share, such as 5%")

    @property
    def worker_count(self) -> int | None:
        """Number of worker processes; None for ``auto``."""
        return None if self.workers == "auto" else self.workers

    @property
    def needs_workers(self) -> bool:
        """Whether a setting requires worker processes, however few inputs there are.

        A process cannot enforce a limit on its own time or memory, so the parent must.
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
