"""Windows with a name, for CT alone: center and width in HU."""

from __future__ import annotations

from typing import Literal

__all__ = ["NAMED_WINDOWS", "WindowName"]

WindowName = Literal[
    "abdomen",
    "bone",
    "brain",
    "liver",
    "lung",
    "mediastinum",
    "soft-tissue",
    "stroke",
    "subdural",
    "temporal-bone",
]

NAMED_WINDOWS: dict[WindowName, tuple[float, float]] = {
    # The presets of the OHIF viewer.
    "bone": (480, 2500),
    "brain": (40, 80),
    "liver": (90, 150),
    "lung": (-600, 1500),
    "soft-tissue": (40, 400),
    # Typical values that textbooks and radiopaedia.org give; of a range, its middle.
    "abdomen": (50, 400),
    "mediastinum": (50, 350),
    "stroke": (40, 40),
    "subdural": (75, 215),  # center 50 to 100, width 130 to 300
    "temporal-bone": (600, 2800),
}
"""Name to Window Center and Window Width; their function is LINEAR."""
