"""Every row of doctor's table decodes a freshly encoded file, or fails with its reason."""

from __future__ import annotations

import io
import json
import struct
import zlib
from fractions import Fraction

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import UID
from support.covers import covers
from support.dicom_files import as_bytes, color, encapsulated, monochrome
from support.doubtful_pixels import ge_private
from support.reading import recoded
from support.streams import JPEG, encoded, gray, rgb

import dcmconv
from dcmconv import UnsupportedError
from dcmconv._entry import main
from dcmconv_builtins.dicom.decoders.syntaxes import GE_PRIVATE, REFUSED, SYNTAXES
from oracle.rows import NAMES, syntax_row

DICOM = "1.2.840.10008.1.2"
NATIVE = (DICOM, f"{DICOM}.1", f"{DICOM}.1.99", f"{DICOM}.2", GE_PRIVATE)
LOSSLESS = {
    f"{DICOM}.1.98": "encapsulated-uncompressed",
    f"{DICOM}.8.1": "deflated-frame",
    f"{DICOM}.5": "rle",
    f"{JPEG}.57": "jpeg-lossless",
    f"{JPEG}.70": "jpeg-lossless",
    f"{JPEG}.80": "jpeg-ls",
    f"{JPEG}.90": "jpeg-2000",
    f"{JPEG}.201": "htj2k",
    f"{JPEG}.202": "htj2k",
    f"{JPEG}.110": "jpeg-xl",
}
LOSSY = {
    f"{JPEG}.50": "jpeg",
    f"{JPEG}.51": "jpeg-12",
    f"{JPEG}.53": "jpeg-progressive",
    f"{JPEG}.55": "jpeg-progressive",
    f"{JPEG}.81": "jpeg-ls-near",
    f"{JPEG}.91": "jpeg-2000-lossy",
    f"{JPEG}.203": "htj2k-lossy",
    f"{JPEG}.112": "jpeg-xl-lossy",
}
RECOMPRESSED = f"{JPEG}.111"
STILL = [uid for uid, info in SYNTAXES.items() if info.coding != "video"]
VIDEO = [uid for uid, info in SYNTAXES.items() if info.coding == "video"]


def rows(uids):
    return [pytest.param(uid, id=uid, marks=covers(syntax_row(uid))) for uid in uids]


def picture(content):
    return dcmconv.convert(content, normalize="minmax").pixels


def test_every_still_transfer_syntax_is_tested():
    assert {*NATIVE, *LOSSLESS, *LOSSY, RECOMPRESSED} == set(STILL)


@pytest.mark.parametrize("uid", rows(NATIVE))
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.uint32])
def test_uncompressed_syntaxes_give_equal_pixels(uid, dtype):
    values = gray(dtype)
    assert np.array_equal(picture(uncompressed(monochrome(values), uid)), picture(plain(values)))


def plain(values):
    return as_bytes(color(values) if values.ndim == 3 else monochrome(values))


def uncompressed(dataset, uid):
    """Return the file in a native syntax; big endian pixels are swapped by hand."""
    if uid in (f"{DICOM}.2", GE_PRIVATE) and dataset.BitsAllocated > 8:
        order = f"u{dataset.BitsAllocated // 8}"
        dataset.PixelData = (
            np.frombuffer(dataset.PixelData, f"<{order}").astype(f">{order}").tobytes()
        )
    if uid == GE_PRIVATE:
        return ge_private(dataset, dataset.PixelData)
    return recoded(dataset, UID(uid))


@pytest.mark.parametrize("uid", rows(LOSSLESS))
@pytest.mark.parametrize(
    "values", [gray(np.uint8), gray(np.uint16), rgb(np.uint8)], ids=["8", "16", "rgb"]
)
def test_lossless_syntaxes_equal_the_native_file(uid, values):
    dataset = color(values) if values.ndim == 3 else monochrome(values)
    if uid in (f"{JPEG}.90", f"{JPEG}.201", f"{JPEG}.202") and values.ndim == 3:
        dataset.PhotometricInterpretation = "YBR_RCT"
    coded = encapsulated(dataset, uid, [encoded(LOSSLESS[uid], values)])
    assert np.array_equal(picture(as_bytes(coded)), picture(plain(values)))


