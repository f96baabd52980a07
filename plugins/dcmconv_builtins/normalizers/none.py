"""Normalizer ``none``: unscaled values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from dcmconv.plugin import Domain, Frame, Keep, Normalizer, Opt

__all__ = ["Unscaled"]


@dataclass(frozen=True, kw_only=True)
class Unscaled(Normalizer):
    """No scaling: stored values or modality values, for measuring rather than viewing."""

    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("values",),)

    values: Annotated[
        Literal["stored", "modality"],
        Opt("Values to keep: as stored, or after the Modality LUT"),
    ] = "stored"

    def curve(self, frame: Frame) -> Keep:
        """Return the instruction to keep the values."""
        return Keep(values=self.values, origin=f"{self.values} values, unscaled")

    def domain(self) -> Domain:
        """Return the domain of the values."""
        return self.values
