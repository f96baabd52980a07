"""Attributes of enhanced multi-frame files: values of the frame, paths into sequences, group 0002."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest
from pydicom import hooks
from pydicom.hooks import raw_element_vr
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.dicom_files import as_bytes, compressed, item, monochrome
from support.reading import open_content, recoded

import dcmconv
from dcmconv.errors import ChainError
from dcmconv.run import split_frames, worklist
from dcmconv.run.failure import without_values
from dcmconv_builtins.dicom.file.notes import Notes

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
HEIGHTS = (0, 5, 10)


def enhanced(*, frames=3, **attributes):
    """Return three frames at different heights, with the same spacing."""
    pixels = np.arange(frames * 4, dtype=np.uint16).reshape(frames, 2, 2)
    measures = item(PixelSpacing=[0.5, 0.25], SliceThickness=5)
    dataset = monochrome(pixels, Modality="MR", **attributes)
    dataset.SharedFunctionalGroupsSequence = [item(PixelMeasuresSequence=[measures])]
    dataset.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, height])],
            FrameContentSequence=[item(StackID="7", FrameComments=f"at {height}")],
        )
        for height in HEIGHTS[:frames]
    ]
    dataset.ReferencedImageSequence = [
        item(ReferencedSOPInstanceUID="1.2.1"), item(ReferencedSOPInstanceUID="1.2.2"),
    ]  # fmt: skip
    for place in (dataset, *dataset.PerFrameFunctionalGroupsSequence):
        place.add_new(0x00190010, "LO", "MADE UP")
        place.add_new(0x0019100C, "IS", "1000")
    return dataset


def written(tmp_path, content):
    path = tmp_path / "in" / "a.dcm"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))[1:]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_frame_has_its_own_values(syntax):
    instance = open_content(recoded(enhanced(), syntax))
    for index, height in enumerate(HEIGHTS):
        found = instance.read_frame(index).attributes
        assert found["ImagePositionPatient"] == (0.0, 0.0, float(height))
        assert found["PixelSpacing"] == (0.5, 0.25)
        assert found["FrameComments"] == f"at {height}"
        assert dict(instance.read_attributes(index)) == dict(found)
    instance.close()


PATHS = {
    "ReferencedImageSequence[1].ReferencedSOPInstanceUID": "1.2.2",
    "ReferencedImageSequence/ReferencedSOPInstanceUID": "1.2.1",
    "0008,1140[1]/0008,1155": "1.2.2",
    "ReferencedImageSequence[2].ReferencedSOPInstanceUID": None,
    "SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness": 5.0,
    "PixelMeasuresSequence.SliceThickness": 5.0,
    "PerFrameFunctionalGroupsSequence[2]/PlanePositionSequence/ImagePositionPatient": (0.0, 0.0, 10.0),
    "Modality[0].CodeValue": None,
    "ReferencedImageSequence": None,
}  # fmt: skip


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_path_leads_into_sequences(syntax):
    instance = open_content(recoded(enhanced(), syntax))
    found = instance.read_frame(0).attributes
    assert {path: found.get(path) for path in PATHS} == PATHS
    instance.close()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_private_element_needs_a_vr(syntax):
    instance = open_content(recoded(enhanced(), syntax))
    found = instance.read_frame(0).attributes
    assert found.get("0019,100C") == (None if syntax == ImplicitVRLittleEndian else 1000)
    assert found["0019,0010"] == "MADE UP"
    instance.close()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_group_0002_is_found(syntax):
    instance = open_content(recoded(enhanced(), syntax))
    assert instance.attributes["TransferSyntaxUID"] == syntax
    assert instance.read_frame(1).attributes["0002,0010"] == syntax
    instance.close()


def test_encapsulated_frames_have_their_own_values():
    dataset = compressed(enhanced(), "1.2.840.10008.1.2.5")
    instance = open_content(dataset)
    assert instance.read_frame(2).attributes["ImagePositionPatient"] == (0.0, 0.0, 10.0)
    assert instance.attributes["TransferSyntaxUID"] == "1.2.840.10008.1.2.5"
    instance.close()


def test_names_and_tables_have_the_values_of_each_frame(tmp_path):
    path = written(tmp_path, as_bytes(enhanced()))
    options = {
        "name": "{ImagePositionPatient:.0f}_{(0020,9056)}_{ReferencedImageSequence[1]/0008,1155}",
        "tag_table": tmp_path / "tags.csv",
        "tags": ["ImagePositionPatient", "PixelSpacing", "TransferSyntaxUID"],
    }
    for _ in range(2):  # the second run only fills the table
        [outcome] = dcmconv.run(path, tmp_path / "out", **options)
        rows = rows_of(tmp_path / "tags.csv")
        assert [row[3:-1] for row in rows] == [
            [f"0.0\\0.0\\{height}.0", "0.5\\0.25", "1.2.840.10008.1.2.1"] for height in HEIGHTS
        ]
    names = [Path(made.path).name for made in outcome.outputs]
    assert [name.partition("-")[0] for name in names] == ["0_0_0", "0_0_5", "0_0_10"]
    assert all("_7_1.2.2" in name for name in names)


def test_split_frames_have_their_own_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(worklist, "SPLIT_BYTES", 1)
    monkeypatch.setattr(split_frames, "LEAST_FRAMES", 1)
    path = written(tmp_path, as_bytes(enhanced()))
    table = tmp_path / "tags.csv"
    list(
        dcmconv.run(
            path, tmp_path / "out", tags=["ImagePositionPatient"], tag_table=table, workers=2
        )
    )
    assert [row[3] for row in rows_of(table)] == [f"0.0\\0.0\\{height}.0" for height in HEIGHTS]


@pytest.mark.parametrize("frames", [1, 3])
def test_rules_see_what_all_frames_share(tmp_path, frames):
    path = written(tmp_path, as_bytes(enhanced(frames=frames)))
    rule = {"when": {"StackID": "7", "SliceThickness": 5, "0002,0010": "1.2.840.10008.1.2.1"}}
    [outcome] = dcmconv.run(path, tmp_path / "out", chain={"rules": [{**rule, "skip": True}]})
    assert (outcome.status, outcome.reason) == ("skipped", "rule")


@pytest.mark.parametrize(("policy", "status"), [("default", "converted"), ("strict", "failed")])
def test_a_rule_on_what_differs_between_frames_is_noted(tmp_path, policy, status):
    path = written(tmp_path, as_bytes(enhanced()))
    rules = [{"when": {"FrameComments": "at 0"}, "skip": True}]
    [outcome] = dcmconv.run(path, tmp_path / "out", chain={"rules": rules}, policy=policy)
    assert outcome.status == status
    note = "The frames differ in Frame Comments (0020,9158); no rule can match it."
    assert outcome.notes == (note,) if policy == "default" else note in outcome.message


def test_the_message_of_a_rule_has_only_the_values_of_the_chain(tmp_path):
    dataset = monochrome(np.zeros((2, 2), np.uint16), ImageType=["ORIGINAL", "SECRET"])
    path = written(tmp_path, as_bytes(dataset))
    rules = [{"when": {"ImageType": ["ORIGINAL", "DERIVED"]}, "skip": True}]
    [outcome] = dcmconv.run(path, tmp_path / "out", chain={"rules": rules})
    assert outcome.message == "Skipped by a rule of the chain: ImageType ORIGINAL."


@pytest.mark.parametrize("tag", ["Sequenze[0].CodeValue", "ReferencedImageSequence.Nope"])
def test_an_unknown_keyword_in_a_path_is_rejected(tag):
    with pytest.raises(ChainError, match=r"No reader knows the attribute '(Sequenze|Nope)'"):
        dcmconv.run("in", "out", tags=tag, tag_table="tags.csv")


@pytest.mark.parametrize("tag", ["A[0]", "A[x].B", "A..B", "[0].B", "A[0]B", "A[-1].B"])
def test_a_malformed_path_is_rejected(tag):
    with pytest.raises(ChainError, match="is neither a keyword nor a tag"):
        dcmconv.run("in", "out", tags=tag, tag_table="tags.csv")


@pytest.fixture
def decoded(monkeypatch):
    """Collect the tag of each element that pydicom converts."""
    tags = []

    def counted(raw, data, **options):
        tags.append(int(raw.tag))
        raw_element_vr(raw, data, **options)

    monkeypatch.setattr(hooks.hooks, "raw_element_vr", counted)
    return tags


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_only_the_named_elements_are_decoded(tmp_path, decoded, syntax):
    dataset = monochrome(np.zeros((2, 2), np.uint16), SpecificCharacterSet="ISO_IR 100")
    for number in range(60):
        dataset.add_new(0x00111000 + number, "LO", "x")
    dataset.PatientComments, dataset.StudyDescription = "c", "d"
    path = written(tmp_path, recoded(dataset, syntax))
    del decoded[:]
    list(
        dcmconv.run(
            path,
            tmp_path / "out",
            name="{PatientID}/{StudyDescription}",
            chain={"rules": [{"when": {"Modality": "XX"}, "skip": True}]},
            steps="title:text={PatientName}",
            tags=["StudyID"],
            tag_table=tmp_path / "tags.csv",
        )
    )
    named = {0x00080060, 0x00100010, 0x00100020, 0x00081030, 0x00200010}
    others = set(decoded) - named
    # The reader itself decodes the character set.
    assert others <= {0x00080005}
    assert len(decoded) <= 2 * len(named)


def test_no_value_of_an_attribute_is_in_a_note(tmp_path):
    dataset = monochrome(
        np.zeros((2, 2), np.uint16), SliceThickness="1.55", StudyDate="20200101",
        PatientName="Q" * 8, PatientAge="001Y", SpecificCharacterSet="ISO_IR 192",
    )  # fmt: skip
    content = as_bytes(dataset)
    for old, new in {
        b"Q" * 8: b"Secr\xff\xfeet", b"20200101": b"Se'cr\"et", b"1.55": b"Secr", b"001Y": b"Secr",
    }.items():  # fmt: skip
        assert content.count(old) == 1
        content = content.replace(old, new)
    path = written(tmp_path, content)
    fields = "{PatientName}{StudyDate}{SliceThickness}{PatientAge}"
    [outcome] = dcmconv.run(path, tmp_path / "out", name=fields, steps=f"title:text={fields}")
    assert (outcome.status, len(outcome.notes) >= 2) == ("converted", True)
    assert not any(part in note for note in outcome.notes for part in ("Secr", "Se'", 'cr"et'))


@pytest.mark.parametrize(
    "quoted", ["'Doe'", "'O\\'Neil \"X\"'", '"O\'Neil"', "b'Doe'", "'Doe", "'Doe\nJane'"]
)
def test_whatever_a_library_quotes_is_left_out(quoted):
    notes = Notes()
    with notes.catching_warnings():
        warnings.warn(f"Value isn't valid: {quoted}", stacklevel=1)
    assert notes.lines() == ("Value isn't valid: '...'",)
    assert without_values(f"Value isn't valid: {quoted}") == "Value isn't valid: '...'"
