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
    """Return a smooth picture with some noise, so that every filter is used."""
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
def test_every_value_survives(compression, dtype, shape):
    pixels = ramp(shape, dtype)
    data = Png(compression=compression).encode(Picture(pixels=pixels))
    chunks_of(data)
    assert np.array_equal(imagecodecs.png_decode(data), pixels)
    if dtype == np.uint8 or len(shape) == 2:
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


@pytest.mark.parametrize("seed", range(40))
def test_smooth_pictures_survive_compression_smallest(seed):
    # Few rows of noise use the Paeth filter; nearly all rows of these do.
    rng = np.random.default_rng(seed)
    slopes = np.cumsum(np.cumsum(rng.normal(0, 0.4, (24, 40)), axis=0), axis=1)
    pixels = (128 + slopes).clip(0, 255).astype(np.uint8)
    data = Png(compression="smallest").encode(Picture(pixels=pixels))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_noise_and_constant_pictures_survive(compression):
    noise = np.random.default_rng(2).integers(0, 65536, (300, 200), dtype=np.uint16)
    for pixels in (noise, np.full((300, 200), 40000, np.uint16)):
        data = Png(compression=compression).encode(Picture(pixels=pixels))
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


def test_views_of_any_memory_order_survive():
    pixels = ramp((20, 30), np.uint16)[::-2, ::3]
    data = Png().encode(Picture(pixels=pixels))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


def test_16_bit_values_are_written_big_endian():
    data = Png(compression="small").encode(Picture(pixels=np.array([[0x1234]], np.uint16)))
    stream = dict(chunks_of(data))["IDAT"]
    assert zlib.decompress(stream)[1:] == b"\x12\x34"


def test_a_palette_picture_keeps_indices_and_colors():
    indices = ramp((9, 11), np.uint8)
    palette = np.random.default_rng(4).integers(0, 256, (256, 3), dtype=np.uint8)
    data = Png().encode(Picture(pixels=indices, palette=palette))
    image = Image.open(io.BytesIO(data))
    assert image.mode == "P"
    assert np.array_equal(np.asarray(image), indices)
    assert np.array_equal(np.asarray(image.convert("RGB")), palette[indices])
    assert kinds_of(data) == ["IHDR", "PLTE", "IDAT", "IEND"]


def test_whole_pixels_per_meter_need_only_phys():
    data = Png().encode(Picture(pixels=np.zeros((2, 2), np.uint8), spacing=Spacing(0.5, 0.25)))
    found = dict(chunks_of(data))
    assert struct.unpack(">IIB", found["pHYs"]) == (4000, 2000, 1)  # across, down, meter
    assert "sCAL" not in found


def test_rounded_spacing_is_also_written_exactly():
    data = Png().encode(Picture(pixels=np.zeros((2, 2), np.uint8), spacing=Spacing(0.488281, 0.3)))
    found = dict(chunks_of(data))
    assert struct.unpack(">IIB", found["pHYs"]) == (3333, 2048, 1)
    assert found["sCAL"] == b"\x010.0003\x000.000488281"


@pytest.mark.parametrize(
    ("spacing", "lengths"),
    [(Spacing(0.5, 0.3), b"0.0003\x000.0005"), (Spacing(0.3, 0.5), b"0.0005\x000.0003")],
)
def test_spacing_with_one_fraction_is_also_written_exactly(spacing, lengths):
    data = Png().encode(Picture(pixels=np.zeros((2, 2), np.uint8), spacing=spacing))
    assert dict(chunks_of(data))["sCAL"] == b"\x01" + lengths


@pytest.mark.parametrize("spacing", [None, Spacing(0.0, 1.0), Spacing(1.0, float("nan"))])
def test_invalid_spacing_is_not_written(spacing):
    data = Png().encode(Picture(pixels=np.zeros((2, 2), np.uint8), spacing=spacing))
    assert kinds_of(data) == ["IHDR", "IDAT", "IEND"]


@pytest.mark.parametrize(
    ("spacing", "size"),
    [
        # A third of a pixel per meter is rounded to none.
        pytest.param(Spacing(1.0, 3000.0), b"\x013\x000.001", id="too-few-per-meter-across"),
        pytest.param(Spacing(3000.0, 1.0), b"\x010.001\x003", id="too-few-per-meter-down"),
        pytest.param(Spacing(1.0, 3e-10), b"\x013e-13\x000.001", id="too-many-across"),
        pytest.param(Spacing(3e-10, 1.0), b"\x010.001\x003e-13", id="too-many-down"),
    ],
)
def test_extreme_spacing_is_only_in_scal(spacing, size):
    data = Png().encode(Picture(pixels=np.zeros((2, 2), np.uint8), spacing=spacing))
    assert kinds_of(data) == ["IHDR", "sCAL", "IDAT", "IEND"]
    assert dict(chunks_of(data))["sCAL"] == size


