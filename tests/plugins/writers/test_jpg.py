import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from dcmconv.errors import InputError
from dcmconv.model.frame_parts import Spacing
from dcmconv.model.picture import Picture
from dcmconv_builtins.writers.jpeg_segments import copied_stream
from dcmconv_builtins.writers.jpg import Jpg, _flattened

GRAY = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8)
RED = np.zeros((32, 32, 3), np.uint8)
RED[:, :, 0] = 255


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def markers_of(data):
    """Return the markers before the first scan."""
    position, found = 2, []
    while data[position + 1] != 0xDA:
        found.append(data[position + 1])
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    return found


def test_gray_pictures_stay_gray():
    image = opened(Jpg().encode(Picture(pixels=GRAY)))
    assert image.mode == "L"
    assert np.abs(np.asarray(image).astype(int) - GRAY).max() <= 3


def test_color_channels_keep_their_order():
    image = opened(Jpg().encode(Picture(pixels=RED)))
    red, green, blue = image.getpixel((10, 10))
    assert red > 250
    assert max(green, blue) < 5


@pytest.mark.parametrize("quality", [100, 90, 75])
@pytest.mark.parametrize("shape", [(1, 1), (33, 41), (300, 500)])
def test_a_palette_gives_the_same_bytes_as_its_colors(quality, shape):
    rng = np.random.default_rng(3)
    palette = rng.integers(0, 256, (256, 3), dtype=np.uint8)
    # A view, in several blocks.
    indices = rng.integers(0, 256, shape, dtype=np.uint8)[::-1]
    made = Jpg(quality=quality).encode(Picture(pixels=indices, palette=palette))
    assert made == Jpg(quality=quality).encode(Picture(pixels=palette[indices]))


def test_one_pixel_and_views_can_be_encoded():
    assert opened(Jpg().encode(Picture(pixels=GRAY[:1, :1]))).size == (1, 1)
    assert opened(Jpg().encode(Picture(pixels=GRAY[::-1, ::2]))).size == (25, 40)


@pytest.mark.parametrize(
    ("options", "factors"),
    [
        ({}, (1, 1)),
        ({"quality": 89}, (2, 2)),
        ({"subsampling": "422"}, (2, 1)),
        ({"subsampling": "420"}, (2, 2)),
        ({"quality": 50, "subsampling": "444"}, (1, 1)),
    ],
)
def test_subsampling_follows_the_options(options, factors):
    image = opened(Jpg(**options).encode(Picture(pixels=RED)))
    assert image.layer[0][1:3] == factors


def test_quality_and_optimize_change_the_size():
    noise = Picture(pixels=np.random.default_rng(1).integers(0, 256, (64, 64), dtype=np.uint8))
    best, usual, worst = (len(Jpg(quality=q).encode(noise)) for q in (100, 90, 10))
    assert best > usual > worst
    plain, optimized = Jpg().encode(noise), Jpg(optimize=True).encode(noise)
    assert len(optimized) < len(plain)
    assert np.array_equal(np.asarray(opened(plain)), np.asarray(opened(optimized)))


@pytest.mark.parametrize(
    ("spacing", "unit", "density"),
    [
        pytest.param(Spacing(0.254, 0.127), 1, (200, 100), id="whole-per-inch"),
        pytest.param(Spacing(0.5, 0.25), 2, (40, 20), id="whole-per-centimeter"),
    ],
)
def test_whole_densities_need_no_exif(spacing, unit, density):
    data = Jpg().encode(Picture(pixels=GRAY, spacing=spacing))
    info = opened(data).info
    assert (info["jfif_unit"], info["jfif_density"]) == (unit, density)
    assert 0xE1 not in markers_of(data)


def test_rounded_spacing_is_exact_in_exif():
    data = Jpg().encode(Picture(pixels=GRAY, spacing=Spacing(0.488281, 0.3)))
    image = opened(data)
    assert image.info["jfif_density"] == (85, 52)  # 84.67 and 52.02 per inch
    exif = image.getexif()
    across, down = exif[0x011A], exif[0x011B]
    assert (across.numerator, across.denominator) == (100, 3)  # per centimeter
    assert (down.numerator, down.denominator) == (10_000_000, 488_281)
    assert exif[0x0128] == 3
    assert set(exif) == {0x011A, 0x011B, 0x0128}


def test_the_jfif_segment_declares_no_thumbnail():
    data = Jpg().encode(Picture(pixels=GRAY))
    # Length 16, version 1.1, no unit, density 1 x 1, thumbnail 0 x 0.
    assert data[4:20] == b"\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


@pytest.mark.parametrize(
    ("spacing", "density"),
    [
        # 25.4 / 0.2525 is 100.59, 25.4 / 0.253 is 100.40.
        pytest.param(Spacing(0.2525, 0.253), (100, 101), id="rows-rounded-up"),
        pytest.param(Spacing(0.253, 0.2525), (101, 100), id="columns-rounded-up"),
    ],
)
def test_densities_are_rounded_to_the_nearest(spacing, density):
    image = opened(Jpg().encode(Picture(pixels=GRAY, spacing=spacing)))
    assert (image.info["jfif_unit"], image.info["jfif_density"]) == (1, density)


@pytest.mark.parametrize("spacing", [Spacing(0.3, 0.254), Spacing(0.254, 0.3)])
def test_one_rounded_density_is_exact_in_exif(spacing):
    data = Jpg().encode(Picture(pixels=GRAY, spacing=spacing))
    exif = opened(data).getexif()
    # 10 / 0.254 is 5000 / 127, and 10 / 0.3 is 100 / 3.
    densities = {(exif[tag].numerator, exif[tag].denominator) for tag in (0x011A, 0x011B)}
    assert densities == {(5000, 127), (100, 3)}


