"""Overlays and presentation states of real files, compared with DCMTK's pictures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.corpus import corpus_path, needs_corpus
from support.covers import covers
from support.presentation_states import picture_of

from dcmconv.plugin import Frame, InputFile
from dcmconv.render.color import draw_layers
from dcmconv.render.tone import render_tone
from dcmconv_builtins.normalizers.auto import Auto
from dcmconv_builtins.normalizers.minmax import MinMax
from dcmconv_builtins.readers.dicom import DicomReader

pytestmark = needs_corpus
GSPS = "weasis__prLUTs.dcm"


def expectations() -> dict[str, Any]:
    folder = corpus_path()
    assert folder is not None
    found: dict[str, Any] = json.loads((folder / "expected.json").read_text("utf-8"))
    return found


def frame_of(name: str, **options: Any) -> Frame:
    folder = corpus_path()
    assert folder is not None
    opened = DicomReader(**options).open(InputFile(name, path=folder / "dicom" / name))
    frame = opened.read_frame(0)
    opened.close()
    return frame


def reference(name: str) -> np.ndarray:
    folder = corpus_path()
    assert folder is not None
    with Image.open(folder / name) as picture:
        return np.asarray(picture).astype(int)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=covers("PS3.3 C.9.2 Overlays equal to DCMTK's", tried=name))
        for name in (
            "weasis__overlay.dcm",
            "pydicom__examples_overlay.dcm",
            "pydicomdata__MR-SIEMENS-DICOM-WithOverlays.dcm",
        )
    ],
)
def test_overlays_are_within_one_gray_level_of_dcmtk(name):
    expected = expectations()["files"][name]["render"]["overlay.f0"]
    frame = frame_of(name, overlays="draw")
    normalizer = MinMax() if expected["base_mode"] == "minmax" else Auto()
    plain, _ = render_tone(frame, normalizer)
    picture = draw_layers(plain, frame.layers)
    assert (
        np.abs(picture.pixels.astype(int) - reference(expected["png"])).max()
        <= expected["tolerance"]
    )
    assert np.count_nonzero(picture.pixels != plain.pixels) == expected["changed_pixels"]


def states() -> list[dict[str, Any]]:
    return expectations()["presentation_states"] if corpus_path() else []


@pytest.mark.parametrize(
    "expected",
    states(),
    ids=lambda expected: expected["state"] if isinstance(expected, dict) else None,
)
@covers("PS3.3 A.33.1 Grayscale Softcopy Presentation State as DCMTK applies it", tried=GSPS)
def test_gray_levels_of_states_equal_dcmtks(expected):
    folder = corpus_path()
    assert folder is not None
    for image in expected["images"]:
        frame = frame_of(image["image"], presentation_states=str(folder / "dicom"))
        # dcmp2pgm draws no overlays.
        picture, tone = render_tone(frame, Auto())
        assert np.abs(picture.pixels.astype(int) - reference(image["png"])).max() <= 1
        assert tone.startswith("Presentation state ")


def test_all_overlays_of_image_and_state_are_drawn():
    folder = corpus_path()
    frame = frame_of("weasis__overlay.dcm", presentation_states=f"{folder}/dicom")
    groups = [layer.name for layer in frame.layers if layer.drawn]
    assert groups == [
        f"Overlay {group}" for group in ["6000", "6002", "6004", "6006", "6008", "600A"]
    ]
    # The picture shows the text "I am Overlay 6 in presentation state group 600A,3000".
    assert (picture_of(frame).pixels == 255).sum() > 3638
