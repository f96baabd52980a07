import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from dcmconv.errors import InputError
from dcmconv.model.frame_parts import Spacing
from dcmconv.model.picture import Picture
from dcmconv_builtins.writers import png_chunks
from dcmconv_builtins.writers.png import Png

COMPRESSIONS = ["fastest", "fast", "small", "smallest"]


def chunks_of(data):
    """Read the chunks of a PNG file, checking every length and CRC."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    position, found = 8, []
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        content = data[position + 8 : position + 8 + length]
        assert struct.unpack_from(">I", data, position + 8 + length)[0] == zlib.crc32(
            kind + content
        )
        found.append((kind.decode(), content))
        position += 12 + length
    return found


def kinds_of(data):
    return [kind for kind, _ in chunks_of(data)]


def ramp(shape, dtype):
    """Smooth with some noise, so that every filter has its rows."""
    rng = np.random.default_rng(11)
    white = np.iinfo(dtype).max
    smooth = np.add.outer(np.arange(shape[0]) * 3, np.arange(shape[1]) * 5)
    if len(shape) == 3:
        smooth = smooth[..., None] + np.arange(shape[2]) * 40
    return ((smooth * (white // 255) + rng.integers(0, 9, shape)) % (white + 1)).astype(dtype)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 7), (7, 1), (33, 41), (33, 41, 3), (5, 3, 4), (1, 1, 3)]
)
def test_every_value_comes_back(compression, dtype, shape):
    pixels = ramp(shape, dtype)
    data = Png(compression=compression).encode(Picture(pixels=pixels))
    chunks_of(data)
    assert np.array_equal(imagecodecs.png_decode(data), pixels)
    if dtype == np.uint8 or len(shape) == 2:
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_noise_and_constant_pictures_come_back(compression):
    noise = np.random.default_rng(2).integers(0, 65536, (300, 200), dtype=np.uint16)
    for pixels in (noise, np.full((300, 200), 40000, np.uint16)):
        data = Png(compression=compression).encode(Picture(pixels=pixels))
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


def test_views_in_any_order_of_memory_come_back():
    pixels = ramp((20, 30), np.uint16)[::-2, ::3]
    data = Png().encode(Picture(pixels=pixels))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


def test_sixteen_bits_are_written_most_significant_byte_first():
    data = Png(compression="small").encode(Picture(pixels=np.array([[0x1234]], np.uint16)))
    stream = dict(chunks_of(data))["IDAT"]
    assert zlib.decompress(stream)[1:] == b"\x12\x34"


def test_a_palette_keeps_the_indices_and_gives_the_colors():
    indices = ramp((9, 11), np.uint8)
    palette = np.random.default_rng(4).integers(0, 256, (256, 3), dtype=np.uint8)
    data = Png().encode(Picture(pixels=indices, palette=palette))
    image = Image.open(io.BytesIO(data))
    assert image.mode == "P"
    assert np.array_equal(np.asarray(image), indices)
    assert np.array_equal(np.asarray(image.convert("RGB")), palette[indices])
    assert kinds_of(data) == ["IHDR", "PLTE", "IDAT", "IEND"]


def test_spacing_that_is_whole_pixels_per_meter_needs_only_phys():
    data = Png().encode(Picture(pixels=np.zeros((2, 2), np.uint8), spacing=Spacing(0.5, 0.25)))
    found = dict(chunks_of(data))
    assert struct.unpack(">IIB", found["pHYs"]) == (4000, 2000, 1)  # across, down, meter
    assert "sCAL" not in found


def test_spacing_that_would_be_rounded_is_also_written_exactly():
    data = Png().encode(Picture(pixels=np.zeros((2, 2), np.uint8), spacing=Spacing(0.488281, 0.3)))
    found = dict(chunks_of(data))
    assert struct.unpack(">IIB", found["pHYs"]) == (3333, 2048, 1)
    assert found["sCAL"] == b"\x010.0003\x000.000488281"


@pytest.mark.parametrize("spacing", [None, Spacing(0.0, 1.0), Spacing(1.0, float("nan"))])
def test_spacing_without_sense_is_left_out(spacing):
    data = Png().encode(Picture(pixels=np.zeros((2, 2), np.uint8), spacing=spacing))
    assert kinds_of(data) == ["IHDR", "IDAT", "IEND"]


def test_an_icc_profile_goes_with_color_only():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    color = Picture(pixels=np.zeros((2, 2, 3), np.uint8), icc_profile=profile)
    data = Png().encode(color)
    assert Image.open(io.BytesIO(data)).info["icc_profile"] == profile
    gray = Picture(pixels=np.zeros((2, 2), np.uint8), icc_profile=profile)
    assert "iCCP" not in kinds_of(Png().encode(gray))


def test_nothing_of_the_patient_is_in_the_file():
    attributes = {"PatientName": "Doe^Jane", "PatientID": "4711"}
    given = Picture(pixels=np.zeros((2, 2), np.uint8), attributes=attributes, spacing=Spacing(1, 1))
    data = Png().encode(given)
    assert set(kinds_of(data)) <= {"IHDR", "pHYs", "IDAT", "IEND"}


def test_the_same_picture_makes_the_same_bytes():
    given = Picture(pixels=ramp((40, 40), np.uint8))
    assert Png().encode(given) == Png().encode(given)


def test_unscaled_values_of_twelve_bits_keep_their_numbers_and_claim_no_scaling():
    values = np.array([[0, 1, 4095]], np.uint16)
    data = Png(bits=16).encode(Picture(pixels=values, domain="stored", bits=12))
    assert np.asarray(Image.open(io.BytesIO(data))).tolist() == [[0, 1, 4095]]
    assert "sBIT" not in kinds_of(data)


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.int32])
def test_values_that_png_cannot_hold_are_refused_with_their_range(dtype):
    values = np.array([[-5, 7]], dtype)
    with pytest.raises(InputError, match=r"stored values are .*-5 to 7[\s\S]*--normalize minmax"):
        Png(bits=16).encode(Picture(pixels=values, domain="stored"))


def test_a_palette_over_sixteen_bits_is_refused():
    given = Picture(pixels=np.zeros((1, 1), np.uint16), palette=np.zeros((256, 3), np.uint8))
    with pytest.raises(InputError, match=r"needs uint8[\s\S]*bits=8"):
        Png(bits=16).encode(given)


def test_long_streams_are_split_into_chunks_that_read_as_one(monkeypatch):
    monkeypatch.setattr("dcmconv_builtins.writers.png.LARGEST_CHUNK", 100)
    pixels = np.random.default_rng(6).integers(0, 256, (40, 40), dtype=np.uint8)
    data = Png().encode(Picture(pixels=pixels))
    assert kinds_of(data).count("IDAT") > 5
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


def test_depth_is_what_was_asked_for():
    assert (Png().depth(), Png(bits=16).depth()) == (8, 16)


def test_a_chunk_has_length_type_content_and_crc():
    # The IEND chunk of every PNG file.
    assert png_chunks.chunk(b"IEND", b"") == b"\0\0\0\0IEND\xae\x42\x60\x82"


def test_signed_values_that_fit_are_written_as_they_are():
    picture = Picture(pixels=np.array([[0, 2191]], np.int16), domain="stored", bits=16)

    written = np.asarray(Image.open(io.BytesIO(Png(bits=16).encode(picture))))

    assert written.tolist() == [[0, 2191]]


def test_values_that_do_not_fit_are_no_fault_of_the_file():
    picture = Picture(pixels=np.array([[-1, 5]], np.int16), domain="stored", bits=16)

    with pytest.raises(InputError, match="int16, -1 to 5") as caught:
        Png(bits=16).encode(picture)
    assert caught.value.reason == "range"


def test_one_channel_is_gray():
    assert Png().encode(Picture(pixels=np.zeros((2, 3, 1), np.uint8), domain="display"))


@pytest.mark.parametrize("channels", [2, 5])
def test_channels_that_png_does_not_hold_are_told_in_words(channels):
    picture = Picture(pixels=np.zeros((2, 3, channels), np.uint8), domain="display")
    with pytest.raises(InputError, match=f"{channels} channels; PNG holds 1, 3 or 4"):
        Png().encode(picture)
