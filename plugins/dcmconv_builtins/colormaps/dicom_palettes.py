"""The eight well-known color palettes of the standard (PS3.6 Annex B), as pydicom ships them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dcmconv.plugin import Colormap, ColorTable

__all__ = ["Fall", "HotIron", "HotMetalBlue", "Pet", "Pet20Step", "Spring", "Summer", "Winter"]


@dataclass(frozen=True, kw_only=True)
class WellKnownPalette(Colormap):
    """A palette that the standard identifies by its SOP Instance UID."""

    sop_instance_uid: ClassVar[str]

    def table(self) -> ColorTable:
        """Return the colors, read from a file in pydicom."""
        from pydicom.pixels.processing import apply_color_lut

        # By UID: pydicom 3.0 warns about names, and mistakes FALL for WINTER.
        display_values = np.arange(256, dtype=np.uint8)
        return np.asarray(apply_color_lut(display_values, palette=self.sop_instance_uid), np.uint8)


@dataclass(frozen=True, kw_only=True)
class HotIron(WellKnownPalette):
    """HOT_IRON: black through red and orange to white (PS3.6 B.1.1)."""

    sop_instance_uid = "1.2.840.10008.1.5.1"


@dataclass(frozen=True, kw_only=True)
class Pet(WellKnownPalette):
    """PET: black through green, blue, red and orange to white (PS3.6 B.1.2)."""

    sop_instance_uid = "1.2.840.10008.1.5.2"


@dataclass(frozen=True, kw_only=True)
class HotMetalBlue(WellKnownPalette):
    """HOT_METAL_BLUE: black through blue, red and orange to white (PS3.6 B.1.3)."""

    sop_instance_uid = "1.2.840.10008.1.5.3"


@dataclass(frozen=True, kw_only=True)
class Pet20Step(WellKnownPalette):
    """PET_20_STEP: twenty distinct colors, for reading values from a PET picture (PS3.6 B.1.4)."""

    sop_instance_uid = "1.2.840.10008.1.5.4"


@dataclass(frozen=True, kw_only=True)
class Spring(WellKnownPalette):
    """SPRING: magenta to yellow (PS3.6 B.1.5)."""

    sop_instance_uid = "1.2.840.10008.1.5.5"


@dataclass(frozen=True, kw_only=True)
class Summer(WellKnownPalette):
    """SUMMER: green to blue (PS3.6 B.1.6)."""

    sop_instance_uid = "1.2.840.10008.1.5.6"


@dataclass(frozen=True, kw_only=True)
class Fall(WellKnownPalette):
    """FALL: yellow to red (PS3.6 B.1.7)."""

    sop_instance_uid = "1.2.840.10008.1.5.7"


@dataclass(frozen=True, kw_only=True)
class Winter(WellKnownPalette):
    """WINTER: blue to green (PS3.6 B.1.8)."""

    sop_instance_uid = "1.2.840.10008.1.5.8"
