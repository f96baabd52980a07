"""The pictures in the docs are those that the commands next to them make."""

from __future__ import annotations

import shlex

import numpy as np
import pytest
from PIL import Image
from support.environments import ROOT

from dcmconv._entry import main

ENLARGED = "-s resize:max=256,enlarge=true -w jpg"
MADE_BY = {
    "mr.jpg": "demo/MR/examples_overlay.dcm --writer jpg",
    "figure.jpg": "demo/CT/CT_small.dcm --chain preset:article --set figure.dpi=50",
    "ct-lung.jpg": f"demo/CT/CT_small.dcm -n window:name=lung {ENLARGED}",
    "ct-soft-tissue.jpg": f"demo/CT/CT_small.dcm -n window:name=soft-tissue {ENLARGED}",
    "ct-bone.jpg": f"demo/CT/CT_small.dcm -n window:name=bone {ENLARGED}",
}


def test_every_picture_in_the_docs_says_how_it_was_made():
    assert {path.name for path in (ROOT / "docs" / "images").iterdir()} == set(MADE_BY)


@pytest.mark.parametrize("name", MADE_BY)
def test_a_picture_in_the_docs_is_what_its_command_makes(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["samples", "demo"]) == 0
    assert main(["run", "-q", *shlex.split(MADE_BY[name]), "-o", name]) == 0
    made = np.asarray(Image.open(tmp_path / name)).astype(int)
    shown = np.asarray(Image.open(ROOT / "docs" / "images" / name)).astype(int)
    assert made.shape == shown.shape
    # Text and resampling differ by a level or two between versions of Pillow.
    assert np.abs(made - shown).mean() < 1
