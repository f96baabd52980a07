"""Streams in another format than the file says, and samples that are not what the header says."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian
from support.dicom_files import as_bytes, color, encapsulated, monochrome
from support.reading import open_content, read_frame, read_frames, recoded
from support.streams import SYNTAX, encoded, gray, rle_frame

from dcmconv.plugin import InputError, UnsupportedError

VALUES = gray(np.uint8)
NATIVE = SYNTAX["native"]
IDENTIFIED = {
    "jpeg": "JPEG Baseline (Process 1)",
    "jpeg-progressive": "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)",
    "jpeg-lossless": "JPEG Lossless, Non-Hierarchical, First-Order Prediction",
    "jpeg-ls": "JPEG-LS Lossless",
    "jpeg-ls-near": "JPEG-LS Lossy (Near-Lossless)",
    "jpeg-2000": "JPEG 2000 (Lossless Only)",
    "jpeg-2000-lossy": "JPEG 2000",
    "htj2k": "High-Throughput JPEG 2000 (Lossless Only)",
    "htj2k-lossy": "High-Throughput JPEG 2000",
    "jpeg-xl": "JPEG XL",
    "rle": "RLE Lossless",
}


def labeled(syntax, label, frames=1, *, is_defined=False):
    """Return a file; pydicom gives native pixels a defined length, fragments or not."""
    values = VALUES if frames == 1 else np.stack([VALUES] * frames)
    made = encapsulated(monochrome(values), label, [encoded(syntax, VALUES)] * frames)
    if label != NATIVE or is_defined:
        return as_bytes(made)
    made.file_meta.TransferSyntaxUID = SYNTAX["rle"]
    return as_bytes(made).replace(SYNTAX["rle"].encode(), NATIVE.encode(), 1)


def truth(syntax):
    return read_frames(labeled(syntax, SYNTAX[syntax]))[0].stored_values


@pytest.mark.parametrize("is_defined", [False, True])
@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("syntax", IDENTIFIED)
def test_a_stream_under_a_native_syntax_names_itself(syntax, frames, is_defined):
    read = read_frames(labeled(syntax, NATIVE, frames, is_defined=is_defined))
    assert len(read) == frames
    for frame in read:
        assert np.array_equal(frame.stored_values, truth(syntax))
        assert f"but the stream is {IDENTIFIED[syntax]}; decoded it as that." in frame.notes[0]


@pytest.mark.parametrize(
    "label", ["rle", "jpeg", "jpeg-ls", "jpeg-2000", "jpeg-xl", "deflated-frame"]
)
@pytest.mark.parametrize("syntax", ["jpeg", "jpeg-ls", "jpeg-2000", "jpeg-xl", "rle"])
def test_a_stream_under_another_codec_names_itself(syntax, label):
    if syntax == label:
        return
    (frame,) = read_frames(labeled(syntax, SYNTAX[label]))
    assert np.array_equal(frame.stored_values, truth(syntax))
    assert f"but the stream is {IDENTIFIED[syntax]}; decoded it as that." in frame.notes[-1]


def test_a_stream_without_a_transfer_syntax_names_itself():
    content = labeled("jpeg", NATIVE)
    start = content.index(b"\x02\x00\x10\x00UI")
    length = 8 + int.from_bytes(content[start + 6 : start + 8], "little")
    group = content.index(b"\x02\x00\x00\x00UL")
    shorter = int.from_bytes(content[group + 8 : group + 12], "little") - length
    content = content[:start] + content[start + length :]
    content = content[: group + 8] + shorter.to_bytes(4, "little") + content[group + 12 :]
    (frame,) = read_frames(content)
    assert np.array_equal(frame.stored_values, truth("jpeg"))
    assert any(
        "Transfer Syntax UID (0002,0010) is missing, but the stream" in n for n in frame.notes
    )


def test_a_stream_under_an_unknown_syntax_names_itself():
    (frame,) = read_frames(labeled("jpeg-2000", "1.2.840.10008.1.2.4.999"))
    assert np.array_equal(frame.stored_values, VALUES)
    with pytest.raises(UnsupportedError, match="is unknown"):
        read_frames(
            as_bytes(encapsulated(monochrome(VALUES), "1.2.840.10008.1.2.4.999", [b"??" * 99]))
        )


def test_a_stream_without_a_known_start_is_not_guessed():
    content = as_bytes(encapsulated(monochrome(VALUES), NATIVE, [b"\x12\x34" * 99]))
    with pytest.raises(InputError, match=r"first bytes do not show \(12 34 12 34\)"):
        open_content(content)


def test_a_damaged_stream_under_a_wrong_label_is_called_damaged():
    stream = encoded("jpeg", VALUES)
    content = as_bytes(
        encapsulated(monochrome(VALUES), SYNTAX["rle"], [stream[:-120] + stream[-60:]])
    )
    with pytest.raises(InputError, match="the JPEG stream is damaged"):
        read_frames(content)


BITS = (np.indices((8, 12)).sum(axis=0) % 2).astype(np.uint8)


def one_bit(plane, **attributes):
    made = monochrome(
        BITS, BitsAllocated=1, BitsStored=1, HighBit=0, PixelRepresentation=0, **attributes
    )
    return as_bytes(encapsulated(made, SYNTAX["rle"], [rle_frame([plane])]))


def test_rle_of_one_bit_is_packed():
    (frame,) = read_frames(one_bit(np.packbits(BITS.ravel(), bitorder="little").tobytes()))
    assert np.array_equal(frame.stored_values, BITS)
    assert not any("RLE" in note for note in frame.notes)


@pytest.mark.parametrize("white", [1, 255])
def test_rle_of_one_bit_with_a_byte_per_pixel_is_noted(white):
    (frame,) = read_frames(one_bit((BITS * white).tobytes()))
    assert np.array_equal(frame.stored_values, BITS)
    assert any("one byte per pixel" in note for note in frame.notes)


def test_rle_of_one_bit_with_another_length_is_refused():
    with pytest.raises(
        InputError, match="the RLE segment holds 50 bytes; 96 pixels of 1 bit need 12"
    ):
        read_frames(one_bit(bytes(50)))


GRAY_RGB = np.repeat(np.arange(240, dtype=np.uint8).reshape(12, 20)[..., None], 3, axis=2)
GRAY_YBR = np.full((12, 20, 3), 128, np.uint8)
GRAY_YBR[..., 0] = GRAY_RGB[..., 0]
UNCLEAR = np.full((12, 20, 3), (90, 120, 140), np.uint8)
VIVID = np.full((12, 20, 3), (250, 10, 240), np.uint8)


def full_samples(values, label="YBR_FULL_422", **attributes):
    return color(values, PhotometricInterpretation=label, **attributes)


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize(
    ("values", "is_rgb"), [(GRAY_RGB, True), (VIVID, True), (GRAY_YBR, False)],
    ids=["gray-rgb", "vivid-rgb", "gray-ybr"],
)  # fmt: skip
@pytest.mark.parametrize("frames", [1, 2])
def test_full_samples_called_422_are_read_by_their_content(values, is_rgb, frames, big_endian):
    several = values if frames == 1 else np.stack([values] * frames)
    syntax = ExplicitVRBigEndian if big_endian else ExplicitVRLittleEndian
    for frame in read_frames(recoded(full_samples(several), syntax)):
        expected = values if is_rgb else GRAY_RGB
        assert np.array_equal(frame.stored_values, expected)
        assert (
            f"read them as {'RGB' if is_rgb else 'YBR_FULL'}, by their content." in frame.notes[0]
        )


def test_full_samples_that_could_be_both_are_refused_until_chosen():
    content = as_bytes(full_samples(UNCLEAR))
    with pytest.raises(InputError, match="which could be RGB or YBR_FULL") as caught:
        open_content(content)
    assert "--dicom.color rgb" in caught.value.hint
    (frame,) = read_frames(content, color="rgb")
    assert np.array_equal(frame.stored_values, UNCLEAR)
    assert "as asked for" in frame.notes[0]
    (frame,) = read_frames(content, color="ybr")
    assert not np.array_equal(frame.stored_values, UNCLEAR)


def test_jpeg_ls_with_components_of_different_size_is_unsupported():
    stream = bytearray(encoded("jpeg-ls", np.stack([VALUES] * 3, axis=-1)))
    frame = stream.index(b"\xff\xf7")
    stream[frame + 11] = 0x22
    content = as_bytes(
        encapsulated(color(np.stack([VALUES] * 3, axis=-1)), SYNTAX["jpeg-ls"], [bytes(stream)])
    )
    with pytest.raises(UnsupportedError, match="differ in size"):
        read_frames(content)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("values", [GRAY_RGB, VIVID], ids=["gray", "vivid"])
def test_full_samples_called_partial_422_are_rgb_where_they_show_it(values, syntax):
    frame = read_frame(recoded(full_samples(values, "YBR_PARTIAL_422"), syntax))
    assert np.array_equal(frame.stored_values, values)
    assert "is YBR_PARTIAL_422, but the length is that of three samples" in frame.notes[0]


def test_full_samples_in_ybr_called_partial_422_are_refused_until_chosen():
    content = as_bytes(full_samples(GRAY_YBR, "YBR_PARTIAL_422"))
    with pytest.raises(InputError, match="YBR_PARTIAL_422, but the length") as caught:
        open_content(content)
    assert "--dicom.color ybr" in caught.value.hint
    assert np.array_equal(read_frame(content, color="ybr").stored_values, GRAY_RGB)


@pytest.mark.parametrize("label", ["YBR_FULL_422", "YBR_PARTIAL_422"])
@pytest.mark.parametrize("codec", ["rle", "jpeg-ls"])
@pytest.mark.parametrize("frames", [1, 2])
def test_streams_of_full_samples_called_422_are_read_by_their_content(codec, frames, label):
    several = np.stack([UNCLEAR, GRAY_RGB]) if frames == 2 else GRAY_RGB
    streams = [encoded(codec, values) for values in several.reshape(-1, 12, 20, 3)]
    content = as_bytes(encapsulated(full_samples(several, label), SYNTAX[codec], streams))
    *_, last = read_frames(content)
    assert np.array_equal(last.stored_values, GRAY_RGB)
    assert f"is {label}, but the " in last.notes[0]
    assert "stream has three samples per pixel; read them as RGB" in last.notes[0]


@pytest.mark.parametrize("codec", ["rle", "jpeg-ls"])
def test_streams_of_full_samples_that_could_be_both_are_refused_until_chosen(codec):
    streams = [encoded(codec, UNCLEAR)]
    content = as_bytes(encapsulated(full_samples(UNCLEAR), SYNTAX[codec], streams))
    with pytest.raises(InputError, match="which could be RGB or YBR_FULL") as caught:
        open_content(content)
    assert "--dicom.color rgb" in caught.value.hint
    assert np.array_equal(read_frame(content, color="rgb").stored_values, UNCLEAR)


def test_a_damaged_first_frame_does_not_decide_the_color():
    streams = [b"\1" + bytes(99), encoded("rle", GRAY_RGB)]
    dataset = full_samples(np.stack([VIVID, GRAY_RGB]))
    instance = open_content(encapsulated(dataset, SYNTAX["rle"], streams))
    assert np.array_equal(instance.read_frame(1).stored_values, GRAY_RGB)
    with pytest.raises(InputError, match="RLE"):
        instance.read_frame(0)


@pytest.mark.parametrize("label", ["YBR_ICT", "YBR_RCT"])
@pytest.mark.parametrize("codec", ["native", "rle", "jpeg-ls"])
def test_a_component_transform_without_jpeg_2000_is_noted(codec, label):
    dataset = full_samples(VIVID, label)
    if codec != "native":
        dataset = encapsulated(dataset, SYNTAX[codec], [encoded(codec, VIVID)])
    frame = read_frame(dataset)
    assert np.array_equal(frame.stored_values, VIVID)
    assert f"is {label}, which only JPEG 2000 has; read the samples as RGB." in frame.notes[0]
