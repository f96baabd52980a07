"""What the Python front door takes as one input, and what it says of anything else."""

from __future__ import annotations

import copy
import io
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from support.dicom_files import as_bytes, monochrome

import dcmconv
from dcmconv import UsageError
from dcmconv.api.inputs import input_file
from dcmconv.api.plans import plan_from
from dcmconv.render import Converter

CT = Path(get_testdata_file("CT_small.dcm"))


def dataset_of(content):
    return pydicom.dcmread(io.BytesIO(content))


def raw_stream():
    class Unseekable(io.RawIOBase):
        def __init__(self):
            self._content = io.BytesIO(CT.read_bytes())

        def readable(self):
            return True

        def readinto(self, buffer):
            return self._content.readinto(buffer)

    return Unseekable()


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(str(CT), id="text"),
        pytest.param(CT, id="path"),
        pytest.param(CT.read_bytes(), id="bytes"),
        pytest.param(bytearray(CT.read_bytes()), id="bytearray"),
        pytest.param(memoryview(CT.read_bytes()), id="memoryview"),
        pytest.param(memoryview(CT.read_bytes()[::-1])[::-1], id="scattered-memoryview"),
        pytest.param(io.BytesIO(CT.read_bytes()), id="bytes-io"),
        pytest.param(raw_stream(), id="stream-without-seek"),
    ],
)
def test_every_kind_of_input_gives_equal_pixels(given):
    assert np.array_equal(dcmconv.convert(given).pixels, dcmconv.convert(CT).pixels)


def test_a_file_is_read_from_its_start_and_stays_open():
    with CT.open("rb") as file:
        file.seek(1000)
        from_file = dcmconv.convert(file).pixels
        assert not file.closed

    written = io.BytesIO()
    written.write(CT.read_bytes())
    assert np.array_equal(from_file, dcmconv.convert(CT).pixels)
    assert np.array_equal(dcmconv.convert(written).pixels, from_file)


@pytest.mark.parametrize("kind", [io.BytesIO, bytearray, memoryview, Path, dataset_of])
def test_a_large_input_is_not_copied(kind, tmp_path):
    frames = np.arange(64 * 512 * 512, dtype=np.uint16).reshape(64, 512, 512)
    content = as_bytes(monochrome(frames))
    path = tmp_path / "large.dcm"
    path.write_bytes(content)
    given = path.open("rb") if kind is Path else kind(content)
    dcmconv.convert(CT)

    tracemalloc.start()
    dcmconv.convert(given, frame=64, normalize="minmax")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if kind is Path:
        given.close()

    assert len(content) > 32 << 20
    assert peak < 8 << 20, f"{peak >> 20} MiB"


def test_a_missing_file_is_also_file_not_found():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.dcm is not a file") as caught:
        dcmconv.convert("nowhere.dcm")

    error = caught.value
    assert isinstance(error, UsageError)
    assert "current folder" in error.hint
    copied = copy.copy(error)
    assert (copied.message, copied.hint, copied.reason) == (error.message, error.hint, "usage")
    assert error.errno == 2


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        pytest.param([CT], "A list was given; expected one input", "dcmconv.run()", id="list"),
        pytest.param(None, "None was given; expected one input", "dcmconv.run()", id="none"),
        pytest.param(
            np.zeros((2, 2)),
            "An object of type ndarray is not an input; expected a path, bytes",
            "an array has no header",
            id="array",
        ),
        pytest.param(
            io.StringIO("text"), "The file is open for text", 'open(path, "rb")', id="text-file"
        ),
    ],
)
def test_what_is_no_input_is_named(given, message, hint):
    with pytest.raises(UsageError, match=message) as caught:
        dcmconv.convert(given)
    assert hint in caught.value.hint


def test_a_closed_file_is_named():
    file = CT.open("rb")
    file.close()
    with pytest.raises(UsageError, match="The file is closed") as caught:
        dcmconv.convert(file)
    assert "open file" in caught.value.hint


def test_a_reader_may_accept_objects():
    plan = plan_from({})
    arrays = replace(plan.readers[0], target="support.made_up_readers:Arrays")
    converter = Converter(replace(plan, readers=(*plan.readers, arrays)))
    with converter.open(input_file(np.uint8([[1, 2]]))) as opened:
        [frame] = opened.frames()
    assert frame.stored_values.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "None was given; expected one input."),
        ("", "The path is empty; expected one input."),
        ("x" * 5000, "cannot be a path: File name too long."),
        ("file:///scans/ct.dcm", "file:///scans/ct.dcm is not a file"),
    ],
)
def test_what_cannot_be_an_input_is_an_error_of_usage(given, message):
    with pytest.raises(UsageError) as caught:
        dcmconv.convert(given)
    assert message in caught.value.message
    assert caught.value.hint


def test_a_file_that_is_open_for_writing_only_is_refused(tmp_path):
    with (
        (tmp_path / "new.dcm").open("wb") as file,
        pytest.raises(UsageError, match="open for writing only"),
    ):
        dcmconv.convert(file)
