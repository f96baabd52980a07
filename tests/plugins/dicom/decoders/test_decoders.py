"""Each Transfer Syntax decodes what was just encoded, and rejects truncated or wrong streams."""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from fractions import Fraction

import imagecodecs
import numpy as np
import pydicom.uid
import pytest
from pydicom.encaps import encapsulate
from support.streams import HTJ2K, JPEG2000, SYNTAX, encoded, gray, jpeg2000, rgb, rle_frame

from dcmconv.plugin import InputError, UnsupportedError
from dcmconv_builtins.dicom import decoders
from dcmconv_builtins.dicom.decoders import (
    VideoFrames,
    decode_frame,
    get_transfer_syntax,
    transfer_syntaxes,
)
from dcmconv_builtins.dicom.pixels.encapsulation import Encapsulated
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

JPEG = "1.2.840.10008.1.2.4"


def described(values: np.ndarray, **changes) -> PixelDescription:
    bits = values.dtype.itemsize * 8
    return replace(
        PixelDescription(
            rows=values.shape[0],
            columns=values.shape[1],
            samples_per_pixel=values.shape[2] if values.ndim == 3 else 1,
            bits_allocated=bits,
            bits_stored=bits,
            high_bit=bits - 1,
            is_signed=values.dtype.kind == "i",
            photometric_interpretation="RGB" if values.ndim == 3 else "MONOCHROME2",
        ),
        **changes,
    )


LOSSLESS = [
    "native",
    "encapsulated-uncompressed",
    "deflated-frame",
    "rle",
    "jpeg-lossless",
    "jpeg-ls",
    "jpeg-2000",
    "htj2k",
    "jpeg-xl",
]
PICTURES = {
    "8-bit": gray(np.uint8),
    "16-bit": gray(np.uint16),
    "one-pixel": np.full((1, 1), 200, np.uint8),
    "odd": gray(np.uint16)[:5, :7].copy(),
    "rgb": rgb(np.uint8),
    "rgb-16-bit": rgb(np.uint16),
}


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("syntax", LOSSLESS)
def test_lossless_syntaxes_return_every_value(syntax, picture):
    values = PICTURES[picture]
    decoded = decode_frame(encoded(syntax, values), SYNTAX[syntax], described(values))
    assert decoded.values.dtype == values.dtype
    assert np.array_equal(decoded.values, values)
    assert decoded.photometric_interpretation == ("RGB" if values.ndim == 3 else "MONOCHROME2")


@pytest.mark.parametrize(
    ("syntax", "uid"),
    [("native", "1.2.840.10008.1.2"), ("native", "1.2.840.10008.1.2.1.99"),
     ("jpeg-lossless", f"{JPEG}.57"), ("htj2k", f"{JPEG}.202"), ("jpeg-ls", f"{JPEG}.81"),
     ("jpeg-2000", f"{JPEG}.91"), ("htj2k", f"{JPEG}.203"), ("jpeg-xl", f"{JPEG}.112")],
)  # fmt: skip
def test_syntaxes_that_share_a_codec_return_every_value(syntax, uid):
    values = gray(np.uint16)
    assert np.array_equal(
        decode_frame(encoded(syntax, values), uid, described(values)).values, values
    )


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_signed_values_keep_their_sign(syntax):
    values = gray(np.uint16).view(np.int16)
    decoded = decode_frame(encoded(syntax, values), SYNTAX[syntax], described(values))
    assert decoded.values.dtype == np.int16
    assert np.array_equal(decoded.values, values)


@pytest.mark.parametrize("syntax", ["native", "rle", "deflated-frame"])
def test_values_of_32_bits_survive(syntax):
    values = gray(np.uint16).astype(np.uint32) * 60_000
    stream = encoded(syntax, values)
    assert np.array_equal(decode_frame(stream, SYNTAX[syntax], described(values)).values, values)


def test_jpeg_2000_too_wide_to_be_exact_is_rejected():
    values = gray(np.uint16).astype(np.uint32)
    with pytest.raises(UnsupportedError, match=r"has 32 bits per sample; up to 25") as caught:
        decode_frame(encoded("htj2k", values), HTJ2K, described(values))
    assert "RLE Lossless" in caught.value.hint


def test_values_of_24_bits_survive_jpeg_2000():
    values = gray(np.uint16).astype(np.uint32) * 200
    stream = bytes(jpeg2000(values, bitspersample=24))
    decoded = decode_frame(stream, JPEG2000, described(values, bits_stored=24))
    assert np.array_equal(decoded.values, values)


