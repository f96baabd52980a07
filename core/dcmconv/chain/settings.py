"""The settings of a run, declared as a component's options are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from dcmconv.options import Component, Opt

__all__ = ["RunSettings"]


@dataclass(frozen=True, kw_only=True)
class RunSettings(Component):
    """How a run goes about its work; nothing here changes a picture."""

    workers: Annotated[
        int | Literal["auto"], Opt("Worker processes; auto minds the limits of the machine", ge=1)
    ] = "auto"
    timeout: Annotated[float, Opt("Time for one input", unit="seconds", gt=0)] = 60.0
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
