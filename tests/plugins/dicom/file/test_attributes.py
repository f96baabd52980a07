"""Attributes as plain values, whatever the file holds."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.dicom_files import as_bytes, changed, item, monochrome
from support.reading import open_content, read_frame, recoded, with_bytes

from dcmconv_builtins.dicom.file.attributes import ARTICLE_KEYWORDS

PIXELS = np.zeros((2, 2), np.uint16)


def attributes_of(content):
    instance = open_content(content)
    instance.close()
    return instance.attributes


def test_values_are_plain():
    found = attributes_of(
        monochrome(
            PIXELS,
            SliceThickness="2.50",
            ImageType=["ORIGINAL", "PRIMARY"],
            PixelSpacing=["0.5", "0.25"],
            StudyDate="",
            InstanceNumber="7",
            FrameIncrementPointer=0x00181063,
        )
    )
    assert found["Rows"] == 2
    assert type(found["InstanceNumber"]) is int
    assert found["SliceThickness"] == 2.5
    assert type(found["SliceThickness"]) is float
    assert found["ImageType"] == ("ORIGINAL", "PRIMARY")
    assert found["PixelSpacing"] == (0.5, 0.25)
    assert found["StudyDate"] is None
    assert found["FrameIncrementPointer"] == "0018,1063"
    assert type(found["SOPInstanceUID"]) is str


def test_a_tag_is_a_name_too():
    found = attributes_of(monochrome(PIXELS))
    assert found["0010,0020"] == found["PatientID"] == "NOBODY-1"


@pytest.mark.parametrize("name", ["PatientComments", "PixelData", "NoSuchKeyword", "0099,zzzz", ""])
def test_absent_and_unknown_attributes_are_missing_keys(name):
    found = attributes_of(monochrome(PIXELS))
    assert name not in found
    assert found.get(name) is None


def test_sequences_and_binary_values_are_absent():
    dataset = monochrome(PIXELS, ReferencedStudySequence=Sequence([item(PatientID="X")]))
    dataset.add_new(0x00091010, "OB", b"\1\2")
    found = attributes_of(dataset)
    assert "ReferencedStudySequence" not in found
    assert "0009,1010" not in found


def test_every_listed_key_has_a_value():
    found = attributes_of(monochrome(PIXELS))
    assert len(found) == len(dict(found))
    assert {"PatientName", "Rows", "Modality"} <= set(found)


@pytest.mark.parametrize(
    ("character_sets", "name"),
    [
        ("GB18030", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 192", "王^小东"),
        ("ISO_IR 100", "Müller^Jörg"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ],
)
def test_names_are_readable_in_their_own_script(character_sets, name):
    dataset = monochrome(PIXELS, SpecificCharacterSet=character_sets, PatientName=name)
    assert attributes_of(dataset)["PatientName"] == name


def test_the_standards_own_chinese_example_is_readable():
    # PS3.5 K.2, byte by byte: an escape sequence in each component.
    written = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab= "
    placeholder = "Z" * len(written)
    dataset = monochrome(PIXELS, SpecificCharacterSet=["", "ISO 2022 IR 58"])
    content = as_bytes(changed(dataset, PatientName=placeholder))
    found = attributes_of(content.replace(placeholder.encode(), written))
    assert found["PatientName"] == "Zhang^XiaoDong=张^小东"


def test_empty_name_components_are_dropped():
    assert attributes_of(monochrome(PIXELS, PatientName="Nobody^^^"))["PatientName"] == "Nobody"


def test_the_note_of_undecodable_text_has_no_name():
    content = as_bytes(
        monochrome(PIXELS, SpecificCharacterSet="ISO_IR 192", PatientName="ABCDEFGH")
    )
    frame = read_frame(content.replace(b"ABCDEFGH", b"M\xfcller\xff\xfe"))
    assert isinstance(frame.attributes["PatientName"], str)
    assert not any("ller" in note for note in frame.notes)


def test_an_unknown_character_set_is_not_an_error():
    content = as_bytes(monochrome(PIXELS, SpecificCharacterSet="ISO_IR 100"))
    found = attributes_of(content.replace(b"ISO_IR 100", b"ISO_IR 999"))
    assert found["PatientName"] == "Nobody^Test"


def test_a_broken_number_is_a_missing_key_and_a_note():
    content = as_bytes(monochrome(PIXELS, SliceThickness="12345678"))
    instance = open_content(content.replace(b"12345678", b"1.2.3.4 "))
    assert "SliceThickness" not in instance.attributes
    assert any(
        "Slice Thickness (0018,0050) cannot be read" in n for n in instance.read_frame(0).notes
    )
    instance.close()


def test_the_table_of_the_article_has_valid_keywords():
    dataset = Dataset()
    for keyword in ARTICLE_KEYWORDS:
        setattr(dataset, keyword, "")
    assert len(dataset) == len(ARTICLE_KEYWORDS) == 11


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_reading_an_attribute_does_not_change_the_image(syntax):
    dataset = monochrome(PIXELS, RescaleSlope="0.25", RescaleIntercept="1")
    content = with_bytes(recoded(dataset, syntax), b"0.25", b"0,25")
    instance = open_content(content)
    for _ in range(2):
        assert "RescaleSlope" not in instance.attributes  # not a number there: a decimal comma
    (frame,) = instance.frames()
    instance.close()
    assert frame.modality.slope == 0.25


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize(
    ("character_set", "coded", "units"),
    [("ISO_IR 192", "mm²/s".encode(), "mm²/s"), ("ISO_IR 144", "ед".encode("iso8859-5"), "ед")],
)
def test_units_are_in_the_character_set_of_the_file(syntax, character_set, coded, units):
    dataset = monochrome(PIXELS, SpecificCharacterSet=character_set, RescaleSlope="2")
    dataset.RescaleIntercept, dataset.RescaleType = "0", "AAAAAA"
    content = with_bytes(recoded(dataset, syntax), b"AAAAAA", coded.ljust(6))
    assert read_frame(content).units == units


def test_undecodable_units_are_not_an_error():
    dataset = monochrome(PIXELS, SpecificCharacterSet="ISO_IR 192", RescaleSlope="2")
    dataset.RescaleIntercept, dataset.RescaleType = "0", "AAAA"
    assert read_frame(with_bytes(as_bytes(dataset), b"AAAA", b"m\xff\xfe ")).units


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("value", [b"inf ", b"1e999 ", b"nan "])
def test_an_infinite_number_of_frames_is_ignored(syntax, value):
    dataset = monochrome(PIXELS, NumberOfFrames="1" * len(value))
    content = with_bytes(recoded(dataset, syntax), b"1" * len(value), value)
    assert read_frame(content).stored_values.shape == PIXELS.shape


def test_an_attribute_directly_in_a_functional_group_has_no_note():
    # Without Pixel Measures Sequence around it, as some vendors write it.
    group = item(PixelSpacing=["0.5", "0.25"], PlanePositionSequence=[item()])
    frame = read_frame(monochrome(PIXELS, SharedFunctionalGroupsSequence=[group]))
    assert frame.spacing[:2] == (0.5, 0.25)
    assert frame.attributes["PixelSpacing"] == (0.5, 0.25)
    assert frame.notes == ()


def test_the_same_bytes_in_another_set_are_another_name():
    # Values beyond ASCII are remembered from file to file.
    letters = "王".encode("gb18030")
    names = [
        attributes_of(with_bytes(as_bytes(made), b"NAME", letters + b"  "))["PatientName"]
        for made in (
            monochrome(PIXELS, SpecificCharacterSet=character_set, PatientName="NAME")
            for character_set in ("GB18030", "ISO_IR 100", "GB18030")
        )
    ]
    assert names == ["王", letters.decode("latin-1"), "王"]


def test_each_file_gets_the_notes_of_its_own_values():
    content = with_bytes(as_bytes(monochrome(PIXELS, PatientName="NAME")), b"NAME", b"\xe9\xe9  ")
    for _ in range(2):
        instance = open_content(content)
        instance.close()
        assert instance.attributes["PatientName"] == "éé"
        assert [note for note in instance.notes() if "ISO 8859-1" in note]