@pytest.mark.parametrize(
    ("syntax", "uid"),
    [("jpeg", f"{JPEG}.50"), ("jpeg-12", f"{JPEG}.51"), ("jpeg-progressive", f"{JPEG}.55"),
     ("jpeg-progressive", f"{JPEG}.53"),
     ("jpeg-ls-near", f"{JPEG}.81"), ("jpeg-2000-lossy", f"{JPEG}.91"),
     ("htj2k-lossy", f"{JPEG}.203"), ("jpeg-xl-lossy", f"{JPEG}.112")],
)  # fmt: skip
@pytest.mark.parametrize("picture", ["gray", "color"])
def test_lossy_syntaxes_come_close(syntax, uid, picture):
    if syntax == "jpeg-12":
        values = gray(np.uint16, bits=12)
        near = 64
    else:
        values = gray(np.uint8) if picture == "gray" else rgb(np.uint8)
        near = 12
    decoded = decode_frame(encoded(syntax, values), uid, described(values))
    assert decoded.is_masked
    difference = np.abs(decoded.values.astype(int) - values.astype(int))
    assert difference.mean() < near / 4
    assert difference.max() <= near * 4


def test_recompressed_jpeg_in_jpeg_xl_comes_out_as_rgb():
    values = rgb(np.uint8)
    jpeg = bytes(imagecodecs.jpeg8_encode(values, 90))
    stream = bytes(imagecodecs.jpegxl_encode_jpeg(jpeg, numthreads=1))
    description = described(values, photometric_interpretation="YBR_FULL_422")
    decoded = decode_frame(stream, f"{JPEG}.111", description)
    assert decoded.photometric_interpretation == "RGB"
    reference = imagecodecs.jpeg8_decode(jpeg).astype(int)
    assert np.abs(decoded.values.astype(int) - reference).max() <= 8


CUT = [*LOSSLESS, "jpeg", "jpeg-12", "jpeg-progressive", "jpeg-ls-near", "htj2k-lossy",
       "jpeg-xl-lossy", "jpeg-2000-lossy"]  # fmt: skip


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("syntax", CUT)
def test_a_cut_stream_is_rejected_as_truncated(syntax, part):
    values = gray(np.uint16, bits=12) if syntax == "jpeg-12" else gray(np.uint8)
    stream = encoded(syntax, values)
    cut = stream[: int(len(stream) * part)]
    with pytest.raises(InputError, match="stream ends early") as caught:
        decode_frame(cut, SYNTAX[syntax], described(values))
    assert caught.value.reason == "truncated"
    assert "Compare the file with the one at its source" in caught.value.hint


@pytest.mark.parametrize("syntax", ["jpeg-2000", "htj2k", "jpeg-2000-lossy"])
def test_an_added_end_marker_does_not_hide_a_cut(syntax):
    values = gray(np.uint8)
    stream = encoded(syntax, values)
    with pytest.raises(InputError, match=r"ends at byte .* by its own header, but") as caught:
        decode_frame(stream[: len(stream) // 2] + b"\xff\xd9", SYNTAX[syntax], described(values))
    # The bytes may be missing, or the length may be wrong: only the first would be truncation.
    assert caught.value.reason == "damaged"


@pytest.mark.parametrize("syntax", [syntax for syntax in CUT if syntax != "native"])
def test_an_empty_stream_is_rejected(syntax):
    with pytest.raises(InputError):
        decode_frame(b"", SYNTAX[syntax], described(gray(np.uint8)))


@pytest.mark.parametrize(
    ("syntax", "padding"),
    [(syntax, b"\0" * count) for syntax in LOSSLESS for count in (1, 300)]
    + [(syntax, b"\xff") for syntax in LOSSLESS if syntax != "rle"],
)
def test_padding_after_a_stream_changes_nothing(syntax, padding):
    values = gray(np.uint16)
    stream = encoded(syntax, values) + padding
    assert np.array_equal(decode_frame(stream, SYNTAX[syntax], described(values)).values, values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": 128, "columns": 128}, "is 40x56; Rows .* say 128x128"),
        ({"samples_per_pixel": 3}, "1 samples per pixel; Samples per Pixel .* is 3"),
        ({"bits_allocated": 8, "bits_stored": 8}, "16 bits per sample; Bits Allocated .* is 8"),
    ],
)
@pytest.mark.parametrize("syntax", ["jpeg-lossless", "jpeg-ls", "jpeg-2000", "htj2k"])
def test_a_stream_that_contradicts_the_header_is_rejected(syntax, change, message):
    values = gray(np.uint16)
    with pytest.raises(InputError, match=message) as caught:
        decode_frame(encoded(syntax, values), SYNTAX[syntax], described(values, **change))
    assert caught.value.reason == "mismatch"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": 128}, "is 40x56; Rows .* say 128x56"),
        ({"samples_per_pixel": 3}, r"decodes to shape .* expected \(40, 56, 3\)"),
        ({"bits_allocated": 8, "bits_stored": 8}, "decodes to uint16; Bits Allocated .* is 8"),
    ],
)
def test_a_jpeg_xl_stream_that_contradicts_the_header_is_rejected(change, message):
    values = gray(np.uint16)
    with pytest.raises(InputError, match=message) as caught:
        decode_frame(encoded("jpeg-xl", values), SYNTAX["jpeg-xl"], described(values, **change))
    assert caught.value.reason == "mismatch"