@pytest.mark.parametrize(("per_meter", "fits"), [(2**31 - 1, True), (2**31, False)])
def test_phys_holds_at_most_31_bits(per_meter, fits):
    spacing = Spacing(1000 / per_meter, 1000 / per_meter)
    data = Png().encode(Picture(pixels=np.zeros((2, 2), np.uint8), spacing=spacing))
    found = dict(chunks_of(data)).get("pHYs")
    assert found == (b"\x7f\xff\xff\xff\x7f\xff\xff\xff\x01" if fits else None)


def test_only_color_pictures_get_an_icc_profile():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    color = Picture(pixels=np.zeros((2, 2, 3), np.uint8), icc_profile=profile)
    data = Png().encode(color)
    assert Image.open(io.BytesIO(data)).info["icc_profile"] == profile
    gray = Picture(pixels=np.zeros((2, 2), np.uint8), icc_profile=profile)
    assert "iCCP" not in kinds_of(Png().encode(gray))


def test_no_patient_data_is_written():
    attributes = {"PatientName": "Doe^Jane", "PatientID": "4711"}
    given = Picture(pixels=np.zeros((2, 2), np.uint8), attributes=attributes, spacing=Spacing(1, 1))
    data = Png().encode(given)
    assert set(kinds_of(data)) <= {"IHDR", "pHYs", "IDAT", "IEND"}


def test_equal_pictures_give_equal_bytes():
    given = Picture(pixels=ramp((40, 40), np.uint8))
    assert Png().encode(given) == Png().encode(given)


def test_unscaled_12_bit_values_are_not_marked_as_scaled():
    values = np.array([[0, 1, 4095]], np.uint16)
    data = Png(bits=16).encode(Picture(pixels=values, domain="stored", bits=12))
    assert np.asarray(Image.open(io.BytesIO(data))).tolist() == [[0, 1, 4095]]
    assert "sBIT" not in kinds_of(data)


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.int32])
def test_values_outside_png_are_rejected_with_their_range(dtype):
    values = np.array([[-5, 7]], dtype)
    with pytest.raises(InputError, match=r"stored values are .*-5 to 7[\s\S]*--normalize minmax"):
        Png(bits=16).encode(Picture(pixels=values, domain="stored"))


def test_a_palette_with_16_bit_values_is_rejected():
    given = Picture(pixels=np.zeros((1, 1), np.uint16), palette=np.zeros((256, 3), np.uint8))
    with pytest.raises(InputError, match=r"needs uint8[\s\S]*bits=8"):
        Png(bits=16).encode(given)


def test_long_streams_are_split_into_several_chunks(monkeypatch):
    monkeypatch.setattr("dcmconv_builtins.writers.png.LARGEST_CHUNK", 100)
    pixels = np.random.default_rng(6).integers(0, 256, (40, 40), dtype=np.uint8)
    data = Png().encode(Picture(pixels=pixels))
    assert kinds_of(data).count("IDAT") > 5
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


def test_depth_follows_the_option_bits():
    assert (Png().depth(), Png(bits=16).depth()) == (8, 16)


def test_a_chunk_has_length_type_content_and_crc():
    # The IEND chunk of every PNG file.
    assert png_chunks.chunk(b"IEND", b"") == b"\0\0\0\0IEND\xae\x42\x60\x82"


def test_signed_values_that_fit_are_written_unchanged():
    picture = Picture(pixels=np.array([[0, 2191]], np.int16), domain="stored", bits=16)

    written = np.asarray(Image.open(io.BytesIO(Png(bits=16).encode(picture))))

    assert written.tolist() == [[0, 2191]]


def test_values_that_do_not_fit_have_the_reason_range():
    picture = Picture(pixels=np.array([[-1, 5]], np.int16), domain="stored", bits=16)

    with pytest.raises(InputError, match="int16, -1 to 5") as caught:
        Png(bits=16).encode(picture)
    assert caught.value.reason == "range"


def test_one_channel_is_gray():
    pixels = ramp((2, 3, 1), np.uint8)
    image = Image.open(io.BytesIO(Png().encode(Picture(pixels=pixels))))
    assert image.mode == "L"
    assert np.asarray(image).tolist() == pixels[..., 0].tolist()


@pytest.mark.parametrize("channels", [2, 5])
def test_other_numbers_of_channels_are_rejected(channels):
    picture = Picture(pixels=np.zeros((2, 3, channels), np.uint8), domain="display")
    with pytest.raises(InputError, match=f"{channels} channels; expected 1, 3 or 4"):
        Png().encode(picture)
