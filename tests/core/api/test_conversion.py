"""``convert`` and ``convert_frames``: they compile a chain once, and honor all that it says."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from support.dicom_files import as_bytes, monochrome

import dcmconv
from dcmconv import Chain, InputError, UsageError
from dcmconv.api import conversion

CT = get_testdata_file("CT_small.dcm")
MR = get_testdata_file("MR_small.dcm")
THREE_FRAMES = as_bytes(monochrome(np.arange(12, dtype=np.uint16).reshape(3, 2, 2)))


@pytest.fixture
def compiled(monkeypatch):
    """List the chains that were compiled."""
    found = []
    whole = Chain.__init__

    def noted(self, *given, **keywords):
        found.append(keywords)
        whole(self, *given, **keywords)

    monkeypatch.setattr(Chain, "__init__", noted)
    conversion._HELD.clear()
    return found


def test_outputs_of_a_chain_are_honored():
    lung = {"use": "png", "bits": 16, "normalize": "window:name=lung", "steps": ["resize:max=32"]}
    picture = dcmconv.convert(CT, chain={"normalize": "minmax", "outputs": [lung]})

    assert (picture.pixels.shape, picture.pixels.dtype) == ((32, 32), np.uint16)
    expected = dcmconv.convert(CT, normalize="window:name=lung", steps=["resize:max=32"], bits=16)
    assert np.array_equal(picture.pixels, expected.pixels)


def test_bits_of_the_chain_are_kept_unless_others_are_given():
    assert dcmconv.convert(CT, chain="preset:ml-16bit").pixels.dtype == np.uint16
    assert dcmconv.convert(CT, chain="preset:ml-16bit", bits=8).pixels.dtype == np.uint8


def test_several_outputs_need_a_choice():
    with pytest.raises(UsageError, match=r"makes 3 pictures of this input: lung, med") as caught:
        dcmconv.convert(CT, chain="preset:chest-ct")
    assert caught.value.hint == "Choose one, output='lung', or get all: dcmconv.Chain(...)(input)"
    with pytest.raises(UsageError, match="makes 3 pictures"):
        next(dcmconv.convert_frames(CT, chain="preset:chest-ct"))

    bone = dcmconv.convert(CT, chain="preset:chest-ct", output="bone").pixels
    assert np.array_equal(bone, dcmconv.convert(CT, normalize="window:name=bone").pixels)
    # Only one rule of the chain has several.
    assert dcmconv.convert(MR, chain="preset:chest-ct").pixels.shape == (64, 64)


def test_frames_may_name_the_one_frame():
    def first(**keywords):
        return dcmconv.convert(THREE_FRAMES, normalize="none", **keywords).pixels[0, 0]

    assert [first(), first(frames="2"), first(frames=3), first(frame=np.int64(2))] == [0, 4, 8, 4]
    assert first(chain={"frames": "2-3"}) == 4
    shown = dcmconv.convert_frames(THREE_FRAMES, normalize="none", frames="2-")
    assert [picture.pixels[0, 0] for picture in shown] == [4, 8]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"frames": "1-2"}, "frames is '1-2', but convert.. makes one picture"),
        ({"frames": "all"}, "frames is 'all', but convert.. makes one picture"),
        ({"frames": [1, 2]}, r"frames is \[1, 2\], but convert.. makes one picture"),
        ({"frames": 1, "frame": 1}, "frame is 1 and frames is 1; expected one of them"),
        ({"frame": "2"}, "frame is '2'; expected a number from 1"),
        ({"frame": 1.5}, "frame is 1.5; expected a number from 1"),
    ],
)
def test_one_frame_is_named_once(keywords, message):
    with pytest.raises(UsageError, match=message):
        dcmconv.convert(THREE_FRAMES, **keywords)


def test_equal_keywords_are_compiled_once(compiled):
    for _ in range(3):
        dcmconv.convert(CT, chain="preset:ml-8bit", steps=["flip"])
        list(dcmconv.convert_frames(CT, chain="preset:ml-8bit", steps=["flip"]))
    assert len(compiled) == 1
    dcmconv.convert(CT, chain="preset:ml-8bit", steps=("flip", "flip"))
    dcmconv.convert(CT, chain="preset:ml-8bit", steps=(step for step in ["flip"]))
    dcmconv.convert(CT, chain="preset:ml-8bit", steps=(step for step in ["flip"]))
    assert len(compiled) == 4


def test_chain_is_used_as_it_is(compiled):
    chain = Chain(normalize="minmax")
    assert len(compiled) == 1
    assert np.array_equal(dcmconv.convert(CT, chain=chain).pixels, chain(CT).pixels)
    assert len(compiled) == 1


def test_true_and_one_are_different_options():
    dcmconv.convert(CT, normalize={"use": "window", "center": 1, "width": 400})
    with pytest.raises(UsageError, match="expected a number"):
        dcmconv.convert(CT, normalize={"use": "window", "center": True, "width": 400})


def old(path: Path, text: str) -> Path:
    """Write a file that did not change for a while."""
    path.write_text(text, "utf-8")
    os.utime(path, (1_600_000_000, 1_600_000_000))
    return path


def test_changed_chain_file_is_compiled_again(tmp_path, compiled):
    base = old(tmp_path / "base.yaml", "version: 1\nnormalize: none\n")
    chain = old(tmp_path / "chain.yaml", "version: 1\nextends: base.yaml\n")
    unscaled = dcmconv.convert(CT, chain=chain).pixels
    assert np.array_equal(dcmconv.convert(CT, chain=str(chain)).pixels, unscaled)
    assert len(compiled) == 1

    base.write_text("version: 1\nnormalize: minmax\n", "utf-8")
    assert dcmconv.convert(CT, chain=chain).pixels.dtype == np.uint8
    # A file that has just changed may change again within a tick of the clock.
    base.write_text("version: 1\nnormalize: {use: minmax}\ninvert: true\n", "utf-8")
    assert dcmconv.convert(CT, chain=chain).pixels.dtype == np.uint8
    assert len(compiled) == 3
    base.unlink()
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        dcmconv.convert(CT, chain=chain)


def test_changed_color_table_is_read_again(tmp_path):
    table = tmp_path / "table.csv"

    def corner(red: int) -> int:
        table.write_text(f"{red},0,0\n" * 256, "utf-8")
        return int(dcmconv.convert(CT, colormap={"use": "file", "path": table}).pixels[0, 0, 0])

    assert [corner(7), corner(8)] == [7, 8]


def test_frame_beyond_the_last_names_the_last():
    with pytest.raises(InputError, match="Frame 4 does not exist; the last frame is 3"):
        dcmconv.convert(THREE_FRAMES, frame=4)


@pytest.mark.parametrize("frames", [np.int64(2), np.array([2]), {2}, range(2, 3), ["2"], iter([2])])
def test_one_frame_may_be_named_in_any_form(frames):
    assert dcmconv.convert(THREE_FRAMES, frames=frames).frame_number == 2


def test_truth_values_of_numpy_are_truth_values():
    picture = dcmconv.convert(CT, invert=np.bool_(True))
    assert np.array_equal(picture.pixels, dcmconv.convert(CT, invert=True).pixels)


@pytest.mark.parametrize(
    ("keywords", "message", "hint"),
    [
        ({"invert": "yes"}, "invert: Expected true or false, got 'yes'.", "Write True or False."),
        (
            {"aspect": "x"},
            "aspect: expected auto, square or keep, got 'x'.",
            "For example: aspect='keep'",
        ),
        (
            {"frames": []},
            "frames: the list is empty.",
            "For example: frames='1,3-5' or '10-' or 'all'.",
        ),
        (
            {"outputs": []},
            "outputs: The list of outputs is empty.",
            "Name a writer: outputs=['png']",
        ),
        (
            {"normalize": {}},
            "normalize: This component has no name.",
            "Name it with 'use', as in {'use': 'window'}.",
        ),
        (
            {"out": "x"},
            "'out' has no effect on a picture in memory.",
            "Leave it out, or write files: dcmconv.run(inputs, out)",
        ),
    ],
)
def test_errors_are_in_the_words_of_python(keywords, message, hint):
    with pytest.raises(UsageError) as caught:
        dcmconv.convert(CT, **keywords)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize("chain", [5, [], ""])
def test_what_is_no_chain_is_an_error_of_usage(chain):
    with pytest.raises(UsageError, match=r"chain: expected a path, 'preset:NAME', a mapping"):
        Chain(chain)


def test_wrong_keywords_are_errors_of_the_call_and_not_of_the_first_frame():
    with pytest.raises(UsageError, match="Unknown keyword 'normalise'"):
        dcmconv.convert_frames(CT, normalise="minmax")
    with pytest.raises(UsageError, match="no output 'x'"):
        dcmconv.convert_frames(CT, output="x")
    with pytest.raises(UsageError, match="no output 'x'"):
        Chain().frames(CT, output="x")