@pytest.mark.parametrize(
    "shape", [(8, 8), (256, 256), (3, 5), (600, 480), (9, 16), (513, 1), (300, 400), (20, 40)]
)
def test_jpeg_xl_streams_of_every_size_form_decode(shape):
    values = np.zeros(shape, np.uint8)
    decoded = decode_frame(encoded("jpeg-xl", values), SYNTAX["jpeg-xl"], described(values))
    assert decoded.values.shape == shape


@pytest.mark.parametrize(
    ("uid", "stream", "message"),
    [
        (f"{JPEG}.50", encoded("jpeg-ls", gray(np.uint8)), "is JPEG-LS; .* names JPEG"),
        (f"{JPEG}.80", encoded("jpeg", gray(np.uint8)), "is JPEG; .* names JPEG-LS"),
        (f"{JPEG}.90", encoded("jpeg", gray(np.uint8)), "expected ff 4f ff 51"),
        (f"{JPEG}.50", encoded("jpeg-2000", gray(np.uint8)), "expected ff d8"),
        (f"{JPEG}.110", encoded("jpeg", gray(np.uint8)), "expected ff 0a or a JXL box"),
    ],
)
def test_a_stream_of_another_codec_is_rejected_by_name(uid, stream, message):
    with pytest.raises(InputError, match=message) as caught:
        decode_frame(stream, uid, described(gray(np.uint8)))
    assert "Transfer Syntax" in str(caught.value) or "dcmodify" in caught.value.hint


def test_the_header_decides_the_sign_of_jpeg_2000_values():
    values = np.array([[0, 4095, 8191, 4096]], np.uint16)  # 13 bits
    stream = bytes(jpeg2000(values, bitspersample=13))
    description = described(values, is_signed=True, bits_stored=13)
    decoded = decode_frame(stream, JPEG2000, description)
    assert decoded.values.tolist() == [[0, 4095, -1, -4096]]
    assert decoded.notes == (
        "the JPEG 2000 stream and Pixel Representation (0028,0103) differ in sign",
    )


def test_lossy_overshoot_beyond_bits_stored_is_kept():
    values = np.full((16, 16), 4170, np.uint16)
    stream = bytes(jpeg2000(values))
    decoded = decode_frame(stream, f"{JPEG}.91", described(values, bits_stored=12))
    assert decoded.is_masked
    assert np.unique(decoded.values).tolist() == [4170]


def test_lossless_streams_keep_the_bits_above_bits_stored():
    values = gray(np.uint16) | np.uint16(0x8000)
    decoded = decode_frame(
        encoded("jpeg-lossless", values), f"{JPEG}.70", described(values, bits_stored=12)
    )
    assert not decoded.is_masked
    assert np.array_equal(decoded.values, values)


@pytest.mark.parametrize("rows", [3, 8])
def test_1_bit_rle_is_packed_bits(rows):
    bits = (np.arange(rows * 5).reshape(rows, 5) % 3 == 0).astype(np.uint8)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    description = described(bits, bits_allocated=1, bits_stored=1, high_bit=0)
    decoded = decode_frame(rle_frame([packed]), SYNTAX["rle"], description)
    assert np.array_equal(decoded.values, bits)


@pytest.mark.parametrize("padding", [b"\0", b"\x80", b"\xff", b"\x01"])
def test_a_complete_rle_segment_may_have_any_padding(padding):
    header = np.zeros(16, "<u4")
    header[:2] = 1, 64
    whole = header.tobytes() + bytes([5, 10, 11, 12, 13, 14, 15])
    description = described(np.zeros((2, 3), np.uint8))
    values = decode_frame(whole + padding, SYNTAX["rle"], description).values
    assert values.tolist() == [[10, 11, 12], [13, 14, 15]]
    with pytest.raises(InputError, match=r"ends within a run|holds 5 of 6"):
        decode_frame(whole[:-1], SYNTAX["rle"], description)


