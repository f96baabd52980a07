from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRBigEndian
from support.covers import covers
from support.dicom_files import as_bytes, color, compressed, monochrome
from support.presentation_states import picture_of, with_overlay
from support.reading import recoded

from dcmconv.plugin import Frame, InputFile
from dcmconv_builtins.readers.dicom import DicomReader

CORNER = np.array([[1, 1, 0], [1, 0, 0]], bool)


def frames_of(content, **options) -> list[Frame]:
    content = content if isinstance(content, bytes) else as_bytes(content)
    opened = DicomReader(**options).open(InputFile("made-up", content=content))
    frames = list(opened.frames())
    opened.close()
    return frames


def planes_of(content, frame_index: int = 0) -> list[list[list[int]]]:
    return [layer.coverage.astype(int).tolist() for layer in frames_of(content)[frame_index].layers]


def black(*shape: int):
    return monochrome(np.zeros(shape, np.uint8))


@covers("PS3.3 C.9.2 Overlay planes in Overlay Data")
def test_overlay_bits_start_with_the_least_significant():
    assert planes_of(with_overlay(black(2, 3), CORNER)) == [[[1, 1, 0], [1, 0, 0]]]


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        pytest.param((1, 1), [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], id="upper-left"),
        pytest.param((2, 2), [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0]], id="one-pixel-inside"),
        pytest.param((0, 1), [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], id="one-row-above"),
        pytest.param((1, 0), [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], id="one-column-left"),
        pytest.param((3, 4), [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], id="over-the-edge"),
        pytest.param((-9, 1), [[0, 0, 0, 0]] * 3, id="far-above"),
        pytest.param((4, 1), [[0, 0, 0, 0]] * 3, id="below"),
    ],
)
@covers("PS3.3 C.9.2 Overlay Origin")
def test_overlay_origin_is_one_based_and_may_be_outside(origin, expected):
    assert planes_of(with_overlay(black(3, 4), CORNER, origin=origin)) == [expected]


@covers("PS3.3 C.9.2 Multi-frame overlays")
def test_a_plane_of_several_frames_starts_at_image_frame_origin():
    bits = np.array([[[1, 0, 0]], [[0, 1, 1]]], bool)
    image = with_overlay(black(4, 1, 3), bits, e0015=("IS", 2), e0051=("US", 2))
    shown = [frame.layers[0].coverage.astype(int).tolist() for frame in frames_of(image)]
    # The second frame of the plane starts at bit 3: frames follow each other without padding.
    assert shown == [[[0, 0, 0]], [[1, 0, 0]], [[0, 1, 1]], [[0, 0, 0]]]


def test_a_plane_without_frame_count_covers_all_frames():
    image = with_overlay(black(2, 2, 3), CORNER)
    assert planes_of(image, 0) == planes_of(image, 1) == [[[1, 1, 0], [1, 0, 0]]]


def with_embedded(cells, position: int, **attributes):
    image = monochrome(np.array(cells, np.uint16), BitsStored=12, HighBit=11, **attributes)
    for number, vr, value in (
        (0x0010, "US", len(cells)),
        (0x0011, "US", len(cells[0])),
        (0x0040, "CS", "G"),
        (0x0050, "SS", [1, 1]),
        (0x0100, "US", 16),
        (0x0102, "US", position),
    ):
        image.add_new(0x60000000 | number, vr, value)
    return image


@covers("PS3.3 C.9.2 Overlay planes in unused bits of Pixel Data (retired)")
def test_an_overlay_in_unused_bits_is_read_and_masked():
    image = with_embedded([[0x8001, 0x4002], [0xC003, 0x0004]], 15)
    (frame,) = frames_of(image)
    assert frame.stored_values.tolist() == [[1, 2], [3, 4]]
    assert frame.layers[0].coverage.tolist() == [[True, False], [True, False]]


@covers("PS3.3 C.9.2 Overlay planes in unused bits of Pixel Data (retired)")
def test_embedded_overlays_survive_sign_byte_order_and_compression():
    cells = [[0x8FFF, 0x0002], [0x8003, 0x0004]]
    expected = [[[1, 0], [1, 0]]]
    assert planes_of(with_embedded(cells, 15, PixelRepresentation=1)) == expected
    big = with_embedded(cells, 15)
    big.PixelData = np.array(cells, ">u2").tobytes()
    assert planes_of(recoded(big, ExplicitVRBigEndian)) == expected
    assert planes_of(compressed(with_embedded(cells, 15), "1.2.840.10008.1.2.5")) == expected


