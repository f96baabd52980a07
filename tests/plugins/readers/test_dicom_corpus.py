"""Every file of the corpus is read as independent decoders read it, or rejected with a message."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from oracle.exceptions import RIGHTER_THAN_EXPECTED
from support.corpus import corpus_path, expected, needs_corpus
from support.covers import covers

from dcmconv.plugin import DcmconvError, InputError, InputFile, SkipInput
from dcmconv_builtins.dicom.tone.voi_lut import VoiLut, curve_of
from dcmconv_builtins.readers.dicom import DicomReader

pytestmark = [needs_corpus, pytest.mark.corpus]


def names(*classes):
    found = [name for name, file in sorted(expected().items()) if file["class"] in classes]
    return found or ["no corpus"]


def claiming(row, *classes):
    return [pytest.param(name, marks=covers(row, tried=name)) for name in names(*classes)]


def open_instance(name):
    return DicomReader().open(InputFile(name, corpus_path() / "dicom" / name))


def stored_values(name):
    instance = open_instance(name)
    values = np.stack([frame.stored_values for frame in instance.frames()])
    instance.close()
    return values


def probe(picture):
    rows, columns = picture.shape[:2]
    return picture[
        np.ix_(
            [(2 * i + 1) * rows // 16 for i in range(8)],
            [(2 * i + 1) * columns // 16 for i in range(8)],
        )
    ]


@pytest.mark.parametrize(
    "name",
    claiming("PS3.5 8 Stored values of every frame are those of independent decoders", "image"),
)
def test_every_frame_has_the_expected_stored_values(name):
    raw = expected()[name]["raw"]
    values = stored_values(name)[: raw["shape"][0] if name in RIGHTER_THAN_EXPECTED else None]
    assert list(values.shape) == raw["shape"]
    assert values.dtype == raw["dtype"]
    if raw["lossy_codec"]:
        distance = probe(values[0]).astype(np.float64).ravel() - np.ravel(raw["frame0_probe"])
        assert np.abs(distance).max() <= raw["tolerance"]
    else:
        assert hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest() == raw["sha256"]


RENDERED = [
    (name, kind)
    for name in names("image")
    for kind, reference in expected().get(name, {}).get("render", {}).items()
    if "probe" in reference and kind.partition(".")[0] in ("window", "voilut", "palette", "color")
] or [("no corpus", "")]


@pytest.mark.parametrize(("name", "kind"), RENDERED)
def test_the_display_attributes_give_the_expected_picture(name, kind):
    reference = expected()[name]["render"][kind]
    meaning, _, frame_index = kind.partition(".f")
    instance = open_instance(name)
    frame = instance.read_frame(int(frame_index or 0))
    instance.close()
    distance = probe(rendered(frame, meaning)).astype(np.float64) - np.reshape(
        reference["probe"], probe(rendered(frame, meaning)).shape
    )
    assert np.abs(distance).max() <= max(reference["tolerance"], 1)


def rendered(frame, meaning):
    if meaning == "palette":
        table, first = frame.palette.table, frame.palette.first
        colors = table[np.clip(frame.stored_values.astype(int) - first, 0, len(table) - 1)]
        return colors / 257 if colors.dtype == np.uint16 else colors
    if meaning == "color":
        return frame.stored_values / (2.0**frame.bits_stored - 1) * 255
    curve = VoiLut(lut=frame.voi_luts[0]) if meaning == "voilut" else curve_of(frame.voi_windows[0])
    display = np.floor(np.clip(curve(frame.modality_values()), 0, 1) * 255 + 0.5)
    return 255 - display if frame.is_inverted else display


@pytest.mark.parametrize(
    "name", claiming("PS3.4 B.5 Objects without a picture are skipped with a reason", "non-image")
)
def test_a_file_without_a_picture_is_skipped(name):
    source = InputFile(name, corpus_path() / "dicom" / name)
    if DicomReader.sniff(source.head, name) == 0:
        assert name == "pydicom__no_meta.dcm"  # a stray byte before its first element
        return
    with pytest.raises(
        SkipInput, match=r"\(.+\) holds no picture\.\n.*dcmconv (info FILE|run FOLDER)$"
    ) as raised:
        DicomReader().open(source)
    assert raised.value.reason == "no-pixels"


@pytest.mark.parametrize(
    "name",
    claiming(
        "PS3.5 7 Damaged files are rejected with a reason", "corrupt", "broken-or-unsupported"
    ),
)
def test_a_damaged_file_is_an_error_with_a_hint(name):
    if name in RIGHTER_THAN_EXPECTED:
        sibling = stored_values("pydicomdata__emri_small.dcm")
        assert (stored_values(name) == sibling).all()
        return
    with pytest.raises(InputError) as raised:
        stored_values(name)
    assert raised.value.hint
    assert raised.value.reason in ("truncated", "damaged", "no-pixels")


def test_every_file_of_the_corpus_has_an_outcome():
    ways = {"read": 0, "skipped": 0, "refused": 0}
    for name in expected():
        try:
            open_instance(name).close()
        except SkipInput:
            ways["skipped"] += 1
        except DcmconvError:
            ways["refused"] += 1
        else:
            ways["read"] += 1
    assert ways == {"read": 102, "skipped": 13, "refused": 5}
