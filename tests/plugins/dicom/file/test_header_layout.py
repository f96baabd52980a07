"""Headers of a series: read like those of single files, also where only their size is the same."""

from __future__ import annotations

import numpy as np
import pytest
from support.dicom_files import as_bytes, item, monochrome

from dcmconv_builtins.dicom.file import header_layout
from dcmconv_builtins.dicom.file.bounded_stream import HeldBytes
from dcmconv_builtins.dicom.file.header_layout import read_header
from dcmconv_builtins.dicom.file.header_scanner import scan_header


@pytest.fixture(autouse=True)
def no_layouts(monkeypatch):
    monkeypatch.setattr(header_layout, "_LAYOUTS", {})


def ct(**attributes) -> bytes:
    return as_bytes(monochrome(np.arange(16, dtype=np.int16).reshape(4, 4), **attributes))


def elements(scanned) -> list[object]:
    parts = [part.find(tag) for part in scanned[:2] for tag in part.keys()]  # noqa: SIM118
    return [*parts, scanned.transfer_syntax, scanned.pixels, scanned.dataset.end]


def assert_read_like_single_files(*files: bytes) -> None:
    assert len({len(content) for content in files}) == 1
    for content in files * 3:
        found, expected = read_header(HeldBytes(content)), scan_header(HeldBytes(content))
        if expected is None:
            assert found is None
        else:
            assert elements(found) == elements(expected)


def test_files_of_one_layout_are_walked_over_twice(monkeypatch):
    walked = []
    monkeypatch.setattr(
        header_layout, "scan_header", lambda stream: walked.append(1) or scan_header(stream)
    )
    for number in range(6):
        assert read_header(HeldBytes(ct(InstanceNumber=number))) is not None
    assert len(walked) == 2


def test_values_are_those_of_each_file():
    assert_read_like_single_files(
        *(ct(InstanceNumber=number, PatientID=f"P{number}") for number in range(5))
    )


def test_a_longer_value_may_make_up_for_a_shorter_one():
    assert_read_like_single_files(
        ct(PatientID="AB", StudyID="1234"),
        ct(PatientID="ABCD", StudyID="12"),
    )


def test_one_tag_may_stand_for_another():
    assert_read_like_single_files(
        ct(PatientID="AB"),
        ct(PatientID=None, IssuerOfPatientID="AB"),
    )


def test_another_character_set_of_the_same_length_is_noticed():
    known = ct(SpecificCharacterSet="ISO_IR 100")
    assert_read_like_single_files(known, known.replace(b"ISO_IR 100", b"ISO_IR 999"))


def test_items_of_a_sequence_of_undefined_length_may_be_damaged():
    dataset = monochrome(np.arange(16, dtype=np.int16).reshape(4, 4))
    dataset.ReferencedImageSequence = [item(ReferencedSOPInstanceUID="1.2.3")]
    dataset["ReferencedImageSequence"].is_undefined_length = True
    whole = as_bytes(dataset)
    damaged = whole.replace(b"\xfe\xff\x00\xe0", b"\xfe\xff\x00\xe1", 1)
    assert damaged != whole
    assert_read_like_single_files(whole, damaged)


def test_another_length_of_the_pixels_is_noticed():
    whole = ct()
    shorter = whole.replace(b"OW\x00\x00\x20\x00\x00\x00", b"OW\x00\x00\x1e\x00\x00\x00", 1)
    assert shorter != whole
    assert_read_like_single_files(whole, shorter)


def test_files_without_a_common_layout_are_no_longer_compared():
    one, other = ct(PatientID="AB", StudyID="1234"), ct(PatientID="ABCD", StudyID="12")
    for content in (one, other) * 6:
        read_header(HeldBytes(content))
    assert header_layout._LAYOUTS[len(one)].cut is None
