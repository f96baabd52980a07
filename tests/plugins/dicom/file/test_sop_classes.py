"""Which SOP Classes hold no picture, and how messages name them."""

from __future__ import annotations

import pytest
from pydicom.uid import UID_dictionary
from support.dicom_files import changed, instance
from support.reading import open_content

from dcmconv.plugin import InputError, SkipInput
from dcmconv_builtins.dicom.file.sop_classes import is_label_map, without_picture

STORAGE = "1.2.840.10008.5.1.4.1.1."


@pytest.mark.parametrize(
    ("sop_class", "words"),
    [
        (f"{STORAGE}88.59", "Key Object Selection (Key Object Selection Document Storage)"),
        (f"{STORAGE}88.34", "Structured Report (Comprehensive 3D SR Storage)"),
        (f"{STORAGE}104.1", "Encapsulated Document (Encapsulated PDF Storage)"),
        (f"{STORAGE}481.3", "RT Structure Set (RT Structure Set Storage)"),
        (f"{STORAGE}9.1.1", "Waveform (12-lead ECG Waveform Storage)"),
        (f"{STORAGE}11.1", "Presentation State (Grayscale Softcopy Presentation State Storage)"),
        ("1.2.840.10008.1.3.10", "DICOMDIR (Media Storage Directory Storage)"),
        (f"{STORAGE}481.1", ""),
        (f"{STORAGE}2", ""),
        (f"{STORAGE}66.4", ""),
        (f"{STORAGE}66.7", ""),
        ("", ""),
    ],
)
def test_kinds_of_objects_are_named(sop_class, words):
    assert without_picture(sop_class) == words


def test_image_storage_classes_have_a_picture():
    images = [uid for uid, entry in UID_dictionary.items() if "Image Storage" in entry[0]]
    assert len(images) > 50
    assert [uid for uid in images if without_picture(uid)] == []


def test_an_object_without_a_picture_is_skipped():
    with pytest.raises(SkipInput, match=r"Structured Report \(Basic Text SR Storage\) holds") as e:
        open_content(instance(f"{STORAGE}88.11"))
    assert e.value.reason == "no-pixels"


def test_a_spectrum_with_rows_has_no_picture():
    dataset = changed(instance(f"{STORAGE}4.2"), Rows=1, Columns=1)
    with pytest.raises(SkipInput, match="MR Spectroscopy"):
        open_content(dataset)


def test_a_dose_is_skipped_only_without_a_grid():
    with pytest.raises(SkipInput, match="RT Dose without a dose grid"):
        open_content(instance(f"{STORAGE}481.2"))
    with pytest.raises(InputError, match="of RT Dose Storage holds no Pixel Data") as raised:
        open_content(changed(instance(f"{STORAGE}481.2"), Rows=4, Columns=4))
    assert raised.value.reason == "no-pixels"


@pytest.mark.parametrize("rows", [0, None])
def test_a_report_with_empty_pixels_is_skipped(rows):
    made = changed(instance(f"{STORAGE}481.3"), PixelData=b"")
    with pytest.raises(SkipInput, match=r"RT Structure Set .* holds no picture"):
        open_content(made if rows is None else changed(made, Rows=rows, Columns=rows))


def test_an_image_with_empty_pixels_is_not_skipped():
    with pytest.raises(InputError, match="is empty") as raised:
        open_content(changed(instance(), Rows=4, Columns=4, PixelData=b""))
    assert "Copy" not in raised.value.hint


def test_an_unknown_sop_class_without_image_attributes_is_skipped():
    with pytest.raises(SkipInput, match=r"unknown SOP Class '2.25.1234567' without a picture"):
        open_content(instance("2.25.1234567"))


def test_an_unknown_sop_class_is_not_assumed_to_have_pixels():
    with pytest.raises(InputError) as raised:
        open_content(changed(instance("2.25.1234567"), Rows=4, Columns=4))
    assert raised.value.message.startswith("the dataset holds no Pixel Data (7FE0,0010)")


def test_label_maps_are_recognized():
    assert is_label_map(f"{STORAGE}66.7", "")
    assert is_label_map("", "LABELMAP")
    assert not is_label_map(f"{STORAGE}66.4", "BINARY")