def test_rle_with_the_wrong_number_of_segments_is_rejected():
    values = gray(np.uint16)
    with pytest.raises(InputError, match=r"announces 2 segments; .* require 1"):
        decode_frame(
            encoded("rle", values),
            SYNTAX["rle"],
            described(values, bits_allocated=8, bits_stored=8),
        )


def test_a_deflate_bomb_is_never_inflated():
    values = gray(np.uint8)
    packer = zlib.compressobj(9, wbits=-15)
    bomb = packer.compress(bytes(10_000_000)) + packer.flush()
    with pytest.raises(InputError, match="contains more than the 2240 bytes"):
        decode_frame(bomb, SYNTAX["deflated-frame"], described(values))


def test_a_jp2_file_is_unwrapped_with_a_note():
    values = gray(np.uint8)
    stream = bytes(imagecodecs.jpeg2k_encode(values, codecformat="JP2"))
    decoded = decode_frame(stream, JPEG2000, described(values))
    assert np.array_equal(decoded.values, values)
    assert decoded.notes == ("the JPEG 2000 stream is wrapped in a JP2 file",)


def test_damage_that_the_codec_detects_is_an_error():
    stream = bytearray(encoded("htj2k", gray(np.uint16)))
    start = stream.index(b"\xff\x93")  # start of data
    stream[start + 2 : start + 60] = b"\xff" * 58
    with pytest.raises(InputError, match="the JPEG 2000 stream is damaged"):
        decode_frame(bytes(stream), HTJ2K, described(gray(np.uint16)))


@pytest.mark.parametrize("syntax", [syntax for syntax in CUT if "native" not in syntax])
def test_damaged_streams_give_a_picture_or_a_helpful_error(syntax):
    values = gray(np.uint16, bits=12) if syntax == "jpeg-12" else gray(np.uint8)
    stream = encoded(syntax, values)
    places = np.random.default_rng(7)
    shapes: set[tuple[int, ...]] = set()
    hints: set[str] = set()
    for _ in range(60):
        damaged = bytearray(stream)
        for place in places.integers(0, len(stream), 3):
            damaged[place] ^= int(places.integers(1, 256))
        try:
            shapes.add(decode_frame(bytes(damaged), SYNTAX[syntax], described(values)).values.shape)
        except (InputError, UnsupportedError) as error:
            hints.add(error.hint)
    assert shapes <= {values.shape}
    assert "" not in hints


def test_doctor_lists_every_transfer_syntax_of_the_standard():
    listed = {row.uid for row in transfer_syntaxes()}
    standard = {
        uid for uid, entry in pydicom.uid.UID_dictionary.items() if entry[1] == "Transfer Syntax"
    }
    assert standard - listed == set()


def test_every_still_syntax_is_ok_in_this_installation():
    by_state: dict[str, set[str]] = {}
    for row in transfer_syntaxes():
        by_state.setdefault(row.state, set()).add(row.uid)
    still = {uid for uid, info in decoders.SYNTAXES.items() if info.coding != "video"}
    assert still <= by_state["ok"]
    assert len(still) == 24


@pytest.mark.parametrize(
    ("uid", "message"),
    [
        (f"{JPEG}.94", r"JPIP Referenced \(1.*94\) cannot be decoded: .* JPIP server"),
        (f"{JPEG}.92", "JPEG 2000 part 2"),
        (f"{JPEG}.59", "hierarchical"),
        ("1.2.840.10008.1.2.7.1", "a live stream"),
        ("1.3.6.1.4.1.5962.300.2", "private"),
        ("1.2.999.1", "'1.2.999.1' is unknown"),
    ],
)
def test_unsupported_syntaxes_are_rejected_with_the_reason(uid, message):
    with pytest.raises(UnsupportedError, match=message) as caught:
        get_transfer_syntax(uid)
    assert "dcmconv doctor" in caught.value.hint


def test_a_missing_decoder_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(decoders, "_is_installed", lambda module: module != "av")
    with pytest.raises(
        UnsupportedError, match=r"\.4\.102\) needs av, which is not installed"
    ) as caught:
        get_transfer_syntax(f"{JPEG}.102")
    assert caught.value.hint == "pip install 'dcmconv[video]'"
    assert caught.value.reason == "not-installed"
    states = {row.uid: row for row in transfer_syntaxes()}
    assert states[f"{JPEG}.102"].state == "not installed"
    assert states[f"{JPEG}.102"].note == "pip install 'dcmconv[video]'"
    assert states[f"{JPEG}.50"].state == "ok"


