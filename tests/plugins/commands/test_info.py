import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from support.dicom_files import as_bytes, item, monochrome

from dcmconv._entry import main
from dcmconv_builtins.dicom.file.attributes import ARTICLE_KEYWORDS

TEST_FILES = Path(pydicom.__file__).parent / "data" / "test_files"
CT = str(TEST_FILES / "CT_small.dcm")


def tables_of(capsys):
    return json.loads(capsys.readouterr().out)["tables"]


def values_of(table):
    return {row["name"]: row["value"] for row in table["rows"]}


def test_the_tags_of_the_article_are_shown(capsys):
    assert main(["info", CT, "--json"]) == 0
    [table] = tables_of(capsys)
    values = values_of(table)
    assert list(values)[: len(ARTICLE_KEYWORDS)] == list(ARTICLE_KEYWORDS)
    assert values["PatientID"] == "1CT1"
    assert values["PatientBirthDate"] == ""
    assert values["PatientAge"] == "000Y"


def test_attributes_that_decide_the_picture_are_shown(capsys):
    assert main(["info", CT, "--json"]) == 0
    values = values_of(tables_of(capsys)[0])
    assert values["Modality"] == "CT"
    assert values["Transfer Syntax"] == "Explicit VR Little Endian (1.2.840.10008.1.2.1)"
    assert values["Size"] == "128 columns x 128 rows"
    assert values["Frames"] == 1
    assert values["Bits"] == "16 of 16, signed, 1 per pixel"
    assert values["Photometric Interpretation"] == "MONOCHROME2"
    assert values["Decodes"] == "yes, by numpy"


def test_chinese_names_are_decoded(tmp_path, capsys):
    dataset = monochrome(np.zeros((2, 2), np.uint16), SpecificCharacterSet="GB18030")
    dataset.PatientName = "Wang^XiaoDong=王^小东"
    path = tmp_path / "name.dcm"
    path.write_bytes(as_bytes(dataset))
    assert main(["info", str(path)]) == 0
    assert "王^小东" in capsys.readouterr().out


@pytest.mark.parametrize("tag", ["SOPInstanceUID", "0008,0018"])
def test_other_tags_are_shown_by_keyword_or_number(capsys, tag):
    assert main(["info", CT, "--tag", tag, "--json"]) == 0
    first = tables_of(capsys)[0]["rows"][0]
    assert first["tag"] == "(0008,0018)"
    assert first["value"].startswith("1.3.6.1.4.1.5962.1.1.1.1.1")


def test_all_shows_every_plain_tag(capsys):
    assert main(["info", CT, "--all", "--json"]) == 0
    values = values_of(tables_of(capsys)[0])
    assert values["KVP"] == 120
    assert len(values) > 80


def test_an_unknown_keyword_gets_a_suggestion(capsys):
    assert main(["info", CT, "--tag", "PatientNmae"]) == 2
    output = capsys.readouterr().err
    assert "Unknown tag 'PatientNmae'." in output
    assert "Did you mean PatientName?" in output


def test_objects_without_a_picture_show_their_tags(capsys):
    assert main(["info", str(TEST_FILES / "rtplan.dcm"), "--json"]) == 0
    values = values_of(tables_of(capsys)[0])
    assert values["PatientID"]
    assert values["Decodes"].startswith("no picture: ")
    assert "Size" not in values


def test_an_unreadable_file_does_not_stop_the_others(tmp_path, capsys):
    text = tmp_path / "notes.txt"
    text.write_text("no DICOM here", "utf-8")
    assert main(["info", str(text), CT, str(tmp_path / "gone")]) == 1
    output = capsys.readouterr().out
    assert "notes.txt is not DICOM." in output
    assert "1CT1" in output
    assert "gone: No such file or directory." in output
    assert "2 of 3 files cannot be read." in output


@pytest.mark.parametrize("tag", ["0028,0121", "(0028,0121)"])
def test_a_missing_tag_is_shown_by_name(capsys, tag):
    assert main(["info", CT, "--tag", tag, "--json"]) == 0
    first = tables_of(capsys)[0]["rows"][0]
    assert first == {"tag": "(0028,0121)", "name": "PixelPaddingRangeLimit", "value": ""}


def test_a_file_that_is_not_dicom_gets_a_hint(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("no picture")
    assert main(["info", str(tmp_path / "notes.txt")]) == 1
    assert (
        "has DICM at its 129th byte, or starts with an element of group 0002 or 0008"
        in capsys.readouterr().out
    )


def test_undecodable_pixels_are_reported_without_failure(tmp_path, capsys):
    whole = Path(CT).read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:-1000])
    assert main(["info", str(tmp_path / "cut.dcm"), "--json"]) == 0
    values = values_of(tables_of(capsys)[0])
    assert values["PatientID"] == "1CT1"
    assert values["Decodes"].startswith("no: Pixel Data (7FE0,0010) has 31906 bytes")


def test_group_0002_and_paths_can_be_asked_for(tmp_path, capsys):
    dataset = monochrome(np.zeros((2, 2), np.uint16))
    dataset.ReferencedImageSequence = [item(ReferencedSOPInstanceUID="1.2.3")]
    path = tmp_path / "a.dcm"
    path.write_bytes(as_bytes(dataset))
    asked = ["ReferencedImageSequence[0]/ReferencedSOPInstanceUID", "TransferSyntaxUID"]
    words = [word for tag in asked for word in ("--tag", tag)]
    assert main(["info", str(path), "--json", *words]) == 0
    values = values_of(tables_of(capsys)[0])
    assert [values[tag] for tag in asked] == ["1.2.3", "1.2.840.10008.1.2.1"]
    assert main(["info", str(path), "--tag", "ReferencedImageSequence/Nope"]) == 2
    assert "Unknown tag 'Nope'" in capsys.readouterr().err
