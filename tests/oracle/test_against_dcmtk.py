"""Pictures are within one gray level of the corpus's references, most of them made by DCMTK.

Where a correct picture differs, ``DIFFERENT`` has the reason, which is tested too: undoing that one
difference gives the reference.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image
from support.corpus import corpus_path, expected, needs_corpus
from support.covers import covers

import dcmconv
from dcmconv.render.tone import render_tone
from dcmconv_builtins.normalizers.minmax import MinMax
from oracle.exceptions import DIFFERENT, PADDING
from oracle.files import corpus_pictures, frames_of, path_of, plain_reading

pytestmark = [needs_corpus, pytest.mark.corpus]

NORMALIZERS = {
    "minmax": "minmax",
    "window": "window",
    "voilut": "voi",
    "palette": "auto",
    "color": "auto",
}
SAME = "PS3.3 C.11 Whole pictures within one gray level of DCMTK and the other references"
OTHER = "PS3.3 C.11 References that include padding or ignore aspect, reproduced"


def renders():
    found = [
        pytest.param(
            name, kind, marks=covers(OTHER if (name, kind) in DIFFERENT else SAME, tried=name)
        )
        for name in corpus_pictures()
        for kind in expected()[name].get("render", {})
        if kind.partition(".")[0] in NORMALIZERS
    ]
    return found or [pytest.param("", "", marks=pytest.mark.skip(reason="no corpus"))]


@pytest.mark.parametrize(("name", "kind"), renders())
def test_a_picture_is_within_a_gray_level_of_the_reference(name, kind):
    render = expected()[name]["render"][kind]
    meaning, _, frame_index = kind.partition(".f")
    if (name, kind) in DIFFERENT:
        pixels = as_the_reference_does(name, int(frame_index), DIFFERENT[name, kind])
        assert not np.array_equal(pixels, picture(name, int(frame_index), meaning))
    else:
        pixels = picture(name, int(frame_index), meaning)
    assert greatest_difference(pixels, render) <= max(render["tolerance"], 1)


def picture(name, frame_index, meaning):
    normalize = NORMALIZERS[meaning]
    return dcmconv.convert(
        path_of(name), frame=frame_index + 1, normalize=normalize, **plain_reading()
    ).pixels


def as_the_reference_does(name, frame_index, reason):
    frame = list(frames_of(name))[frame_index]
    return render_tone(
        dataclasses.replace(frame, padding=None if reason == PADDING else frame.padding), MinMax()
    )[0].pixels


def greatest_difference(pixels, render):
    if render.get("png"):
        reference = np.asarray(Image.open(corpus_path() / render["png"]))
        assert pixels.shape == reference.shape
    else:  # Too large to store completely: 64 pixels of it are stored.
        rows, columns = pixels.shape[:2]
        places = (
            [(2 * i + 1) * rows // 16 for i in range(8)],
            [(2 * i + 1) * columns // 16 for i in range(8)],
        )
        pixels = pixels[np.ix_(*places)]
        reference = np.reshape(render["probe"], pixels.shape)
    return np.abs(pixels.astype(int) - reference).max()