@pytest.mark.parametrize("uid", rows(LOSSY))
def test_lossy_syntaxes_are_close_to_the_native_file(uid):
    is_wide = LOSSY[uid] == "jpeg-12"
    values = gray(np.uint16, bits=12) if is_wide else gray(np.uint8)
    dataset = monochrome(values, **({"BitsStored": 12, "HighBit": 11} if is_wide else {}))
    shown = picture(as_bytes(encapsulated(dataset, uid, [encoded(LOSSY[uid], values)])))
    difference = np.abs(shown.astype(int) - picture(plain(values)))
    assert difference.mean() < 3
    assert difference.max() < 32


@covers(syntax_row(RECOMPRESSED))
def test_a_recompressed_jpeg_equals_the_jpeg():
    jpeg = bytes(imagecodecs.jpeg8_encode(gray(np.uint8), 90))
    stream = bytes(imagecodecs.jpegxl_encode_jpeg(jpeg, numthreads=1))
    shown = picture(as_bytes(encapsulated(monochrome(gray(np.uint8)), RECOMPRESSED, [stream])))
    of_the_jpeg = picture(as_bytes(encapsulated(monochrome(gray(np.uint8)), f"{JPEG}.50", [jpeg])))
    # The two decoders may round their inverse cosine transforms differently.
    assert np.abs(shown.astype(int) - of_the_jpeg).max() <= 2


@covers("PS3.3 C.7.6.3.1.2 Photometric Interpretation XYB (JPEG XL)")
def test_lossy_jpeg_xl_colors_come_out_as_rgb():
    values = rgb(np.uint8)
    dataset = color(values, PhotometricInterpretation="XYB")
    shown = picture(
        as_bytes(encapsulated(dataset, f"{JPEG}.112", [encoded("jpeg-xl-lossy", values)]))
    )
    assert np.abs(shown.astype(int) - values).mean() < 3


@pytest.mark.parametrize("uid", rows(VIDEO))
def test_a_video_is_read_frame_by_frame(uid):
    codec, layout, bits = codec_of(uid)
    stream = video(codec, layout)
    dataset = color(np.zeros((4, 48, 64, 3), np.uint8), PhotometricInterpretation="YBR_PARTIAL_420")
    if bits == 10:
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 10, 9
    # PS3.5 A.4.5: one fragment, of any size, unless the syntax is fragmentable.
    size = 1000 if uid.endswith(".1") else len(stream)
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    dataset.PixelData = encapsulate(pieces)
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.file_meta.TransferSyntaxUID = UID(uid)
    shown = [frame.pixels.mean() for frame in dcmconv.convert_frames(as_bytes(dataset))]
    assert shown == pytest.approx([40, 80, 120, 160], abs=5)


def codec_of(uid):
    number = int(uid.removeprefix(f"{JPEG}.")[:3])
    if number < 102:
        return "mpeg2video", "yuv420p", 8
    if number < 107:
        return "libx264", "yuv420p", 8
    return ("libx265", "yuv420p10le", 10) if number == 108 else ("libx265", "yuv420p", 8)


def video(codec, layout):
    av = pytest.importorskip("av", reason="video needs the extra dcmconv[video]")
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV here has no encoder {codec} to make a test video with")
    buffer = io.BytesIO()
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    with av.open(buffer, "w", format="mpegts") as output:
        stream = output.add_stream(codec, rate=Fraction(25), options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 64, 48, layout, 4_000_000
        for level in (40, 80, 120, 160):
            # A little texture, because a stream of a few hundred bytes is not recognized.
            noise = np.random.default_rng(level).integers(-20, 21, (48, 64, 1))
            textured = (level + noise).repeat(3, axis=2).astype(np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(textured, format="rgb24")))
        output.mux(stream.encode())
    return buffer.getvalue()


@pytest.mark.parametrize("uid", rows(REFUSED))
def test_undecodable_syntaxes_fail_with_the_reason(uid):
    dataset = encapsulated(monochrome(gray(np.uint8)), f"{JPEG}.90", [b"\xff\x4f\xff\x51"])
    with pytest.raises(UnsupportedError) as caught:
        dcmconv.convert(relabeled(as_bytes(dataset), uid))
    assert NAMES[uid] in caught.value.message
    assert REFUSED[uid].reason in caught.value.message
    assert caught.value.hint


