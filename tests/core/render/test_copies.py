"""Color frames in JPEG are copied if no stage changes them, and equal the decoded frames."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate, generate_frames
from support.dicom_files import as_bytes, changed, item
from support.plans import lane, plan, registry
from support.reading import read_frame, read_frames

from dcmconv.errors import InputError
from dcmconv.model.components import Writer
from dcmconv.model.inputs import EncodedFrame, InputFile
from dcmconv.render import Converter
from dcmconv.render.open_input import COPIED

CINE = Path(get_testdata_file("examples_ybr_color.dcm"))
"""A real cine loop: 30 frames of JPEG baseline, YBR_FULL_422."""


@pytest.fixture(scope="module")
def short():
    """The cine with two frames."""
    dataset = pydicom.dcmread(CINE)
    streams = list(generate_frames(dataset.PixelData, number_of_frames=30))[:2]
    dataset.PixelData = encapsulate(streams)
    dataset.NumberOfFrames = 2
    return dataset


def pictures(dataset, *lanes, policy="default", **options):
    content = dataset if isinstance(dataset, bytes) else as_bytes(dataset)
    reader = registry().ref("reader", "dicom", options)
    made = replace(plan(*(lanes or (lane("jpg"),)), policy=policy), readers=(reader,))
    with Converter(made).open(InputFile("cine", content=content)) as opened:
        found = list(opened.pictures())
        return found, opened


def decoded(data):
    return imagecodecs.jpeg8_decode(data)


def with_streams(dataset, change):
    streams = generate_frames(dataset.PixelData, number_of_frames=2)
    made = pydicom.dcmread(io.BytesIO(as_bytes(dataset)))
    made.PixelData = encapsulate([change(stream) for stream in streams])
    return made


def test_a_copied_frame_equals_the_decoded_one(short):
    found, opened = pictures(short)
    assert opened.decoder == COPIED
    assert [picture.frame_number for picture in found] == [1, 2]
    for picture, frame in zip(found, read_frames(short), strict=True):
        assert np.array_equal(decoded(picture.data), frame.stored_values)
        assert (picture.rows, picture.columns) == frame.stored_values.shape[:2]


def test_copies_state_color_space_and_spacing(short):
    spaced = changed(pydicom.dcmread(io.BytesIO(as_bytes(short))), PixelSpacing=["0.254", "0.254"])
    (first, _), _ = pictures(spaced)
    image = Image.open(io.BytesIO(first.data))
    assert (image.mode, image.info["dpi"]) == ("RGB", (100, 100))


def test_metadata_in_the_stream_is_not_copied(short):
    def talkative(stream):
        comment = b"\xff\xfe\x00\x0dWang^Daifu\0"
        return stream[:2] + comment + b"\xff\xe1\x00\x0eExif\0\0secret" + stream[2:]

    (first, _), opened = pictures(with_streams(short, talkative))
    assert opened.decoder == COPIED
    assert b"Wang" not in first.data
    assert b"secret" not in first.data
    assert np.array_equal(decoded(first.data), read_frame(short).stored_values)


def resized():
    return replace(lane("jpg"), steps=(registry().ref("step", "resize", {"max": 100}),))


@pytest.mark.parametrize(
    "lanes",
    [
        pytest.param([lane("png")], id="another-format"),
        pytest.param([lane("jpg"), lane("png")], id="also-another-format"),
        pytest.param([lane("jpg", quality=80)], id="quality"),
        pytest.param([lane("jpg", subsampling="420")], id="subsampling"),
        pytest.param([lane("jpg", copies=False)], id="copies-off"),
        pytest.param([resized()], id="step"),
    ],
)
def test_a_lane_that_changes_pixels_decodes_them(short, lanes):
    _, opened = pictures(short, *lanes)
    assert opened.decoder == "simplejpeg"


RECTANGLE = {
    "ShutterShape": "RECTANGULAR",
    "ShutterUpperHorizontalEdge": 2,
    "ShutterLowerHorizontalEdge": 90,
    "ShutterLeftVerticalEdge": 2,
    "ShutterRightVerticalEdge": 90,
}
REGION = item(
    RegionLocationMinX0=1, RegionLocationMinY0=1, RegionLocationMaxX1=9, RegionLocationMaxY1=9
)


@pytest.mark.parametrize(
    ("attributes", "options"),
    [
        pytest.param(RECTANGLE, {}, id="shutter"),
        pytest.param({"PixelAspectRatio": [2, 1]}, {}, id="aspect"),
        pytest.param({"SequenceOfUltrasoundRegions": [REGION]}, {"region": 1}, id="region"),
        pytest.param({"ICCProfile": b"\0" * 128}, {}, id="profile"),
        pytest.param({"PhotometricInterpretation": "RGB"}, {}, id="contradicting-colors"),
    ],
)
def test_attributes_that_change_pixels_force_decoding(short, attributes, options):
    dataset = changed(pydicom.dcmread(io.BytesIO(as_bytes(short))), **attributes)
    _, opened = pictures(dataset, **options)
    assert opened.decoder == "simplejpeg"


def test_a_disabled_shutter_still_allows_copying(short):
    dataset = changed(pydicom.dcmread(io.BytesIO(as_bytes(short))), **RECTANGLE)
    assert pictures(dataset, shutters="off")[1].decoder == COPIED


def test_progressive_streams_are_decoded(short):
    def progressive(stream):
        made = io.BytesIO()
        image = Image.fromarray(decoded(stream))
        image.save(made, "JPEG", progressive=True)
        return made.getvalue()

    assert pictures(with_streams(short, progressive))[1].decoder == "simplejpeg"


def test_a_truncated_stream_fails_as_if_decoded(short):
    with pytest.raises(InputError, match=r"Frame 1: .* no end marker") as error:
        pictures(with_streams(short, lambda stream: stream[:-40]))
    assert error.value.reason == "truncated"


def test_a_stream_of_the_wrong_size_fails(short):
    dataset = changed(pydicom.dcmread(io.BytesIO(as_bytes(short))), Rows=short.Rows + 1)
    with pytest.raises(InputError, match="Frame 1: "):
        pictures(dataset)


def with_useless_tables(stream):
    """Give a Huffman table an invalid number."""
    table = stream.index(b"\xff\xc4")
    return stream[: table + 4] + b"\x07" + stream[table + 5 :]


def test_invalid_huffman_tables_fail_the_frame(short):
    with pytest.raises(InputError, match="Frame 1: "):
        pictures(with_streams(short, with_useless_tables))


def with_a_damaged_scan(stream):
    """Cut 40 bytes out of the scan, and keep the end marker."""
    return stream[:-60] + stream[-20:]


def test_a_damaged_scan_is_not_copied(short):
    with pytest.raises(InputError, match="Frame 1: the JPEG stream is damaged: ") as error:
        pictures(with_streams(short, with_a_damaged_scan))
    assert error.value.reason == "damaged"


def test_strict_also_decodes_copied_frames(short):
    calls = []
    content = as_bytes(short)
    made = plan(lane("jpg"), policy="strict")
    with Converter(made).open(InputFile("cine", content=content)) as opened:
        read_frame = opened.instance.read_frame
        watched = replace(
            opened.instance, read_frame=lambda index: calls.append(index) or read_frame(index)
        )
        opened.instance = watched
        assert len(list(opened.pictures())) == 2
    assert calls == [0, 1]
    assert opened.decoder == COPIED


def test_the_python_api_gets_decoded_frames(short):
    with Converter(plan(lane("jpg"))).open(InputFile("cine", content=as_bytes(short))) as opened:
        found = [picture.pixels for picture, _ in opened.finished_pictures()]
    expected = [frame.stored_values for frame in read_frames(short)]
    assert np.array_equal(found, expected)


def test_salvage_decodes_every_frame(short):
    _, opened = pictures(short, policy="salvage")
    assert opened.decoder == "simplejpeg"


class Bare(Writer):
    """The shortest possible writer."""

    suffix = ".bare"

    def encode(self, picture):
        return bytes(picture.pixels)


def test_a_writer_does_not_copy_by_default():
    assert Bare().copy(EncodedFrame(media_type="image/jpeg", data=b"", rows=1, columns=1)) is None
