"""Texts in files whose Specific Character Set is missing or wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.dicom_files import as_bytes, item, monochrome
from support.reading import open_content, recoded, with_bytes

import dcmconv
from dcmconv.errors import ChainError

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
PLACEHOLDER = "Placeholder of 26 letters."
NO_SET = "Specific Character Set (0008,0005) names no set for letters beyond ASCII"
AS_UTF_8 = f"{NO_SET}; read texts that are valid UTF-8 as UTF-8."
AS_LATIN = f"{NO_SET}; read texts as ISO 8859-1. The option character_set names another set."


def content_with(keyword, coded, *, syntax=ExplicitVRLittleEndian, **attributes):
    """Return a file in which one attribute has these bytes, whatever its character set."""
    dataset = monochrome(np.zeros((2, 2), np.uint16), **{keyword: PLACEHOLDER}, **attributes)
    return with_bytes(recoded(dataset, syntax), PLACEHOLDER.encode(), coded.ljust(26))


def read(content, keyword, **options):
    """Return an attribute, and the notes that reading it has left."""
    instance = open_content(content, **options)
    before = instance.notes()
    value = instance.attributes[keyword]
    instance.close()
    return value, instance.notes()[len(before) :]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("keyword", ["PatientName", "PatientComments", "StudyDescription"])
@pytest.mark.parametrize("named", [None, "", "ISO_IR 6"])
def test_utf_8_without_a_character_set_is_utf_8(syntax, keyword, named):
    attributes = {} if named is None else {"SpecificCharacterSet": named}
    content = content_with(keyword, "Müller 王小东".encode(), syntax=syntax, **attributes)
    assert read(content, keyword) == ("Müller 王小东", (AS_UTF_8,))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_other_bytes_without_a_character_set_are_latin_with_a_note(syntax):
    content = content_with("PatientName", "Müller".encode("latin-1"), syntax=syntax)
    assert read(content, "PatientName") == ("Müller", (AS_LATIN,))


def test_ascii_without_a_character_set_has_no_note():
    assert read(content_with("PatientName", b"Nobody"), "PatientName") == ("Nobody", ())


@pytest.mark.parametrize(("named", "python"), [("ISO_IR 100", "latin-1"), ("ISO_IR 192", "utf-8")])
def test_a_named_character_set_is_believed(named, python):
    content = content_with("PatientName", "Müller".encode(python), SpecificCharacterSet=named)
    assert read(content, "PatientName") == ("Müller", ())


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("named", ["ISO_IR 100", "ISO_IR 192", None])
@pytest.mark.parametrize("chosen", ["GB18030", "GBK", "gb2312"])
def test_the_option_names_the_character_set(syntax, named, chosen):
    attributes = {} if named is None else {"SpecificCharacterSet": named}
    content = content_with("PatientName", "王^小东".encode("gbk"), syntax=syntax, **attributes)
    assert read(content, "PatientName", character_set=chosen) == ("王^小东", ())


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined_length", [False, True])
def test_the_option_counts_in_items_too(syntax, undefined_length):
    dataset = monochrome(np.zeros((2, 2), np.uint16), SpecificCharacterSet="ISO_IR 100")
    dataset.RequestAttributesSequence = [item(RequestedProcedureDescription=PLACEHOLDER)]
    dataset["RequestAttributesSequence"].is_undefined_length = undefined_length
    coded = "王小东".encode("gbk").ljust(26)
    content = with_bytes(recoded(dataset, syntax), PLACEHOLDER.encode(), coded)
    path = "RequestAttributesSequence/RequestedProcedureDescription"
    assert read(content, path, character_set="GBK") == ("王小东", ())
    assert read(content, path)[0] == "王小东".encode("gbk").decode("latin-1")


@pytest.mark.parametrize("where", ["name", "title", "table", "rule"])
@pytest.mark.parametrize(("policy", "status"), [("default", "converted"), ("strict", "failed")])
def test_a_guessed_character_set_is_noted_wherever_text_is_used(tmp_path, where, policy, status):
    (tmp_path / "a.dcm").write_bytes(content_with("PatientName", "Jörg".encode()))
    chain = {
        "name": {"name": "{PatientName}"},
        "title": {"steps": "title:text={PatientName}"},
        "table": {"tags": ["PatientName"], "tag_table": tmp_path / "tags.csv"},
        "rule": {"chain": {"rules": [{"when": {"PatientName": "X"}, "skip": True}]}},
    }[where]
    [outcome] = dcmconv.run(tmp_path / "a.dcm", tmp_path / "out", policy=policy, **chain)
    assert outcome.status == status
    assert AS_UTF_8 in (outcome.message if status == "failed" else outcome.notes)
    assert "Jörg" not in str(outcome.notes) + getattr(outcome, "message", "")
    if where == "name" and policy == "default":
        assert Path(outcome.outputs[0].path).name == "Jörg.png"
    if policy == "strict":
        assert list((tmp_path / "out").glob("*.png")) == []


def test_unused_text_has_no_note(tmp_path):
    (tmp_path / "a.dcm").write_bytes(content_with("PatientName", "Jörg".encode()))
    [outcome] = dcmconv.run(tmp_path / "a.dcm", tmp_path / "out", policy="strict")
    assert (outcome.status, outcome.notes) == ("converted", ())


def test_an_unknown_character_set_is_rejected():
    content = as_bytes(monochrome(np.zeros((2, 2), np.uint16)))
    with pytest.raises(ChainError, match="unknown character set 'nonsense'; expected one such as"):
        dcmconv.convert(content, read="dicom:character_set=nonsense")