def relabeled(content, uid):
    """Give a file another Transfer Syntax UID, whatever its length."""
    old = b"\x02\x00\x10\x00UI" + struct.pack("<H", 22) + f"{JPEG}.90".encode()
    padded = uid.encode() + b"\0" * (len(uid) % 2)
    new = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(padded)) + padded
    assert old in content
    length = struct.unpack("<I", content[140:144])[0] + len(padded) - 22
    return content[:140] + struct.pack("<I", length) + content[144:].replace(old, new, 1)


@covers("PS3.5 10 Every Transfer Syntax of still pictures decodes in the default installation")
def test_doctor_finds_every_still_syntax_ok(capsys):
    assert main(["doctor", "--json"]) == 0
    tables = {
        table["title"]: table["rows"] for table in json.loads(capsys.readouterr().out)["tables"]
    }
    states = {row["uid"]: row for row in tables["Transfer Syntaxes"]}
    assert {uid: states[uid]["state"] for uid in STILL} == dict.fromkeys(STILL, "ok")
    assert all(states[uid]["decoder"] for uid in STILL)
    assert {uid: states[uid]["state"] for uid in REFUSED} == dict.fromkeys(REFUSED, "refused")
    assert all(states[uid]["note"] for uid in REFUSED)


THREE = np.random.default_rng(3).integers(0, 256, (3, 40, 56)).astype(np.uint8)
OFFSETS = {
    "basic": "PS3.5 A.4 Basic Offset Table",
    "empty": "PS3.5 A.4 Empty Basic Offset Table",
    "extended": "PS3.3 C.7.6.3 Extended Offset Table",
}


@pytest.mark.parametrize(
    "offsets", [pytest.param(name, marks=covers(row)) for name, row in OFFSETS.items()]
)
def test_every_offset_table_finds_the_frames(offsets):
    streams = [encoded("jpeg-ls", frame) for frame in THREE]
    dataset = encapsulated(monochrome(THREE), f"{JPEG}.80", streams, offsets=offsets)
    assert_three_frames(as_bytes(dataset))


@covers("PS3.5 A.4 Several fragments a frame")
def test_a_frame_may_have_several_fragments():
    dataset = encapsulated(monochrome(THREE), f"{JPEG}.80", [])
    dataset.PixelData = encapsulate(
        [encoded("jpeg-ls", frame) for frame in THREE], fragments_per_frame=3
    )
    assert_three_frames(as_bytes(dataset))


@covers("PS3.5 A.4 A wrong Basic Offset Table is corrected from the streams themselves")
def test_a_wrong_offset_table_does_not_mix_frames():
    streams = [encoded("jpeg-ls", frame) for frame in THREE]
    dataset = encapsulated(monochrome(THREE), f"{JPEG}.80", streams)
    content = bytearray(dataset.PixelData)
    content[12:16] = struct.pack("<I", struct.unpack("<I", content[12:16])[0] + 6)
    dataset.PixelData = bytes(content)
    assert_three_frames(as_bytes(dataset))


def assert_three_frames(content):
    shown = [frame.pixels for frame in dcmconv.convert_frames(content, normalize="minmax")]
    assert [np.array_equal(a, picture(plain(b))) for a, b in zip(shown, THREE, strict=True)] == [
        True
    ] * 3


@covers("PS3.5 A.5 Deflated dataset, with and without a byte of padding")
@pytest.mark.parametrize("padding", [b"", b"\0"])
def test_a_deflated_dataset_may_be_padded(padding):
    values = gray(np.uint8)
    content = plain(values)
    start = 144 + struct.unpack("<I", content[140:144])[0]
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(content[start:]) + packer.flush() + padding
    meta = relabeled_meta(content[:start], f"{DICOM}.1.99")
    assert np.array_equal(picture(meta + body), picture(content))


def relabeled_meta(meta, uid):
    old = b"UI" + struct.pack("<H", 20) + f"{DICOM}.1\0".encode()
    new = b"UI" + struct.pack("<H", 22) + uid.encode()
    assert old in meta
    return meta[:140] + struct.pack("<I", len(meta) - 144 + 2) + meta[144:].replace(old, new, 1)
