"""Which presentation state applies to an image, and its grayscale pipeline (PS3.4 N.2)."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from support.covers import covers
from support.dicom_files import color, item, monochrome, save
from support.presentation_states import (
    BLENDING,
    COLOR,
    PSEUDO_COLOR,
    picture_of,
    references,
    shown,
    state_for,
)

from dcmconv.plugin import InputFile, Rescale, UsageError
from dcmconv.render.tone import render_tone
from dcmconv_builtins.normalizers.auto import Auto
from dcmconv_builtins.readers.dicom import DicomReader

RAMP = np.array([[0, 100, 200, 255]], np.uint8)


def origin_of(frame) -> str:
    return render_tone(frame, Auto())[1]


def window(center: float, width: float, **more):
    return item(WindowCenter=center, WindowWidth=width, **more)


@covers("PS3.3 C.11.8 Softcopy VOI LUT")
def test_the_states_window_replaces_the_images(tmp_path):
    image = monochrome(RAMP, WindowCenter=10, WindowWidth=20)
    state = state_for(image, ContentLabel="BONE", SoftcopyVOILUTSequence=[window(40, 400)])
    frame = shown(image, state, tmp_path)
    assert origin_of(frame) == "Presentation state BONE, window 40/400 HU"
    assert [(voi.center, voi.width) for voi in frame.voi_windows] == [(40, 400)]


@covers("PS3.3 C.11.8 Softcopy VOI LUT")
def test_the_states_voi_lut_is_applied(tmp_path):
    image = monochrome(RAMP)
    lut = item(LUTDescriptor=[256, 0, 8], LUTData=bytes(range(255, -1, -1)))
    lut["LUTData"].VR = "OW"
    state = state_for(image, SoftcopyVOILUTSequence=[item(VOILUTSequence=[lut])])
    frame = shown(image, state, tmp_path)
    assert origin_of(frame) == "Presentation state STATE, VOI LUT of 256 entries"
    assert picture_of(frame).pixels.tolist() == [[255, 155, 55, 0]]


@covers("PS3.3 C.11.8 Softcopy VOI LUT")
def test_a_window_for_another_frame_is_ignored(tmp_path):
    image = monochrome(np.stack([RAMP, RAMP]))
    other = monochrome(RAMP)
    other.SOPInstanceUID = "1.2.3"
    sequence = [
        window(1, 10, ReferencedImageSequence=references(other)),
        window(2, 20, ReferencedImageSequence=references(image, [2])),
        window(3, 30),
    ]
    state = state_for(image, SoftcopyVOILUTSequence=sequence)
    centers = [
        shown(image, state, tmp_path, frame_index=index).voi_windows[0].center for index in (0, 1)
    ]
    assert centers == [3, 2]


@covers("PS3.4 N.2 Grayscale transformation sequence of a presentation state")
def test_steps_that_the_state_lacks_are_the_identity(tmp_path):
    # PS3.4 N.2.1: without Modality LUT and VOI LUT, the range of 8 bits is black to white.
    image = monochrome(RAMP, RescaleSlope=2, RescaleIntercept=-9, WindowCenter=10, WindowWidth=20)
    frame = shown(image, state_for(image), tmp_path)
    assert frame.modality == Rescale()
    assert picture_of(frame).pixels.tolist() == [[0, 100, 200, 255]]
    assert any("has no Modality LUT" in note for note in frame.notes)


def test_the_identity_window_spans_12_signed_bits(tmp_path):
    stored_values = np.array([[-2048, 0, 2047]], np.int16)
    image = monochrome(stored_values, BitsStored=12, HighBit=11)
    state = state_for(image, RescaleSlope=1, RescaleIntercept=0, RescaleType="US")
    assert picture_of(shown(image, state, tmp_path)).pixels.tolist() == [[0, 128, 255]]


@covers("PS3.4 N.2 Grayscale transformation sequence of a presentation state")
def test_the_states_modality_lut_comes_before_its_window(tmp_path):
    image = monochrome(RAMP)
    state = state_for(
        image,
        RescaleSlope=10,
        RescaleIntercept=-1000,
        RescaleType="HU",
        SoftcopyVOILUTSequence=[window(500.5, 1001)],
    )
    frame = shown(image, state, tmp_path)
    assert frame.modality == Rescale(10, -1000)
    assert frame.units == "HU"
    # 0..1000 HU are 100..200 stored.
    assert picture_of(frame).pixels.tolist() == [[0, 0, 255, 255]]


@pytest.mark.parametrize("meaning", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("polarity", "expected"), [("IDENTITY", [0, 100, 200, 255]), ("INVERSE", [255, 155, 55, 0])]
)
@covers("PS3.3 C.11.6 Softcopy Presentation LUT")
def test_the_states_polarity_replaces_the_images(tmp_path, meaning, polarity, expected):
    image = monochrome(RAMP, PhotometricInterpretation=meaning)
    state = state_for(image, PresentationLUTShape=polarity)
    assert picture_of(shown(image, state, tmp_path)).pixels.tolist() == [expected]


@covers("PS3.3 C.11.6 Softcopy Presentation LUT")
def test_the_states_presentation_lut_gives_p_values(tmp_path):
    image = monochrome(np.array([[0, 85, 170, 255]], np.uint8))
    table = item(LUTDescriptor=[4, 0, 8], LUTData=bytes([0, 10, 200, 255]))
    table["LUTData"].VR = "OW"
    state = state_for(image, PresentationLUTShape=None, PresentationLUTSequence=[table])
    assert picture_of(shown(image, state, tmp_path)).pixels.tolist() == [[0, 10, 200, 255]]


def palette(count: int, bits: int, *, red: list[int], rest: int = 0) -> dict[str, object]:
    attributes: dict[str, object] = {}
    dtype = "<u2" if bits == 16 else "u1"
    for name, values in (("Red", red), ("Green", [rest] * count), ("Blue", [rest] * count)):
        attributes[f"{name}PaletteColorLookupTableDescriptor"] = [count, 0, bits]
        attributes[f"{name}PaletteColorLookupTableData"] = np.array(values, dtype).tobytes()
    return attributes


@pytest.mark.parametrize(
    ("colors", "expected"),
    [
        pytest.param(palette(256, 8, red=list(range(256))), [0, 100, 200, 255], id="8-bit"),
        pytest.param(palette(2, 16, red=[0, 65535]), [0, 0, 255, 255], id="two-16-bit-entries"),
    ],
)
@covers("PS3.3 A.33.3 Pseudo-Color Softcopy Presentation State")
def test_a_pseudo_color_palette_spans_all_display_values(tmp_path, colors, expected):
    image = monochrome(RAMP)
    state = state_for(
        image, sop_class=PSEUDO_COLOR, SoftcopyVOILUTSequence=[window(128, 256)], **colors
    )
    frame = shown(image, state, tmp_path)
    assert frame.pseudo_color is not None
    drawn = frame.pseudo_color[picture_of(frame).pixels]
    assert drawn[..., 0].tolist() == [expected]
    assert not drawn[..., 1:].any()


def test_a_broken_palette_leaves_the_picture_gray(tmp_path):
    image = monochrome(RAMP)
    frame = shown(image, state_for(image, sop_class=PSEUDO_COLOR), tmp_path)
    assert frame.pseudo_color is None
    assert any("The picture stays gray" in note for note in frame.notes)


@covers("PS3.3 A.33.2 Color Softcopy Presentation State")
def test_a_color_state_rotates_and_keeps_colors(tmp_path):
    image = color(np.arange(6, dtype=np.uint8).reshape(1, 2, 3))
    state = state_for(image, sop_class=COLOR, ImageRotation=180, ImageHorizontalFlip="N")
    frame = shown(image, state, tmp_path)
    assert picture_of(frame).pixels.tolist() == [[[3, 4, 5], [0, 1, 2]]]


def test_a_state_for_other_frames_is_ignored(tmp_path):
    image = monochrome(np.stack([RAMP, RAMP, RAMP]))
    state = state_for(image, frames=[2, 3], ImageRotation=90, ImageHorizontalFlip="N")
    views = [shown(image, state, tmp_path, frame_index=index).view for index in range(3)]
    assert [view is None for view in views] == [True, False, False]


def test_an_image_without_matching_state_is_noted(tmp_path):
    image, other = monochrome(RAMP), monochrome(RAMP)
    other.SOPInstanceUID = "1.2.3"
    frame = shown(image, state_for(other, PresentationLUTShape="INVERSE"), tmp_path)
    assert picture_of(frame).pixels.tolist() == [[0, 100, 200, 255]]
    assert frame.notes == ("None of 1 presentation states refers to the image.",)


@covers("PS3.3 C.11.10 Presentation State Identification")
def test_the_latest_state_wins_and_others_are_named(tmp_path):
    image = monochrome(RAMP)
    moments = {
        "NOON": ("20200101", "1200"),
        "LATER": ("20200101", "120001"),
        "OLD": ("19991231", ""),
    }
    for number, (label, (date, time)) in enumerate(moments.items()):
        state = state_for(
            image,
            number=2000 + number,
            ContentLabel=label,
            PresentationCreationDate=date,
            PresentationCreationTime=time,
        )
        save(state, tmp_path / "states" / f"no-extension-{number}")
    save(image, tmp_path / "states" / "image.dcm")
    (tmp_path / "states" / "notes.txt").write_text("1.2.840.10008.5.1.4.1.1.11.1 is a class")
    frame = shown(image, tmp_path / "states", tmp_path)
    assert origin_of(frame).startswith("Presentation state LATER,")
    assert any("latest of 3" in note and "ignored NOON, OLD" in note for note in frame.notes)


@pytest.mark.parametrize("transfer_syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
@covers(
    "PS3.3 A.33.4 Blending Softcopy Presentation State",
    result="not supported: ignored, with a note that names it",
)
def test_a_blending_state_is_ignored_by_name(tmp_path, transfer_syntax):
    image = monochrome(RAMP)
    blending = state_for(image, sop_class=BLENDING, ContentLabel="FUSED")
    blending.file_meta.TransferSyntaxUID = transfer_syntax
    blending.BlendingSequence = [item(ReferencedSeriesSequence=blending.ReferencedSeriesSequence)]
    del blending.ReferencedSeriesSequence
    frame = shown(image, blending, tmp_path)
    assert picture_of(frame).pixels.tolist() == [[0, 100, 200, 255]]
    assert any(
        "Presentation state FUSED is a Blending Softcopy Presentation State" in note
        for note in frame.notes
    )


def test_a_state_in_implicit_vr_is_read(tmp_path):
    image = monochrome(RAMP)
    state = state_for(image, PresentationLUTShape="INVERSE", ImageRotation=180)
    state.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert picture_of(shown(image, state, tmp_path)).pixels.tolist() == [[0, 55, 155, 255]]


def test_damaged_states_are_counted_and_ignored(tmp_path):
    image = monochrome(RAMP)
    good = save(state_for(image, PresentationLUTShape="INVERSE"), tmp_path / "states" / "good")
    (tmp_path / "states" / "bad").write_bytes(good.read_bytes()[:-3])
    frame = shown(image, tmp_path / "states", tmp_path)
    assert picture_of(frame).pixels.tolist() == [[255, 155, 55, 0]]
    assert any("1 presentation state cannot be read" in note for note in frame.notes)


def open_with(image, place) -> None:
    content = save(image, place.parent / "image").read_bytes()
    DicomReader(presentation_states=str(place)).open(InputFile("made-up", content=content))


def test_a_missing_path_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no presentation state file or folder") as raised:
        open_with(monochrome(RAMP), tmp_path / "nowhere")
    assert "folder with presentation states" in raised.value.hint


def test_a_path_without_states_is_a_usage_error(tmp_path):
    place = save(monochrome(RAMP), tmp_path / "image.dcm")
    with pytest.raises(UsageError, match="contains no readable presentation state") as raised:
        open_with(monochrome(RAMP), place)
    assert "Modality (0008,0060) is PR" in raised.value.hint


def test_the_fingerprint_depends_on_states_not_names(tmp_path):
    image = monochrome(RAMP)
    first = save(state_for(image), tmp_path / "a")
    renamed = save(state_for(image), tmp_path / "b")
    other = save(state_for(image, ContentLabel="OTHER"), tmp_path / "c")
    prints = [
        DicomReader(presentation_states=str(x)).fingerprint() for x in (first, renamed, other)
    ]
    assert prints[0] == prints[1] != prints[2]
    assert DicomReader().fingerprint() == ""


def test_the_path_of_states_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert DicomReader(presentation_states="states").presentation_states == str(tmp_path / "states")
