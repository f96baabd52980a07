"""Each stage equals pydicom's function of the same name, except where that function is wrong.

Left out, because pydicom is wrong there: functional groups, which its functions do not read (off by
up to 254 levels); the Modality LUT of XA, which is not for display; Dose Grid Scaling, which it
does not apply; windows of an impossible width, which it rejects; Presentation LUT Shape INVERSE,
which it mirrors at the greatest value of the frame; padding, which it ignores.
"""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi, apply_windowing
from pydicom.pixels.processing import convert_color_space
from support.covers import covers

from dcmconv.model.frame import Frame
from dcmconv.render.tone import render_tone
from dcmconv_builtins.dicom.color.photometric import ybr_full_to_rgb
from dcmconv_builtins.normalizers.voi import Voi
from dcmconv_builtins.normalizers.window import Window
from oracle.files import dataset_of, frames_of, header_of, real_files
from oracle.reference import NoSuchVoi, Reference

pytestmark = pytest.mark.filterwarnings("ignore:::pydicom")
XA, RT_DOSE = "1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.481.2"


def is_plain_gray(dataset):
    return (
        dataset.get("SamplesPerPixel", 1) == 1
        and dataset.get("PhotometricInterpretation", "").startswith("MONOCHROME")
        and "PerFrameFunctionalGroupsSequence" not in dataset
        and "SharedFunctionalGroupsSequence" not in dataset
        and dataset.get("SOPClassUID") not in (XA, RT_DOSE)
    )


def files(row, condition):
    return [
        pytest.param(name, marks=covers(row, tried=name))
        for name in real_files()
        if condition(header_of(name))
    ]


@pytest.mark.parametrize(
    "name", files("PS3.3 C.11.1 As pydicom's apply_modality_lut", is_plain_gray)
)
def test_modality_values_equal_pydicoms(name):
    dataset = dataset_of(name)
    for frame in frames_of(name):
        values = apply_modality_lut(frame.stored_values, dataset)
        np.testing.assert_allclose(frame.modality_values(), values, rtol=1e-12, atol=1e-12)


def has_window(dataset):
    return is_plain_gray(dataset) and bool(Reference(dataset, 0).windows())


@pytest.mark.parametrize("name", files("PS3.3 C.11.2.1.2 As pydicom's apply_windowing", has_window))
def test_windows_equal_pydicoms(name):
    dataset = dataset_of(name)
    reference = Reference(dataset, 0)
    for frame in frames_of(name):
        for index, window in enumerate(reference.windows()):
            if is_impossible(reference, index + 1):
                continue
            values = apply_windowing(frame.modality_values(), dataset, index)
            low, high = ends_of(dataset)
            unit_values = (values - low) / (high - low)
            assert_nearest_levels(frame, Window(number=index + 1), unit_values, window)


def is_impossible(reference, number):
    try:
        reference.windowed(np.zeros(1), number, 1.0)
    except NoSuchVoi:
        return True
    return False


def ends_of(dataset):
    """Return the range that pydicom scales a window to: that of the bits, rescaled."""
    stored, signed = dataset.BitsStored, dataset.PixelRepresentation == 1
    ends = [-(2 ** (stored - 1)), 2 ** (stored - 1) - 1] if signed else [0, 2**stored - 1]
    if "ModalityLUTSequence" in dataset and dataset.ModalityLUTSequence:
        return 0, 2 ** dataset.ModalityLUTSequence[0].LUTDescriptor[2] - 1
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    if slope is None or intercept is None:
        return ends
    return [float(end * slope + intercept) for end in ends]


def assert_nearest_levels(frame: Frame, normalizer, unit_values, what):
    unit_values = 1 - unit_values if frame.is_inverted else unit_values
    pixels = render_tone(frame, normalizer)[0].pixels
    is_image = np.ones(pixels.shape, bool)
    if frame.padding is not None:
        is_image = (frame.stored_values < frame.padding.first) | (
            frame.stored_values > frame.padding.last
        )
    distance = np.abs(pixels - unit_values * 255)[is_image]
    assert distance.size == 0 or distance.max() <= 0.5 + 1e-6, what


def has_voi_lut(dataset):
    return is_plain_gray(dataset) and bool(Reference(dataset, 0).voi_tables())


VOI_FILES = files("PS3.3 C.11.2.1.1 As pydicom's apply_voi", has_voi_lut)


@pytest.mark.parametrize(
    "name", VOI_FILES or [pytest.param("", marks=pytest.mark.skip(reason="no corpus"))]
)
def test_voi_luts_equal_pydicoms(name):
    dataset = dataset_of(name)
    tables = Reference(dataset, 0).voi_tables()
    for frame in frames_of(name):
        for index, table in enumerate(tables):
            values = apply_voi(frame.modality_values().astype(np.int32), dataset, index)
            unit_values = values / (2**table.bits - 1)
            assert_nearest_levels(frame, Voi(number=index + 1), unit_values, index)


def is_palette(dataset):
    return dataset.get("PhotometricInterpretation") == "PALETTE COLOR"


@pytest.mark.parametrize(
    "name", files("PS3.3 C.7.6.3.1.5 As pydicom's apply_color_lut", is_palette)
)
def test_palette_colors_equal_pydicoms(name):
    dataset = dataset_of(name)
    bits = 8 * (1 + (dataset.RedPaletteColorLookupTableDescriptor[2] > 8))
    for frame in frames_of(name):
        colors = apply_color_lut(frame.stored_values, dataset)[..., :3]
        pixels = render_tone(frame, Voi())[0].pixels
        assert np.abs(pixels - colors / (2.0**bits - 1) * 255).max() <= 0.5 + 1e-6


@covers("PS3.3 C.7.6.3.1.2 As pydicom's convert_color_space")
def test_all_ybr_full_colors_equal_pydicoms():
    # Every eighth level of each sample: 32,768 colors.
    levels = np.append(np.arange(0, 256, 8), 255).astype(np.uint8)
    ybr = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    ours = ybr_full_to_rgb(ybr).astype(int)
    # pydicom's coefficients have only four decimals, so it may round differently.
    assert np.abs(ours - convert_color_space(ybr, "YBR_FULL", "RGB")).max() <= 1
