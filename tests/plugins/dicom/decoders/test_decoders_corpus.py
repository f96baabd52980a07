"""Every corpus file decodes to the values that independent decoders agree on."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.corpus import corpus_path, expected, needs_corpus
from support.frames import decoded_frames, description_of, stored_values

from dcmconv_builtins.dicom.decoders import decode_frame
from dcmconv_builtins.dicom.pixels.encapsulation import Encapsulated

pytestmark = [needs_corpus, pytest.mark.corpus]

PICTURES = [name for name, file in sorted(expected().items()) if "raw" in file]
if not PICTURES:
    PICTURES = ["no corpus"]


def open_file(name: str) -> FileDataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(corpus_path() / "dicom" / name, force=True)


def transfer_syntax_of(dataset: FileDataset) -> str:
    stated = dataset.file_meta.get("TransferSyntaxUID")
    if stated:
        return str(stated)
    implicit, little_endian = dataset.original_encoding
    if not little_endian:
        return ExplicitVRBigEndian
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian


@pytest.mark.parametrize("name", PICTURES)
def test_every_frame_has_the_expected_stored_values(name):
    dataset = open_file(name)
    raw = expected()[name]["raw"]
    frames = values_of(dataset)
    assert list(frames.shape) == raw["shape"]
    assert frames.dtype == raw["dtype"]
    if raw["lossy_codec"]:
        assert_close(frames, raw)
    else:
        assert hashlib.sha256(np.ascontiguousarray(frames).tobytes()).hexdigest() == raw["sha256"]


def values_of(dataset: FileDataset) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # badVR says "1A" frames
        description = description_of(dataset)
        frames = decoded_frames(dataset, transfer_syntax_of(dataset))
        return np.stack([stored_values(frame, description) for frame in frames])


def assert_close(frames: np.ndarray, raw: dict[str, Any]) -> None:
    rows, columns = frames.shape[1:3]
    at_rows = (2 * np.arange(8) + 1) * rows // 16
    at_columns = (2 * np.arange(8) + 1) * columns // 16
    probe = frames[0][np.ix_(at_rows, at_columns)].astype(np.int64)
    wanted = np.array(raw["frame0_probe"]).reshape(probe.shape)
    assert np.abs(probe - wanted).max() <= raw["tolerance"]
    assert abs(int(frames.min()) - raw["min"]) <= raw["tolerance"]
    assert abs(int(frames.max()) - raw["max"]) <= raw["tolerance"]
    assert float(frames.mean()) == pytest.approx(raw["mean"], abs=0.5)
    if "frame0_png" in raw:
        reference = np.asarray(Image.open(corpus_path() / raw["frame0_png"])).astype(np.int64)
        if frames.dtype == np.int16:
            reference -= 32768  # PNG has no signed values
        if reference.shape == frames[0].shape:
            assert np.abs(frames[0] - reference).max() <= raw["tolerance"]


def test_frames_before_a_missing_delimiter_are_complete():
    """The file lacks its Sequence Delimitation Item, but has every frame."""
    content = (
        corpus_path() / "dicom" / "pydicomdata__emri_small_jpeg_2k_lossless_too_short.dcm"
    ).read_bytes()
    sibling = open_file("pydicomdata__emri_small.dcm")
    start = content.index(b"\xe0\x7f\x10\x00OW\0\0\xff\xff\xff\xff") + 12
    frames = Encapsulated(content, start, frame_count=10)
    description = description_of(sibling)
    values = [
        decode_frame(frames.stream(index), "1.2.840.10008.1.2.4.90", description).values
        for index in range(10)
    ]
    assert frames.notes == ["Pixel Data (7FE0,0010) has no Sequence Delimitation Item"]
    assert np.array_equal(np.stack(values), values_of(sibling))
