"""Text from headers is harmless in names, tables, logs and terminals."""

from __future__ import annotations

import csv
import io
import json
import os
import posixpath
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pydicom.datadict import DicomDictionary, keyword_for_tag
from support.dicom_files import as_bytes, item, save
from support.program import dcmconv

from dcmconv.run.journal.digests import folded_digest
from dcmconv.run.output.naming import LaneName, NamedInput, safe_name, safe_path_part
from hostile.base import ramp
from hostile.batch import hostile_plan, journal, run

ANY_TEXT = st.text(min_size=1, max_size=300) | st.text(
    "./\\~ \0:conNUL\u202e\u0301é-", min_size=1, max_size=12
)
HOSTILE = (
    "../../../../etc/passwd",
    "/etc/passwd",
    "..\\..\\boot.ini",
    "C:\\x",
    "CON",
    "nul.txt",
    "a/b",
    ".",
    "..",
    "",
    " ",
    "-rf",
    "x\0y",
    "line\nbreak",
    "\x1b]0;PWNED\x07",
    "\u202egnp.exe",
    "L" * 4000,
    "\u00fc",
    "u\u0308",
    "$(reboot)",
    "`reboot`",
    "a;b|c&d",
    ".dcmconv",
    "~root",
)


@given(text=ANY_TEXT)
@example(text="..")
@example(text="CON")
@example(text="L" * 4000)
def test_a_safe_name_is_one_path_component(text):
    name = safe_name(text)
    assert name not in ("", ".", "..")
    assert not set(name) & set('/\\:*?"<>|\0\n\r\t\x1b~$`;&')
    assert len(os.fsencode(name)) <= 120
    assert not name.startswith(("-", " ", "."))
    assert not name.endswith((" ", "."))
    assert all(unicodedata.category(character)[0] != "C" for character in name)


@given(one=ANY_TEXT, other=ANY_TEXT)
@example(one="a/b", other="a_b")
@example(one="\u00fc", other="u\u0308")
@example(one="L" * 4000, other="L" * 4001)
def test_two_values_never_become_one_name(one, other):
    assume(one != other)
    assert safe_name(one) != safe_name(other)


@given(part=ANY_TEXT)
def test_a_name_component_stays_in_its_folder(part):
    name = safe_path_part(part, ".png")
    assert name == posixpath.basename(name)
    assert name.strip(". ") != ""
    assert len(os.fsencode(name)) <= 255


@given(values=st.lists(ANY_TEXT, min_size=3, max_size=3))
@example(values=["..", "..", ".."])
@example(values=["/etc", "//", "/"])
def test_a_name_template_never_leaves_the_output_folder(values):
    attributes = dict(zip(("PatientID", "StudyID", "SeriesNumber"), values, strict=True))
    lane = LaneName("{PatientID}/{StudyID}/{SeriesNumber}", ".png")
    path = lane.path_for(NamedInput("../a/../../b.dcm", attributes, 1), 1)
    assert not path.startswith("/")
    assert posixpath.normpath(path) == path
    assert ".." not in path.split("/")
    assert len(path.split("/")) == 3


def test_case_and_unicode_composition_are_folded():
    assert folded_digest("A/\u00dc.png") == folded_digest("a/u\u0308.PNG")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_hostile_identifiers_stay_in_the_output_folder(tmp_path):
    for number, text in enumerate(HOSTILE):
        save(ramp(PatientID=text), tmp_path / "scans" / f"{number:02d}")
    made = hostile_plan()
    [lane] = made.lanes
    from dataclasses import replace

    made = replace(made, lanes=(replace(lane, name="{PatientID}/{name}"),))
    outcomes = run(made, tmp_path / "scans", tmp_path / "deep" / "out")
    assert {outcome.status for outcome in outcomes} == {"converted"}
    found = list(tmp_path.rglob("*.png"))
    assert len(found) == len(HOSTILE)
    root = tmp_path / "deep" / "out"
    assert all(
        path.is_relative_to(root) and len(path.relative_to(root).parts) == 2 for path in found
    )


