"""Names of pictures."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmconv.errors import InputError
from dcmconv.model.inputs import InputFile
from dcmconv.run.output.naming import LaneName, NamedInput, lane_names, safe_name, safe_path_part

DICOM = (".dcm", ".dicom", ".dic", ".ima")


def name(key, *, template="", frames=1, frame=1, suffixes=DICOM, source=None, **attributes):
    named = NamedInput(key, attributes, frames, suffixes=suffixes, source=source)
    return LaneName(template, ".png").path_for(named, frame)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        pytest.param("CT/IM1.dcm", "CT/IM1.png", id="dcm-is-removed"),
        pytest.param("CT/IM1.DCM", "CT/IM1.png", id="in-any-case"),
        pytest.param("CT/IM1.IMA", "CT/IM1.png", id="ima-is-removed"),
        pytest.param("1.2.840.10008", "1.2.840.10008.png", id="a-uid-keeps-its-last-number"),
        pytest.param("scan.dcm.gz", "scan.dcm.gz.png", id="only-the-last-suffix-counts"),
        pytest.param(".dcm", ".dcm.png", id="a-suffix-alone-is-a-name"),
        pytest.param("/etc/x", "etc/x.png", id="an-absolute-key"),
    ],
)
def test_a_picture_is_named_after_its_input(key, path):
    assert name(key) == path


def test_a_key_with_dots_stays_in_the_output_folder():
    *folders, file = name("../../etc/x").split("/")
    assert (folders[-1], file) == ("etc", "x.png")
    assert not {"..", "."} & set(folders)


def test_only_multiframe_inputs_get_frame_numbers():
    assert name("x.dcm", frames=3, frame=2) == "x_0002.png"
    assert name("x.dcm", frames=1, frame=1) == "x.png"
    assert name("x.dcm", frames=20000, frame=12345) == "x_12345.png"


def test_a_template_can_make_folders():
    path = name(
        "a/b.dcm",
        template="{PatientID}/{SeriesNumber:04d}/{name}_{frame:03d}",
        PatientID="P1",
        SeriesNumber=7,
        frames=9,
        frame=4,
    )
    assert path == "P1/0007/b_004.png"


def test_only_the_folder_field_keeps_its_slashes():
    assert name("a/b/c.dcm", template="{folder}/x-{name}") == "a/b/x-c.png"
    assert name("c.dcm", template="{folder}/x-{name}") == "x-c.png"
    assert "/" not in name("c.dcm", template="{PatientID}", PatientID="a/b")


def test_frames_get_numbers_when_the_template_has_none():
    assert name("x", template="{PatientID}", PatientID="P", frames=2, frame=2) == "P_0002.png"


def test_a_missing_attribute_is_named():
    assert name("x", template="{PatientID}/{name}") == "no-PatientID/x.png"


def test_a_value_that_does_not_fit_the_format_fails_the_input():
    with pytest.raises(InputError, match="SeriesNumber is text") as caught:
        name("x", template="{SeriesNumber:04d}", SeriesNumber="one")
    assert "{SeriesNumber}" in caught.value.hint
    assert caught.value.reason == "name"


def test_the_number_of_frames_is_a_field():
    assert name("x", template="{name}-{frame}of{frames}", frames=3, frame=2) == "x-2of3.png"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("1.2.840.10008", True, id="uid"),
        pytest.param("Müller", True, id="letters-of-any-script"),
        pytest.param("山田 太郎", True, id="ideographs"),
        pytest.param("Doe^John", False, id="caret"),
        pytest.param("../../etc", False, id="climbing"),
        pytest.param("CON", False, id="a-device-of-windows"),
        pytest.param("aux.txt", False, id="a-device-with-a-suffix"),
        pytest.param("name.", False, id="trailing-dot"),
        pytest.param(" name", False, id="leading-space"),
        pytest.param("-rf", False, id="leading-dash"),
        pytest.param("a\u202eb", False, id="right-to-left-override"),
        pytest.param("a\nb", False, id="newline"),
        pytest.param("L" * 4000, False, id="four-thousand-letters"),
    ],
)
def test_a_value_is_unchanged_or_gets_a_hash(text, kept):
    made = safe_name(text)
    assert (made == text) is kept
    if not kept:
        assert made[-9] == "-"
        assert len(made.encode()) <= 110


@given(st.text())
def test_any_value_becomes_one_part_of_a_path(text):
    made = safe_name(text)
    assert "/" not in made
    assert "\\" not in made
    assert "\0" not in made
    assert made not in (".", "..")
    assert len(made.encode("utf-8", "surrogatepass")) <= 110


@given(st.text(min_size=1), st.text())
def test_no_input_name_leaves_the_output_folder(key, folder):
    path = name(f"{folder}/{key}", template="")
    whole = os.path.normpath(f"/out/{path}".encode("utf-8", "surrogatepass"))
    assert whole.startswith(b"/out/")
    assert all(len(os.fsencode(step)) <= 255 for step in path.split("/") if step.isprintable())


def test_pictures_are_never_written_to_the_state_folder():
    assert safe_path_part(".dcmconv") != ".dcmconv"
    assert name(".DCMCONV/journal").split("/")[0].casefold() != ".dcmconv"


def test_a_long_name_is_cut_but_keeps_its_ending():
    made = name("ä" * 120 + ".dcm", frames=2, frame=1)
    assert made.endswith("_0001.png")
    assert len(made.encode()) <= 255


@pytest.mark.parametrize("start", ["", "x"])
def test_a_long_name_is_cut_between_characters(start):
    made = name(f"{start}{'ä' * 200}.dcm")
    kept = made.rpartition("-")[0]
    assert kept == start + "ä" * len(kept.removeprefix(start))


def test_bytes_that_are_not_utf8_are_kept():
    key = os.fsdecode(b"caf\xe9.dcm")
    assert os.fsencode(name(key)) == b"caf\xe9.png"


def test_only_lanes_with_equal_names_get_their_ids():
    names = lane_names(
        (
            *(("a", "", (".png",)), ("b", "", (".PNG",)), ("c", "", (".jpg",))),
            ("d", "x", (".png",)),
        )
    )
    assert {key: made.tag for key, made in names.items()} == {
        "a": "-a",
        "b": "-b",
        "c": "",
        "d": "",
    }


def paths_of(*lanes, **attributes):
    """Return the names of the pictures of one frame, given ``(id, template, *suffixes)``."""
    named = NamedInput("a/x.dcm", attributes, 1, suffixes=DICOM)
    made = lane_names(tuple((lane, name, tuple(ends)) for lane, name, *ends in lanes))
    return [each.path_for(named, 1) for each in made.values()]


def test_lanes_that_name_their_output_get_no_ids():
    template = "{output}/{name}"
    assert paths_of(("lung", template, ".jpg"), ("bone", template, ".jpg")) == [
        "lung/x.jpg",
        "bone/x.jpg",
    ]


@pytest.mark.parametrize(
    ("template", "path"),
    [
        pytest.param("{SOPInstanceUID}.jpg", "1.2.3.jpg", id="its-own"),
        pytest.param("{SOPInstanceUID}.JPG", "1.2.3.JPG", id="as-it-is-typed"),
        pytest.param("{SOPInstanceUID}.jpeg", "1.2.3.jpeg", id="another-of-the-writer"),
        pytest.param("{SOPInstanceUID}.png", "1.2.3.png.jpg", id="one-of-no-writer"),
        pytest.param("{SOPInstanceUID}/.jpg", "1.2.3/.jpg.jpg", id="nothing-but-a-suffix"),
    ],
)
def test_a_suffix_in_the_template_is_not_doubled(template, path):
    lane = ("jpg", template, ".jpg", ".jpeg")
    assert paths_of(lane, SOPInstanceUID="1.2.3") == [path]


def test_a_suffix_in_a_value_is_kept():
    assert paths_of(("jpg", "{StudyID}", ".jpg"), StudyID="7.jpg") == ["7.jpg.jpg"]


def test_each_writer_gets_its_own_suffix_from_one_template():
    lanes = ("png", "{name}.png", ".png"), ("jpg", "{name}.png", ".jpg")
    assert paths_of(*lanes) == ["x.png", "x.jpg"]


def test_a_typed_suffix_does_not_hide_that_two_names_are_equal():
    lanes = ("a", "{name}.png", ".png"), ("b", "{name}", ".png")
    assert paths_of(*lanes) == ["x-a.png", "x-b.png"]


def test_an_input_loses_the_whole_suffix_of_its_format():
    assert name("head/vol.nii.gz", suffixes=(".nii.gz", ".nii", ".gz")) == "head/vol.png"
    assert name("head/VOL.NII.GZ", suffixes=(".nii.gz",)) == "head/VOL.png"
    assert name("head/vol.nii.gz", suffixes=DICOM) == "head/vol.nii.gz.png"


@pytest.mark.parametrize(
    ("template", "path"),
    [
        pytest.param("{PatientID|unknown}", "unknown.png", id="text"),
        pytest.param("{PatientID|no patient}", "no patient.png", id="several-words"),
        pytest.param("{PatientID|'Unknown'}", "Unknown.png", id="quoted"),
        pytest.param("{PatientID|StudyID}", "7.png", id="another-attribute"),
        pytest.param("{PatientID|0020,0010}", "7.png", id="a-tag"),
        pytest.param("{PatientID|AccessionNumber|none}", "none.png", id="the-last-of-three"),
        pytest.param("{PatientID|AccessionNumber}", "no-PatientID.png", id="none-has-a-value"),
        pytest.param("{PatientID|name}", "x.png", id="a-field-of-its-own"),
        pytest.param("a{PatientID|}", "a.png", id="nothing"),
        pytest.param("{PatientID|}", "_.png", id="nothing-at-all-is-not-a-hidden-file"),
        pytest.param("{PatientID|SeriesNumber:03d}", "004.png", id="a-format"),
        pytest.param("{StudyID|unknown}", "7.png", id="it-is-not-needed"),
        pytest.param("{PatientID|../up}", "_up-8c722b8a.png", id="a-path-is-no-path"),
    ],
)
def test_a_fallback_takes_the_place_of_a_missing_value(template, path):
    assert name("x", template=template, StudyID="7", SeriesNumber=4, **{"0020,0010": "7"}) == path


def test_a_fallback_to_the_frame_number_still_numbers_the_frames():
    made = {name("x", template="{InstanceNumber|frame}", frames=2, frame=n) for n in (1, 2)}
    assert made == {"1_0001.png", "2_0002.png"}


def test_a_hash_is_that_of_the_bytes_of_the_input(tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"abc")
    on_disk, fetched = InputFile("a", tmp_path / "a.dcm"), InputFile("b", content=b"abc")
    # The example of FIPS 180-2: ba7816bf 8f01cfea ...
    assert name("a", template="{hash}", source=on_disk) == "ba7816bf8f01.png"
    assert name("b", template="x/{PatientID|hash}", source=fetched) == "x/ba7816bf8f01.png"
