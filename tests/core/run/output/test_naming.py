"""Names of pictures."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmconv.errors import InputError
from dcmconv.run.output.naming import LaneName, NamedInput, lane_names, safe_name, safe_path_part


def name(key, *, template="", frames=1, frame=1, **attributes):
    return LaneName(template, ".png").path_for(NamedInput(key, attributes, frames), frame)


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
        (("a", "", ".png"), ("b", "", ".PNG"), ("c", "", ".jpg"), ("d", "x", ".png"))
    )
    assert {key: made.tag for key, made in names.items()} == {
        "a": "-a",
        "b": "-b",
        "c": "",
        "d": "",
    }
