"""Lookup tables with ambiguous or wrong descriptors (PS3.3 C.11, C.7.6.3.1.5)."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.covers import covers
from support.dicom_files import monochrome, palette_color, save
from support.reading import read_frame, recoded

import dcmconv
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.tone.lookup_table import first_mapped

EXPLICIT, IMPLICIT = ExplicitVRLittleEndian, ImplicitVRLittleEndian
RAMP = np.array([[24, 25, 255, 256]], np.uint16)


def table(entries, first: int, bits: int, vr: str = "US") -> Sequence:
    made = Dataset()
    made.add_new("LUTDescriptor", vr, [len(entries) % 65536, first, bits])
    made.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes())
    return Sequence([made])


@pytest.mark.parametrize(
    ("described", "inputs", "first"),
    [
        pytest.param(-1024, (0, 65535), -1024, id="VR-SS-is-signed"),
        pytest.param(64512, (-1000, 64535), -1024, id="negative-inputs"),
        pytest.param(64512, (0, 4095), -1024, id="above-all-inputs"),
        pytest.param(64512, (0, 65535), 64512, id="within-unsigned-inputs"),
        pytest.param(32767, (-32768, 32767), 32767, id="the-largest-unambiguous-value"),
    ],
)
def test_first_value_mapped_is_signed_like_its_inputs(described, inputs, first):
    assert first_mapped(described, StoredRange(*inputs)) == first


@covers("PS3.3 C.11.2.1.1 First value mapped is signed like its inputs")
@pytest.mark.parametrize(
    ("vr", "first", "syntax"),
    [("SS", -1024, EXPLICIT), ("US", 64512, EXPLICIT), ("SS", -1024, IMPLICIT)],
)
def test_a_voi_lut_may_start_at_minus_1024(vr, first, syntax):
    # 16 unsigned bits and an intercept of -1000: inputs go from -1000 to 64535.
    dataset = monochrome(
        RAMP,
        RescaleSlope=1,
        RescaleIntercept=-1000,
        VOILUTSequence=table(range(256), first, 8, vr),
    )
    (lut,) = read_frame(recoded(dataset, syntax)).voi_luts
    assert lut.first == -1024
    # 24 - 1000 is -976, the 48th entry from -1024 on.
    assert lut(RAMP - 1000.0).tolist() == [[48, 49, 255, 255]]


@covers("PS3.3 C.11.1.1 First value mapped is signed like its inputs")
def test_a_modality_lut_of_unsigned_pixels_may_start_negative():
    sequence = table(range(0, 512, 2), -128, 16, "SS")
    modality = read_frame(monochrome(RAMP, ModalityLUTSequence=sequence)).modality
    assert modality.first == -128
    assert modality(np.array([[-200, -128, 0, 10]])).tolist() == [[0, 0, 256, 276]]


@pytest.mark.parametrize("stored_type", [np.uint8, np.int8, np.uint16, np.int16])
@pytest.mark.parametrize("first", [-32768, -5, 0, 5, 100, 30000])
def test_values_below_the_first_mapped_get_the_first_entry(stored_type, first):
    limits = np.iinfo(stored_type)
    stored = np.array([[limits.min, limits.min + 1, 0, 3, 100, limits.max]], stored_type)
    dataset = monochrome(stored, ModalityLUTSequence=table(range(7, 60007), first, 16, "SS"))
    frame = read_frame(dataset)
    index = np.clip(stored.astype(np.int64) - first, 0, 59999)
    by_pydicom = apply_modality_lut(stored.astype(np.int64), dataset)
    assert frame.modality_values().tolist() == (index + 7).tolist() == by_pydicom.tolist()


def test_a_modality_lut_does_not_wrap_black_to_white(tmp_path):
    stored = np.arange(16, dtype=np.uint16).reshape(4, 4)
    sequence = table(range(0, 60000, 6000), 5, 16)
    save(monochrome(stored, ModalityLUTSequence=sequence), tmp_path / "lut.dcm")
    picture = dcmconv.convert(tmp_path / "lut.dcm", normalize="minmax")
    ramp = [28, 57, 85, 113, 142, 170, 198, 227, 255, 255]
    assert picture.pixels.reshape(-1).tolist() == [0] * 6 + ramp


def test_vr_ss_makes_the_first_palette_value_negative():
    dataset = palette_color(np.array([[0, 1]], np.uint16), np.eye(3, dtype=np.uint16) * 65535)
    for color in ("Red", "Green", "Blue"):
        keyword = f"{color}PaletteColorLookupTableDescriptor"
        del dataset[keyword]
        dataset.add_new(keyword, "SS", [3, -1, 16])
    assert read_frame(dataset).palette.first == -1


@covers("PS3.3 C.11.6.1.1 Presentation LUT Sequence")
@pytest.mark.parametrize("first", [0, 32768, 65535])
def test_a_presentation_lut_starts_at_an_unsigned_value(first):
    sequence = table([7, 8], first, 16)
    assert (
        read_frame(monochrome(RAMP, PresentationLUTSequence=sequence)).presentation.first == first
    )


@pytest.mark.parametrize(
    ("greatest", "declared", "used"),
    [
        pytest.param(4095, 16, 12, id="12-in-16"),
        pytest.param(16383, 16, 14, id="14-in-16"),
        pytest.param(1000, 12, 10, id="10-in-12"),
        pytest.param(255, 16, 8, id="8-in-16"),
        pytest.param(9, 16, 8, id="a-voi-lut-has-8-bits-at-least"),
    ],
)
def test_a_voi_lut_is_scaled_to_the_bits_it_uses(greatest, declared, used):
    frame = read_frame(monochrome(RAMP, VOILUTSequence=table([0, greatest], 0, declared)))
    assert frame.voi_luts[0].bits == used
    note = f"says {declared} bits, but the entries use {used}; scaled them as {used} bits."
    assert note in " ".join(frame.notes)


@pytest.mark.parametrize(("greatest", "bits"), [(65535, 16), (32768, 16), (4095, 12), (9, 8)])
def test_a_voi_lut_that_uses_its_bits_has_no_note(greatest, bits):
    frame = read_frame(monochrome(RAMP, VOILUTSequence=table([0, greatest], 0, bits)))
    assert frame.voi_luts[0].bits == bits
    assert frame.notes == ()


def test_a_presentation_lut_is_not_scaled():
    sequence = table([0, 4095], 0, 16)
    assert read_frame(monochrome(RAMP, PresentationLUTSequence=sequence)).presentation.bits == 16


def test_8_bit_entries_in_high_bytes_are_moved_and_noted():
    entries = np.arange(256) << 8
    frame = read_frame(monochrome(RAMP, VOILUTSequence=table(entries, 0, 8)))
    assert (frame.voi_luts[0].bits, frame.voi_luts[0].entries.tolist()) == (8, list(range(256)))
    assert "are stored in the high byte" in " ".join(frame.notes)


COLORS = np.array([[0, 0, 0], [255, 128, 1]], np.uint16)


@covers("PS3.3 C.7.6.3.1.5 Palettes with 8-bit entries declared as 16")
def test_an_8_bit_palette_declared_as_16_is_not_black():
    frame = read_frame(palette_color(np.array([[0, 1]], np.uint8), COLORS))
    assert frame.palette.table.dtype == np.uint8
    assert frame.palette.table.tolist() == COLORS.tolist()
    assert "16 bits by the descriptor, but no entry needs more than 8" in " ".join(frame.notes)


@pytest.mark.parametrize("greatest", [256, 65535])
def test_a_palette_with_an_entry_above_255_has_16_bits(greatest):
    colors = COLORS.copy()
    colors[0, 2] = greatest
    frame = read_frame(palette_color(np.array([[0, 1]], np.uint8), colors))
    assert frame.palette.table.tolist() == colors.tolist()
    assert frame.notes == ()


@covers("PS3.3 C.7.6.3.1.5 Palettes with 8-bit entries in the high byte of each word")
def test_a_palette_in_high_bytes_is_not_black():
    dataset = palette_color(np.array([[0, 1]], np.uint8), COLORS << 8)
    for color in ("Red", "Green", "Blue"):
        setattr(dataset, f"{color}PaletteColorLookupTableDescriptor", [2, 0, 8])
    frame = read_frame(dataset)
    assert frame.palette.table.tolist() == COLORS.tolist()
    assert "are stored in the high byte" in " ".join(frame.notes)