VIDEO = [
    (f"{JPEG}.100", "mpeg2video", "mpegts", "yuv420p", 8),
    (f"{JPEG}.102", "libx264", "mp4", "yuv420p", 8),
    (f"{JPEG}.107", "libx265", "hevc", "yuv420p", 8),
    (f"{JPEG}.108", "libx265", "mp4", "yuv420p10le", 10),
]


def video(codec: str, container: str, layout: str, frames: int = 4) -> bytes:
    av = pytest.importorskip("av")
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV here has no encoder {codec} to make a test video with")
    buffer = io.BytesIO()
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=Fraction(25), options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, layout
        stream.bit_rate = 4_000_000
        for number in range(frames):
            level = 40 + 40 * number
            # A little noise: PyAV does not recognize a stream of only a few hundred bytes.
            noise = np.random.default_rng(number).integers(-20, 21, (48, 64, 1))
            textured = (level + noise).repeat(3, axis=2).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(textured, format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return buffer.getvalue()


@pytest.mark.parametrize(("uid", "codec", "container", "layout", "bits"), VIDEO)
def test_video_frames_come_one_at_a_time_in_any_order(uid, codec, container, layout, bits):
    stream = video(codec, container, layout)
    description = PixelDescription(
        rows=48, columns=64, samples_per_pixel=3, frame_count=4, bits_stored=bits,
        bits_allocated=8 if bits == 8 else 16, photometric_interpretation="YBR_PARTIAL_420",
    )  # fmt: skip
    pieces = [stream[start : start + 1000] for start in range(0, len(stream), 1000)]
    frames = VideoFrames(Encapsulated(encapsulate(pieces)).open_stream(), description)
    assert get_transfer_syntax(uid).coding == "video"
    top = (1 << bits) - 1
    for frame_index in (0, 1, 2, 3, 1, 3):
        decoded = frames.read_frame(frame_index)
        assert decoded.photometric_interpretation == "RGB"
        assert decoded.values.shape == (48, 64, 3)
        wanted = (40 + 40 * frame_index) / 255 * top
        assert decoded.values.mean() == pytest.approx(wanted, abs=top * 0.02)
    frames.close()


def test_a_video_with_too_few_frames_is_truncated():
    stream = video("mpeg2video", "mpegts", "yuv420p", frames=2)
    description = PixelDescription(
        rows=48, columns=64, samples_per_pixel=3, bits_allocated=8, bits_stored=8, frame_count=5
    )
    frames = VideoFrames(io.BytesIO(stream), description)
    with pytest.raises(InputError, match=r"it has 2 frames, Number of Frames .* is 5") as caught:
        frames.read_frame(4)
    assert caught.value.reason == "truncated"


def test_bytes_that_are_not_a_video_are_rejected():
    pytest.importorskip("av")
    description = PixelDescription(rows=48, columns=64, samples_per_pixel=3)
    with pytest.raises(InputError, match="the video stream is damaged"):
        VideoFrames(io.BytesIO(b"not a video" * 100), description).read_frame(0)


def test_video_cannot_be_decoded_by_frame_stream():
    pytest.importorskip("av")
    with pytest.raises(ValueError, match="use VideoFrames"):
        decode_frame(b"", f"{JPEG}.102", described(gray(np.uint8)))


@pytest.mark.parametrize(
    ("syntax", "codec", "distribution"),
    [
        ("jpeg", "simplejpeg.decode_jpeg", "simplejpeg"),
        ("jpeg-lossless", "imagecodecs.jpeg8_decode", "imagecodecs"),
        ("jpeg-ls", "imagecodecs.jpegls_decode", "imagecodecs"),
        ("jpeg-xl", "imagecodecs.jpegxl_decode", "imagecodecs"),
        ("jpeg-2000", "openjpeg.utils.decode", "pylibjpeg-openjpeg"),
    ],
)
def test_a_library_without_the_codec_is_named(syntax, codec, distribution, monkeypatch):
    def raise_import_error(*args, **kwargs):
        raise ImportError("could not import name")

    monkeypatch.setattr(codec, raise_import_error)
    values = gray(np.uint8)
    with pytest.raises(UnsupportedError) as caught:
        decode_frame(encoded(syntax, values), SYNTAX[syntax], described(values))
    assert caught.value.message.startswith(f"the installed {distribution} cannot decode JPEG")
    assert caught.value.message.endswith(": could not import name")
    assert caught.value.hint == f"pip install --upgrade --force-reinstall {distribution}"
    assert caught.value.reason == "not-installed"