def test_big_endian_overlay_words_are_swapped():
    bits = np.arange(32).reshape(2, 16) % 5 == 0
    little = with_overlay(black(2, 16), bits)
    big = with_overlay(black(2, 16), bits)
    packed = np.frombuffer(big[0x60003000].value, "<u2")
    big[0x60003000].value = packed.astype(">u2").tobytes()
    content = recoded(big, ExplicitVRBigEndian)
    assert planes_of(content) == planes_of(little) == [bits.astype(int).tolist()]


@pytest.mark.parametrize(
    ("spoiled", "note"),
    [
        pytest.param({"e3000": ("OW", b"\1\0")}, "has 2 bytes; expected 25", id="short"),
        pytest.param({"e0010": ("US", 0)}, "missing or 0", id="no-rows"),
    ],
)
def test_a_broken_overlay_is_only_a_note(spoiled, note):
    image = with_overlay(black(10, 20), np.ones((10, 20), bool), **spoiled)
    (frame,) = frames_of(image)
    assert frame.layers == ()
    assert any("Ignored overlay 6000" in line and note in line for line in frame.notes)


@pytest.mark.parametrize("position", [5, 16])
def test_an_overlay_in_used_bits_is_a_note(position):
    (frame,) = frames_of(with_embedded([[1, 2], [3, 4]], position))
    assert frame.layers == ()
    assert any(f"is {position}; expected an unused bit" in line for line in frame.notes)


def test_an_overlay_without_data_is_a_note():
    image = with_overlay(black(2, 3), CORNER)
    del image[0x60003000]
    (frame,) = frames_of(image)
    assert any("Overlay Data (6000,3000) is missing" in line for line in frame.notes)


@covers("PS3.3 C.9.2 Overlay Type, graphics and region of interest")
def test_an_overlay_is_named_by_group_type_and_label():
    image = with_overlay(
        black(2, 3), CORNER, group=0x601E, e0040=("CS", "R"), e1500=("LO", "LIVER")
    )
    (layer,) = frames_of(image)[0].layers
    assert layer.name == "Overlay ROI 601E: LIVER"
    assert (layer.group, layer.is_roi, layer.drawn) == (0x601E, True, False)


def test_overlays_are_sorted_and_odd_groups_ignored():
    image = with_overlay(with_overlay(black(2, 3), CORNER, group=0x6002), ~CORNER)
    image.add_new(0x60010010, "LO", "PRIVATE")
    layers = frames_of(image)[0].layers
    assert [layer.group for layer in layers] == [0x6000, 0x6002]


@pytest.mark.parametrize("group", [0x6020, 0x6080, 0x60FE])
def test_groups_above_601e_are_not_overlays(group):
    image = with_overlay(black(2, 3), CORNER, group=group)
    assert frames_of(image, overlays="draw")[0].layers == ()
    [layer] = frames_of(with_overlay(image, ~CORNER), overlays="draw")[0].layers
    assert layer.group == 0x6000


@covers("PS3.3 C.9.2 Overlay planes in Overlay Data")
def test_overlays_are_white_or_off():
    image = monochrome(np.array([[0, 100, 0], [0, 200, 100]], np.uint8))
    drawn, left = (
        frames_of(with_overlay(image, CORNER), overlays=wish)[0] for wish in ("draw", "off")
    )
    assert picture_of(drawn).pixels.tolist() == [[255, 255, 0], [255, 255, 128]]
    assert picture_of(left).pixels.tolist() == [[0, 128, 0], [0, 255, 128]]


def test_overlays_on_color_images_are_white():
    image = with_overlay(color(np.full((2, 3, 3), 9, np.uint8)), CORNER)
    (frame,) = frames_of(image, overlays="draw")
    assert picture_of(frame).pixels[0].tolist() == [[255] * 3, [255] * 3, [9] * 3]


def test_an_image_without_overlays_has_no_layers_and_no_notes():
    (frame,) = frames_of(black(2, 3), overlays="draw")
    assert (frame.layers, frame.notes) == ((), ())


@covers("PS3.3 C.9.2 Overlay planes in Overlay Data")
def test_an_overlay_of_a_real_file_equals_pydicoms():
    path = Path(str(get_testdata_file("examples_overlay.dcm", download=False)))
    (frame,) = frames_of(path.read_bytes())
    expected = dcmread(path).overlay_array(0x6000)
    assert expected.any()
    assert np.array_equal(frame.layers[0].coverage, expected)