FORMULAS = ("=1+1", '=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_tag_table_cells_are_never_formulas(tmp_path):
    for number, text in enumerate(FORMULAS):
        save(ramp(PatientName=text), tmp_path / "scans" / f"{number}.dcm")
    save(ramp(PatientName="plain"), tmp_path / "scans" / "=cmd|x!A0.dcm")
    table = tmp_path / "tags.csv"
    run(
        hostile_plan(tags=("PatientName",)),
        tmp_path / "scans",
        tmp_path / "out",
        tag_table=table,
    )
    rows = list(csv.reader(io.StringIO(table.read_text("utf-8"), newline="")))
    assert len(rows) == 1 + len(FORMULAS) + 1
    for cell in (cell for row in rows[1:] for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


SAID = "\x1b]0;PWNED\x07\x1b[2J\x1b[31m"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_header_escapes_never_reach_the_terminal(tmp_path):
    scans = tmp_path / "scans"
    save(ramp(PhotometricInterpretation=SAID), scans / f"bad{SAID}.dcm".replace("/", ""))
    save(ramp(PatientName=SAID, SeriesDescription=SAID), scans / "good.dcm")
    commands = [
        ("run", scans, "-o", tmp_path / "out", "--verbose"),
        ("run", scans, "-o", tmp_path / "json", "--json"),
        ("info", scans / "good.dcm", "--tag", "PatientName"),
        ("run", scans, "-o", tmp_path / "named", "--name", "{PatientName}", "--verbose"),
    ]
    for command in commands:
        done = dcmconv(*command)
        for stream in (done.stdout, done.stderr):
            assert "\x1b" not in stream, command
            assert "\x07" not in stream, command
            assert "Traceback" not in stream, command


TEXT_VRS = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"}
MEANT = {"SpecificCharacterSet", "PhotometricInterpretation", "Modality", "VOILUTFunction"}
MEANT |= {"PresentationLUTShape", "RescaleType", "LossyImageCompression", "BurnedInAnnotation"}
MEANT |= {"PixelIntensityRelationship", "ConversionType", "SegmentationType", "Units", "DoseUnits"}
MEANT |= {"BreedRegistryCodeSequence", "CorrectedImage", "DecayCorrection", "ImageType"}
MEANT |= {"PixelPresentation", "TypeOfData", "PhotometricInterpretation"}


def canaries():
    """Return a file in which every text element of groups 0008 to 0040 has a unique token."""
    made, tokens = ramp(), {}
    for tag, (vr, _, _, retired, keyword) in DicomDictionary.items():
        if vr not in TEXT_VRS or keyword in MEANT or retired or not 8 <= tag >> 16 <= 0x40:
            continue
        if tag >> 16 == 0x28 or not keyword or keyword_for_tag(tag) != keyword:
            continue
        token = f"TOKEN{tag:08X}"
        setattr(made, keyword, token)
        tokens[keyword] = token
    made.ReferencedStudySequence = [item(PatientName="TOKENNESTED1", PatientID="TOKENNESTED2")]
    tokens |= {"nested name": "TOKENNESTED1", "nested id": "TOKENNESTED2"}
    return made, tokens


def everything_below(folder):
    """Return every name and every byte below a folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        found.append(path.as_posix().encode())
        if path.is_file():
            found.append(path.read_bytes())
    return b"\n".join(found)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_header_text_leaks_by_default(tmp_path):
    made, tokens = canaries()
    assert len(tokens) > 300
    save(made, tmp_path / "scans" / "a.dcm")
    cut = as_bytes(made)
    (tmp_path / "scans" / "b.dcm").write_bytes(cut[:-10])
    (tmp_path / "scans" / "c.dcm").write_bytes(cut.replace(b"TOKEN00100010", b"\xffOKEN00100010"))
    for writer in ("png", "jpg"):
        out = tmp_path / writer
        done = dcmconv(
            "run", tmp_path / "scans", "-o", out, "-w", writer, "--verbose", "--workers", "2"
        )
        assert done.returncode == 1, done.stderr
        printed = everything_below(out) + done.stdout.encode() + done.stderr.encode()
        leaked = [keyword for keyword, token in tokens.items() if token.encode() in printed]
        assert leaked == []
    states = {line["input"]: line["status"] for line in journal(tmp_path / "png")}
    assert states == {"a.dcm": "converted", "b.dcm": "failed", "c.dcm": "converted"}


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_only_requested_tags_are_in_the_tag_table(tmp_path):
    made, tokens = canaries()
    save(made, tmp_path / "scans" / "a.dcm")
    table = tmp_path / "tags.jsonl"
    plan = hostile_plan(tags=("PatientID", "StudyDescription"))
    run(plan, tmp_path / "scans", tmp_path / "out", tag_table=table)
    [row] = [json.loads(line) for line in table.read_text("utf-8").splitlines()]
    assert (row["PatientID"], row["StudyDescription"]) == (
        tokens["PatientID"],
        tokens["StudyDescription"],
    )
    asked = {"PatientID", "StudyDescription"}
    leaked = [k for k, token in tokens.items() if token in table.read_text("utf-8")]
    assert set(leaked) == asked
    assert [
        k for k, token in tokens.items() if token.encode() in everything_below(tmp_path / "out")
    ] == []


def test_a_png_has_no_metadata_except_spacing(tmp_path):
    from PIL import Image

    save(ramp(PixelSpacing=[0.5, 0.5]), tmp_path / "a.dcm")
    run(hostile_plan(), tmp_path / "a.dcm", tmp_path / "out")
    with Image.open(tmp_path / "out" / "a.png") as picture:
        picture.load()
        assert set(picture.info) <= {"dpi", "srgb", "gamma", "Software", "exif"}
