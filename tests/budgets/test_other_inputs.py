"""How much work a frame takes that is not a plain CT: multi-frame, compressed, colored, drawn over."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import dcmread
from support.dicom_files import color, encapsulated, item, monochrome, save
from support.objects import segment, segmentation
from support.pixel_passes import passes_over, peak_bytes
from support.presentation_states import references, state_for, with_overlay
from support.streams import encoded, gray, rgb
from support.work_counter import MANY, calls_per_round, ct_series, python_calls_per_picture

import dcmconv
from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Palette
from dcmconv.model.layers import Layer
from dcmconv.model.picture import Picture
from dcmconv.render.color import draw_layers
from dcmconv.render.tone import render_tone
from dcmconv_builtins.dicom.color.photometric import ybr_full_to_rgb
from dcmconv_builtins.normalizers.minmax import MinMax

WINDOW = "window:center=40,width=400"
BASELINE = "1.2.840.10008.1.2.4.50"
CODECS = {
    "jpeg-lossless": "1.2.840.10008.1.2.4.70",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-2000": "1.2.840.10008.1.2.4.90",
    "htj2k": "1.2.840.10008.1.2.4.201",
    "rle": "1.2.840.10008.1.2.5",
}
PIXELS = np.random.default_rng(7).integers(0, 256, (512, 512), np.uint8)


def calls_per_frame(path, out, **chain):
    """Return the calls of one more frame of a file."""
    made = iter(range(1000))

    def convert(frames):
        options = {"executor": "inline", "frames": f"1-{frames}", **chain}
        for outcome in dcmconv.run(path, out / f"{next(made)}", **options):
            assert outcome.status == "converted", outcome

    return calls_per_round(convert)


def enhanced(folder, own_groups):
    cells = np.arange(MANY * 64 * 64, dtype=np.uint16).reshape(MANY, 64, 64) % 2000
    shared = item(
        FrameVOILUTSequence=[item(WindowCenter=40, WindowWidth=400)],
        PixelValueTransformationSequence=[item(RescaleSlope=1, RescaleIntercept=-1024)],
        PixelMeasuresSequence=[item(PixelSpacing=[0.7, 0.7])],
    )
    made = monochrome(
        cells,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[own_groups(number) for number in range(MANY)],
    )
    return save(made, folder / "enhanced.dcm")


def position(number):
    return item(PlanePositionSequence=[item(ImagePositionPatient=[0, 0, number])])


def cine(folder):
    stream = encoded("jpeg", rgb(np.uint8))
    frames = np.stack([rgb(np.uint8)] * MANY)
    made = color(frames, PhotometricInterpretation="YBR_FULL_422")
    return save(encapsulated(made, BASELINE, [stream] * MANY), folder / "cine.dcm")


def test_the_shared_groups_of_an_enhanced_image_are_read_once(tmp_path):
    path = enhanced(tmp_path, position)
    work = calls_per_frame(path, tmp_path, normalize=WINDOW, writers=["png"])
    assert work.of("_find_frame_fields") == 0, work.table()
    assert work.total <= 520, work.table()


def test_a_window_of_each_frame_is_read_from_its_own_group(tmp_path):
    windows = [(100, 50), (200, 80)]

    def own(number):
        center, width = windows[number % 2]
        return item(FrameVOILUTSequence=[item(WindowCenter=center, WindowWidth=width)])

    work = calls_per_frame(enhanced(tmp_path, own), tmp_path, writers=["png"])
    assert work.of("_find_frame_fields") == 1, work.table()
    assert work.total <= 1750, work.table()


@pytest.mark.parametrize(
    ("chain", "most"),
    [
        pytest.param({"writers": ["jpg"]}, 330, id="copied"),
        pytest.param({"writers": ["png"]}, 620, id="png"),
        pytest.param({"writers": ["jpg"], "steps": ["rotate:degrees=90"]}, 620, id="step"),
    ],
)
def test_each_frame_of_a_cine_is_decoded_once(tmp_path, chain, most):
    work = calls_per_frame(cine(tmp_path), tmp_path, **chain)
    assert work.of("jpeg_turbo.py _Job.run") == 1, work.table()
    assert work.total <= most, work.table()


@pytest.mark.parametrize("codec", CODECS)
def test_each_compressed_frame_is_decoded_once(tmp_path, codec):
    series = ct_series(tmp_path / "plain")
    coded = tmp_path / "coded"
    coded.mkdir()
    for path in sorted(series.iterdir()):
        made = dcmread(path)
        stream = encoded(codec, gray(np.uint16, bits=12))
        made.Rows, made.Columns = 40, 56
        save(encapsulated(made, CODECS[codec], [stream]), coded / path.name)
    work = python_calls_per_picture(coded, tmp_path, normalize=WINDOW, writers=["png"])
    assert work.of("decoded.py decode_with") == 1, work.table()
    assert work.total <= 1800, work.table()


def test_frames_of_a_segmentation_share_what_the_header_says(tmp_path):
    masks = (np.arange(MANY * 64 * 64).reshape(MANY, 64, 64) % 7 == 0).astype(np.uint8)
    places = [(1, float(number)) for number in range(MANY)]
    made = segmentation(masks, places, segments=[segment(1, "Liver")], BitsStored=1, HighBit=0)
    work = calls_per_frame(save(made, tmp_path / "seg.dcm"), tmp_path, writers=["png"])
    assert work.of("_find_frame_fields") == 0, work.table()
    assert work.total <= 550, work.table()


def test_drawing_overlays_does_not_parse_the_header_again(tmp_path):
    series = ct_series(tmp_path / "plain")
    for path in series.iterdir():
        save(with_overlay(dcmread(path), np.eye(64, dtype=np.bool_)), path)
    work = python_calls_per_picture(
        series, tmp_path, normalize=WINDOW, writers=["png"], read=["dicom:overlays=draw"]
    )
    assert work.of("parse_until_pixels", "color.py _blended ") == 0, work.table()
    assert work.total <= 1700, work.table()


def test_a_presentation_state_is_applied_once_for_a_series(tmp_path):
    series = ct_series(tmp_path / "plain")
    images = [dcmread(path) for path in sorted(series.iterdir())]
    text = item(
        UnformattedTextValue="Lesion",
        AnchorPoint=[20.0, 20.0],
        AnchorPointAnnotationUnits="PIXEL",
        AnchorPointVisibility="N",
    )
    state = state_for(
        images[0],
        SoftcopyVOILUTSequence=[item(WindowCenter=50, WindowWidth=350)],
        GraphicAnnotationSequence=[item(GraphicLayer="L", TextObjectSequence=[text])],
    )
    for image in images[1:]:
        state.ReferencedSeriesSequence[0].ReferencedImageSequence += references(image)
    place = save(state, tmp_path / "state.dcm")
    work = python_calls_per_picture(
        series,
        tmp_path,
        writers=["png"],
        read=[{"use": "dicom", "presentation_states": str(place)}],
    )
    assert work.of("apply.py _applied", "draw_text", "find_modality_lut") == 0, work.table()
    assert work.total <= 1900, work.table()


def test_an_overlay_is_drawn_in_integers():
    layer = Layer("overlay", PIXELS > 250)
    picture = Picture(pixels=PIXELS, domain="display", bits=8)
    # The picture, its copy, and two arrays of its size; not one of float64.
    assert peak_bytes(lambda: draw_layers(picture, [layer])) <= 4.5 * PIXELS.size


def test_text_is_blended_where_it_is():
    coverage = np.zeros((512, 512), np.uint8)
    coverage[100:120, 200:300] = 128
    picture = Picture(pixels=PIXELS, domain="display", bits=8)
    # The copy, and float64 of a hundredth of the picture.
    assert peak_bytes(lambda: draw_layers(picture, [Layer("graphic", coverage)])) <= (
        2 * PIXELS.size
    )


def test_a_palette_is_scaled_by_its_colors_not_by_its_pixels():
    table = np.arange(768, dtype=np.uint16).reshape(256, 3) * 85

    def colored(values):
        frame = Frame(
            stored_values=values,
            bits_stored=8,
            photometric_interpretation="PALETTE COLOR",
            palette=Palette(table),
        )
        render_tone(frame, MinMax())

    # The index, and the table; the check for flat pictures looks at some pixels.
    assert passes_over(PIXELS, colored).total <= 2


def test_ybr_is_converted_in_blocks():
    pixels = np.stack([PIXELS] * 3, axis=-1)
    # The result, and 40 bytes for each of the 16,384 pixels of a block.
    assert peak_bytes(lambda: ybr_full_to_rgb(pixels)) <= pixels.size + 40 * (1 << 14)


def test_red_green_and_blue_are_looked_up_together():
    pixels = np.zeros((256, 256, 3), np.uint8)
    work = calls_per_round(lambda rounds: [ybr_full_to_rgb(pixels) for _ in range(rounds)])
    assert work.of("take") == pixels[..., 0].size // (1 << 14), work.table()
