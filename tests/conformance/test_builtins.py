"""Every built-in passes the conformance kit, and none can be added that does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.dicom_files import as_bytes, color, compressed, monochrome
from support.overlay_frames import with_an_overlay

from dcmconv import testing
from dcmconv.plugins.registry import Registry

REGISTRY = Registry.discover(only=[])

OPTIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("colormap", "file"): {"path": str(Path(__file__).with_name("warm.csv"))},
    ("command", "info"): {"files": (Path("a.dcm"),)},
    ("command", "samples"): {"directory": Path("samples")},
    ("normalizer", "window"): {"center": 40.0, "width": 400.0},
    ("step", "crop"): {"column": 2, "row": 3, "columns": 8, "rows": 9},
    ("step", "resize"): {"max": 7},
    ("step", "rotate"): {"degrees": 270},
}
"""What a built-in is made with, where it cannot be made without options."""

BASES = {
    "reader": testing.ReaderConformance,
    "normalizer": testing.NormalizerConformance,
    "colormap": testing.ColormapConformance,
    "step": testing.StepConformance,
    "writer": testing.WriterConformance,
    "source": testing.SourceConformance,
    "executor": testing.ExecutorConformance,
    "command": testing.CommandConformance,
}

RAMP = np.arange(48, dtype=np.int16).reshape(6, 8)
SAMPLES = [
    as_bytes(monochrome(RAMP - 20, RescaleSlope=1, RescaleIntercept=-4)),
    as_bytes(monochrome(np.stack([RAMP, RAMP * 2, RAMP * 3]))),
    as_bytes(color((RAMP[..., np.newaxis] * [1, 2, 5]).astype(np.uint8))),
    as_bytes(compressed(monochrome(np.stack([RAMP, RAMP[::-1]])), "1.2.840.10008.1.2.5")),
]

SETTINGS: dict[tuple[str, str], dict[str, Any]] = {
    ("executor", "inline"): {"isolates": False},
    ("normalizer", "overlay"): {"more_frames": {"with-an-overlay": with_an_overlay}},
    ("reader", "dicom"): {"samples": SAMPLES},
    ("source", "folder"): {"location": str(Path(__file__).parent)},
    ("writer", "legend"): {"opens_with_pillow": False},
    ("writer", "png"): {"lossless": True},
}
"""What a conformance class must be told beside the component."""


def _made(kind: str, name: str) -> property:
    # Made when a test asks for it, so that one that cannot be imported fails its own tests alone.
    return property(lambda self: REGISTRY.load(kind, name)(**OPTIONS.get((kind, name), {})))


def _conformance_of(kind: str, name: str) -> type:
    body = {"component": _made(kind, name)} | SETTINGS.get((kind, name), {})
    return type(f"Test_{kind}_{name}", (BASES[kind],), body)


globals().update(
    {
        f"Test_{kind}_{name}": _conformance_of(kind, name)
        for kind in BASES
        for name in REGISTRY.names(kind)
    }
)


def test_every_kind_of_component_has_a_conformance_class():
    assert {offer.kind for offer in REGISTRY.offered()} - {"preset"} == set(BASES)


def test_the_built_ins_load_without_a_problem():
    assert REGISTRY.problems == []


@pytest.mark.parametrize("known", [*OPTIONS, *SETTINGS], ids="-".join)
def test_no_setting_is_left_of_a_built_in_that_is_gone(known):
    kind, name = known
    assert name in REGISTRY.names(kind)
