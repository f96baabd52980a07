"""A pydicom Dataset is converted as it is in memory, and is not changed by that."""

from __future__ import annotations

import copy
import io

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)
from support.dicom_files import as_bytes, compressed, monochrome

import dcmconv
from dcmconv import InputError, SkipInput

RAMP = np.arange(12, dtype=np.uint16).reshape(3, 4)


def pixels(given, **chain):
    return dcmconv.convert(given, **({"normalize": "none"} | chain)).pixels


def bare(stored_values=RAMP) -> Dataset:
    """Return a dataset that nobody has read from a file, and that has no file_meta."""
    dataset = Dataset()
    dataset.update(monochrome(stored_values))
    assert not hasattr(dataset, "file_meta")
    return dataset


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_implicit.dcm",
        "image_dfl.dcm",
        "examples_jpeg2k.dcm",
        "SC_rgb_jpeg.dcm",
        "examples_palette.dcm",
        "rtdose.dcm",
        "liver_1frame.dcm",
        "SC_rgb_rle_2frame.dcm",
    ],
)
@pytest.mark.filterwarnings("ignore:Expected explicit VR, but found implicit VR")
def test_what_was_read_gives_the_picture_of_its_file(name):
    path = get_testdata_file(name)
    assert np.array_equal(
        dcmconv.convert(pydicom.dcmread(path)).pixels, dcmconv.convert(path).pixels
    )


def test_what_was_changed_in_memory_is_converted():
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.WindowCenter, dataset.WindowWidth = 1000, 2
    dataset.PatientID = "changed"
    by_window = dcmconv.convert(dataset)
    assert set(np.unique(by_window.pixels)) <= {0, 128, 255}
    assert by_window.picture.attributes["PatientID"] == "changed"

    dataset.set_pixel_data(RAMP, "MONOCHROME2", 16)
    assert pixels(dataset).tolist() == RAMP.tolist()
    dataset.PixelData = (RAMP + 1).tobytes()
    assert pixels(dataset).tolist() == (RAMP + 1).tolist()


def test_a_dataset_is_not_changed():
    dataset = pydicom.dcmread(get_testdata_file("MR_small_implicit.dcm"))
    before = copy.deepcopy(dataset)
    meta = copy.deepcopy(dataset.file_meta)
    dcmconv.convert(dataset)

    assert dataset == before
    assert dataset.file_meta == meta


@pytest.mark.parametrize(
    "transfer_syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
    ids=lambda uid: uid.name,
)
def test_file_meta_names_the_transfer_syntax(transfer_syntax):
    dataset = monochrome(RAMP)
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    if transfer_syntax == ExplicitVRBigEndian:
        dataset.PixelData = RAMP.astype(">u2").tobytes()

    found = dcmconv.convert(dataset, normalize="none")
    assert found.pixels.tolist() == RAMP.tolist()
    assert found.picture.attributes["TransferSyntaxUID"] == transfer_syntax


def test_encapsulated_pixels_are_decoded():
    assert pixels(compressed(monochrome(RAMP), RLELossless)).tolist() == RAMP.tolist()


def test_without_file_meta_the_encoding_that_was_read_is_used():
    content = as_bytes(monochrome(RAMP))
    dataset = pydicom.dcmread(io.BytesIO(content))
    del dataset.file_meta
    found = dcmconv.convert(dataset, normalize="none", policy="strict")
    assert found.picture.attributes["TransferSyntaxUID"] == ExplicitVRLittleEndian


def test_a_dataset_without_any_encoding_is_noted():
    assert pixels(bare()).tolist() == RAMP.tolist()
    with pytest.raises(InputError, match=r"Transfer Syntax UID \(0002,0010\) is missing"):
        pixels(bare(), policy="strict")


def test_encapsulated_pixels_need_a_transfer_syntax():
    dataset = bare()
    dataset.PixelData = compressed(monochrome(RAMP), RLELossless).PixelData
    dataset["PixelData"].is_undefined_length = True
    with pytest.raises(InputError, match="no Transfer Syntax UID") as caught:
        pixels(dataset)
    assert "dataset.file_meta.TransferSyntaxUID =" in caught.value.hint


def test_a_value_that_cannot_be_encoded_is_named_without_the_value():
    dataset = monochrome(RAMP)
    dataset["Rows"]._value = "secret"
    with pytest.raises(InputError, match=r"its element \(0028,0010\)") as caught:
        pixels(dataset)
    assert "secret" not in str(caught.value)
    assert "save_as" in caught.value.hint


def test_pixels_that_are_no_bytes_are_named():
    dataset = monochrome(RAMP)
    dataset["PixelData"]._value = RAMP.tolist()
    with pytest.raises(InputError, match="PixelData is a list; expected bytes") as caught:
        pixels(dataset)
    assert "set_pixel_data" in caught.value.hint


def test_pixels_may_be_a_file():
    dataset = monochrome(RAMP)
    dataset.PixelData = io.BytesIO(RAMP.tobytes())
    assert pixels(dataset).tolist() == RAMP.tolist()


def test_float_pixels_and_odd_lengths_are_encoded():
    odd = np.arange(15, dtype=np.uint8).reshape(3, 5)
    assert pixels(bare(odd)).tolist() == odd.tolist()
    floats = monochrome(RAMP.astype(np.float32))
    assert pixels(floats, normalize="minmax").tolist()[2][3] == 255


def test_a_dataset_without_pixels_is_skipped_as_its_file_is():
    path = get_testdata_file("rtplan.dcm")
    with pytest.raises(SkipInput) as of_file:
        dcmconv.convert(path)
    with pytest.raises(SkipInput) as of_dataset:
        dcmconv.convert(pydicom.dcmread(path))
    assert of_dataset.value.message == of_file.value.message


def test_values_left_in_a_closed_file_are_an_error():
    file = io.BytesIO(as_bytes(monochrome(np.zeros((64, 64), np.uint16))))
    dataset = pydicom.dcmread(file, defer_size=100)
    file.close()

    with pytest.raises(InputError, match="values that were left in its file") as caught:
        dcmconv.convert(dataset)
    assert "defer_size" in caught.value.hint


def test_an_empty_dataset_says_so():
    with pytest.raises(InputError, match="the dataset is empty"):
        dcmconv.convert(Dataset())


@pytest.mark.parametrize(
    "name", ["MR_small_expb.dcm", "SC_rgb_small_odd_big_endian.dcm", "MR_small_implicit.dcm"]
)
def test_a_copy_as_a_plain_dataset_keeps_its_byte_order(name):
    path = get_testdata_file(name)
    copied = Dataset(pydicom.dcmread(path))
    assert not hasattr(copied, "file_meta")
    assert np.array_equal(dcmconv.convert(copied).pixels, dcmconv.convert(path).pixels)