@pytest.mark.parametrize(("per_inch", "unit"), [(65535, 1), (65536, 0)])
def test_a_jfif_density_has_at_most_16_bits(per_inch, unit):
    spacing = Spacing(25.4 / per_inch, 25.4 / per_inch)
    info = opened(Jpg().encode(Picture(pixels=GRAY, spacing=spacing))).info
    assert info["jfif_unit"] == unit
    assert info["jfif_density"] == ((65535, 65535) if unit else (1, 1))


def test_microscopic_spacing_is_only_in_exif():
    # 0.0001 mm: 254000 per inch do not fit into 16 bits.
    image = opened(Jpg().encode(Picture(pixels=GRAY, spacing=Spacing(0.0001, 0.0001))))
    assert image.info["jfif_unit"] == 0
    assert image.getexif()[0x011A] == 100_000


def test_long_fractions_are_approximated_in_exif():
    spacing = 0.123456789012345
    image = opened(Jpg().encode(Picture(pixels=GRAY, spacing=Spacing(spacing, spacing))))
    assert float(image.getexif()[0x011A]) == pytest.approx(10 / spacing, rel=1e-15)


@pytest.mark.parametrize("spacing", [None, Spacing(0.0, 1.0), Spacing(float("inf"), 1.0)])
def test_invalid_spacing_is_not_written(spacing):
    data = Jpg().encode(Picture(pixels=GRAY, spacing=spacing))
    assert opened(data).info["jfif_unit"] == 0
    assert 0xE1 not in markers_of(data)


def test_only_color_pictures_get_an_icc_profile():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    long_profile = profile + bytes(150_000)
    image = opened(Jpg().encode(Picture(pixels=RED, icc_profile=long_profile)))
    assert image.info["icc_profile"] == long_profile
    gray = Jpg().encode(Picture(pixels=GRAY, icc_profile=profile))
    assert 0xE2 not in markers_of(gray)
    palette = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    colored = Jpg().encode(Picture(pixels=GRAY, palette=palette, icc_profile=profile))
    assert opened(colored).info["icc_profile"] == profile


def test_no_attributes_are_written():
    attributes = {"PatientName": "Doe^Jane"}
    data = Jpg().encode(Picture(pixels=GRAY, attributes=attributes))
    assert set(markers_of(data)) == {0xE0, 0xDB, 0xC0, 0xC4}
    assert b"Doe" not in data


SEGMENTS = b"\xff\xd8\xff\xdb\x00\x04ab\xff\xda\x00\x04cd"


def test_a_stream_is_copied_up_to_its_end_marker():
    copy = copied_stream(SEGMENTS + b"xy\xff\x00z\xff\xd9\x00", None)
    assert copy is not None
    assert copy.endswith(b"\xff\xda\x00\x04cdxy\xff\x00z\xff\xd9")


@pytest.mark.parametrize("marker", [0xC0, 0xC4, 0xDB, 0xDD])
def test_frame_header_and_tables_are_copied(marker):
    segment = bytes([0xFF, marker]) + b"\x00\x04ef"
    copy = copied_stream(SEGMENTS[:2] + segment + SEGMENTS[2:] + b"x\xff\xd9", None)
    assert copy is not None
    assert copy.endswith(segment + SEGMENTS[2:] + b"x\xff\xd9")


@pytest.mark.parametrize(
    "scan",
    [
        pytest.param(b"x\xff\xff\xd9", id="fill-byte-before-the-end"),
        pytest.param(b"x\xff\xc4\x00\x03a\xff\xda\x00\x04cdx\xff\xd9", id="two-scans"),
        pytest.param(b"x", id="no-end"),
        pytest.param(b"\xff\x00" * 40 + b"\xff", id="stuffed-and-no-end"),
        pytest.param(b"a\xff\x00" * 100_000 + b"\xff\xe0", id="long-and-no-end"),
    ],
)
def test_streams_without_a_plain_end_are_not_copied(scan):
    # A pattern that backtracks would not return from the long ones.
    assert copied_stream(SEGMENTS + scan, None) is None


def test_transparency_is_blended_with_the_background():
    rgba = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]], np.uint8)
    # 51/255 is a fifth: 200/5 + 40*4/5 = 72, 100/5 + 32 = 52, 0 + 32.
    assert _flattened(rgba, 40).tolist() == [[[200, 100, 0], [40, 40, 40], [72, 52, 32]]]
    # On white: 40 + 255*4/5 = 244, 20 + 204 = 224, 0 + 204.
    assert _flattened(rgba, 255).tolist() == [[[200, 100, 0], [255, 255, 255], [244, 224, 204]]]
    given = Picture(pixels=np.repeat(rgba, 8, axis=0), background=40)
    assert opened(Jpg().encode(given)).mode == "RGB"


def test_16_bit_pictures_are_rejected():
    with pytest.raises(InputError, match=r"uint16; JPEG needs uint8[\s\S]*png"):
        Jpg().encode(Picture(pixels=np.zeros((2, 2), np.uint16)))


def test_sides_too_long_for_jpeg_are_rejected():
    with pytest.raises(InputError, match=r"65501 x 1 pixels[\s\S]*resize"):
        Jpg().encode(Picture(pixels=np.zeros((1, 65501), np.uint8)))
