"""Every built-in passes the conformance kit, and none can be added that does not."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.dicom_files import as_bytes, color, compressed, monochrome
from support.overlay_frames import with_an_overlay
from support.streams import JPEG, encoded, gray

from dcmconv import testing
from dcmconv.plugin import FrameDescription
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
"""Options of the built-ins that cannot be made without any."""

BASES = {
    "reader": testing.ReaderConformance,
    "normalizer": testing.NormalizerConformance,
    "colormap": testing.ColormapConformance,
    "step": testing.StepConformance,
    "writer": testing.WriterConformance,
    "source": testing.SourceConformance,
    "executor": testing.ExecutorConformance,
    "command": testing.CommandConformance,
    "decoder": testing.DecoderConformance,
}

RAMP = np.arange(48, dtype=np.int16).reshape(6, 8)
SAMPLES = [
    as_bytes(monochrome(RAMP - 20, RescaleSlope=1, RescaleIntercept=-4)),
    as_bytes(monochrome(np.stack([RAMP, RAMP * 2, RAMP * 3]))),
    as_bytes(color((RAMP[..., np.newaxis] * [1, 2, 5]).astype(np.uint8))),
    as_bytes(compressed(monochrome(np.stack([RAMP, RAMP[::-1]])), "1.2.840.10008.1.2.5")),
]

GRAY = gray(np.uint8)
STREAMS = {
    "deflate": {"1.2.840.10008.1.2.8.1": "deflated-frame"},
    "jpeg": {
        f"{JPEG}.50": "jpeg",
        f"{JPEG}.51": "jpeg",
        f"{JPEG}.53": "jpeg-progressive",
        f"{JPEG}.55": "jpeg-progressive",
        f"{JPEG}.57": "jpeg-lossless",
        f"{JPEG}.70": "jpeg-lossless",
    },
    "jpeg-2000": {
        f"{JPEG}.90": "jpeg-2000",
        f"{JPEG}.91": "jpeg-2000-lossy",
        f"{JPEG}.201": "htj2k",
        f"{JPEG}.202": "htj2k",
        f"{JPEG}.203": "htj2k-lossy",
    },
    "jpeg-ls": {f"{JPEG}.80": "jpeg-ls", f"{JPEG}.81": "jpeg-ls-near"},
    "jpeg-xl": {
        f"{JPEG}.110": "jpeg-xl",
        f"{JPEG}.111": "jpeg-xl-lossy",
        f"{JPEG}.112": "jpeg-xl-lossy",
    },
    "rle": {"1.2.840.10008.1.2.5": "rle"},
    "uncompressed": {"1.2.840.10008.1.2.1.98": "encapsulated-uncompressed"},
}
"""By decoder: each Transfer Syntax, and the encoder of ``support.streams`` for it."""

LOSSLESS = {"deflated-frame", "encapsulated-uncompressed", "htj2k", "jpeg-2000", "jpeg-lossless"}
LOSSLESS |= {"jpeg-ls", "jpeg-xl", "rle"}


def _encoded_samples(decoder: str) -> list[testing.EncodedSample]:
    rows, columns = GRAY.shape
    description = FrameDescription(rows=rows, columns=columns, bits_allocated=8, bits_stored=8)
    return [
        testing.EncodedSample(
            uid, encoded(encoder, GRAY), description, GRAY, 0 if encoder in LOSSLESS else 48
        )
        for uid, encoder in STREAMS[decoder].items()
    ]


@pytest.fixture(autouse=True)
def standard_input(monkeypatch):
    """Put an instance on standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SAMPLES[0])))


SETTINGS: dict[tuple[str, str], dict[str, Any]] = {
    **{("decoder", name): {"samples": _encoded_samples(name)} for name in STREAMS},
    ("executor", "inline"): {"isolates": False},
    ("normalizer", "overlay"): {"more_frames": {"with-an-overlay": with_an_overlay}},
    ("reader", "dicom"): {"samples": SAMPLES},
    ("source", "folder"): {"location": str(Path(__file__).parent)},
    ("source", "stdin"): {"location": "-", "least": 1},
    ("writer", "legend"): {"opens_with_pillow": False},
    ("writer", "png"): {"lossless": True},
}
"""What a conformance class needs besides the component."""


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


def test_the_built_ins_load_without_problems():
    assert REGISTRY.problems == []


@pytest.mark.parametrize("known", [*OPTIONS, *SETTINGS], ids="-".join)
def test_every_setting_belongs_to_a_built_in(known):
    kind, name = known
    assert name in REGISTRY.names(kind)
