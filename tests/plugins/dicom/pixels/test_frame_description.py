"""What the file says about a frame: modality, VOI, presentation, spacing (PS3.3 C.11, C.7.6.16)."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.sequence import Sequence
from support.dicom_files import as_bytes, item, monochrome
from support.reading import read_frame, read_frames

from dcmconv.plugin import Lut, Rescale, VoiWindow

PIXELS = np.arange(6, dtype=np.uint16).reshape(2, 3)
CUBE = np.arange(12, dtype=np.uint16).reshape(2, 2, 3)
XA = "1.2.840.10008.5.1.4.1.1.12.1"


def lut_item(entries, *, first=0, bits=16, count=None, **attributes):
    made = item(**attributes)
    count = len(entries) if count is None else count
    made.add_new("LUTDescriptor", "US", [count % 65536, first % 65536, bits])
    made.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes())
    return made


def test_rescale_of_a_ct_is_in_hounsfield_units():
    frame = read_frame(monochrome(PIXELS, RescaleSlope="2", RescaleIntercept="-1024"))
    assert frame.modality == Rescale(2.0, -1024.0)
    assert frame.units == "HU"


@pytest.mark.parametrize(
    ("rescale_type", "units"), [("US", "HU"), ("HU_MOD", "HU_MOD"), ("OD", "OD")]
)
def test_rescale_type_names_the_units_unless_it_is_unspecified(rescale_type, units):
    dataset = monochrome(PIXELS, RescaleSlope="1", RescaleIntercept="0", RescaleType=rescale_type)
    assert read_frame(dataset).units == units


def test_a_localizer_is_not_in_hounsfield_units():
    dataset = monochrome(PIXELS, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    assert read_frame(dataset).units == ""


def test_a_slope_of_zero_is_ignored_with_a_note():
    frame = read_frame(monochrome(PIXELS, RescaleSlope="0", RescaleIntercept="-1024"))
    assert frame.modality == Rescale()
    assert any("cannot be applied" in note for note in frame.notes)


def test_a_modality_table_goes_before_the_slope():
    sequence = Sequence([lut_item([5, 6, 7], ModalityLUTType="OD", LUTExplanation="density")])
    frame = read_frame(monochrome(PIXELS, ModalityLUTSequence=sequence, RescaleSlope="2"))
    assert isinstance(frame.modality, Lut)
    assert frame.modality.entries.tolist() == [5, 6, 7]
    assert frame.modality.explanation == "density"
    assert frame.units == "OD"


@pytest.mark.parametrize(
    ("slope", "intercept", "has_note"), [(2, 0, True), (1, -1024, True), (1, 0, False)]
)
def test_a_modality_table_and_a_rescale_exclude_each_other(slope, intercept, has_note):
    sequence = Sequence([lut_item([5, 6, 7])])
    rescale = {"RescaleSlope": slope, "RescaleIntercept": intercept}
    frame = read_frame(monochrome(PIXELS, ModalityLUTSequence=sequence, **rescale))
    assert isinstance(frame.modality, Lut)
    assert any("exclude each other; used the sequence" in note for note in frame.notes) == has_note


def test_several_different_slopes_have_a_note():
    frame = read_frame(monochrome(PIXELS, RescaleSlope=[3, 2], RescaleIntercept=[5, 5]))
    assert frame.modality == Rescale(3, 5)
    assert frame.notes == (
        "Rescale Slope (0028,1053) has several different values; used the first.",
    )


def test_the_modality_table_of_an_xa_image_is_not_for_display():
    sequence = Sequence([lut_item([5, 6, 7], ModalityLUTType="US")])
    frame = read_frame(monochrome(PIXELS, SOPClassUID=XA, ModalityLUTSequence=sequence))
    assert frame.modality == Rescale()
    assert any("not for display" in note for note in frame.notes)


@pytest.mark.parametrize(
    "broken", [lut_item([], count=0), lut_item([1, 2], count=4096), item(LUTExplanation="x")]
)
def test_a_broken_table_is_ignored_with_a_note(broken):
    changes = {"ModalityLUTSequence": Sequence([broken]), "VOILUTSequence": Sequence([broken])}
    frame = read_frame(monochrome(PIXELS, **changes))
    assert frame.modality == Rescale()
    assert frame.voi_luts == ()
    assert any("ignored the table" in note for note in frame.notes)


def test_a_first_value_out_of_range_is_read_as_signed():
    sequence = Sequence([lut_item([0, 1], first=-100)])
    frame = read_frame(monochrome(PIXELS.astype(np.int16), VOILUTSequence=sequence))
    assert frame.voi_luts[0].first == -100


def test_a_first_value_in_range_is_kept():
    sequence = Sequence([lut_item([0, 1], first=40000)])
    assert read_frame(monochrome(PIXELS, VOILUTSequence=sequence)).voi_luts[0].first == 40000


def test_bits_of_a_table_grow_to_what_its_entries_need():
    sequence = Sequence([lut_item([0, 4095], bits=8)])
    frame = read_frame(monochrome(PIXELS, VOILUTSequence=sequence))
    assert frame.voi_luts[0].bits == 12
    assert any("says 8 bits" in note for note in frame.notes)


def test_windows_have_their_explanations():
    frame = read_frame(
        monochrome(
            PIXELS,
            WindowCenter=["40", "-600"],
            WindowWidth=["400", "1500"],
            WindowCenterWidthExplanation=["SOFT", "LUNG"],
            VOILUTFunction="SIGMOID",
        )
    )
    assert frame.voi_windows == (
        VoiWindow(40, 400, "SIGMOID", "SOFT"),
        VoiWindow(-600, 1500, "SIGMOID", "LUNG"),
    )


def test_a_center_without_width_is_ignored_with_a_note():
    frame = read_frame(monochrome(PIXELS, WindowCenter=["40", "1500"], WindowWidth=["400"]))
    assert frame.voi_windows == (VoiWindow(40, 400),)
    assert any("only pairs" in note for note in frame.notes)


def test_a_decimal_comma_is_a_point():
    content = as_bytes(monochrome(PIXELS, WindowCenter="1234.5", WindowWidth="5678.5"))
    content = content.replace(b"1234.5", b"1234,5").replace(b"5678.5", b"5678,5")
    frame = read_frame(content)
    assert frame.voi_windows == (VoiWindow(1234.5, 5678.5),)
    assert any("decimal comma" in note for note in frame.notes)


@pytest.mark.parametrize("nonsense", [b"\\\\\\\\", b"    ", b"abcd"])
def test_a_window_that_is_not_a_number_is_ignored(nonsense):
    content = as_bytes(monochrome(PIXELS, WindowCenter="1234", WindowWidth="5678"))
    frame = read_frame(content.replace(b"1234", nonsense).replace(b"5678", nonsense))
    assert frame.voi_windows == ()


def test_an_invalid_width_is_left_to_the_normalizer():
    frame = read_frame(monochrome(PIXELS, WindowCenter="0", WindowWidth="0"))
    assert frame.voi_windows == (VoiWindow(0, 0),)


@pytest.mark.parametrize(
    ("shape", "presentation", "is_inverted"),
    [("INVERSE", "INVERSE", True), ("IDENTITY", "IDENTITY", False), ("LIN OD", None, False)],
)
def test_presentation_lut_shape(shape, presentation, is_inverted):
    frame = read_frame(monochrome(PIXELS, PresentationLUTShape=shape))
    assert frame.presentation == presentation
    assert frame.is_inverted is is_inverted


def test_a_presentation_table_is_read():
    sequence = Sequence([lut_item([0, 10, 255], bits=8)])
    frame = read_frame(monochrome(PIXELS, PresentationLUTSequence=sequence))
    assert isinstance(frame.presentation, Lut)
    assert frame.presentation.bits == 8


def per_frame(*items):
    return {"PerFrameFunctionalGroupsSequence": Sequence(items)}


def test_every_frame_has_its_own_rescale_and_window():
    def group(slope, center):
        return item(
            PixelValueTransformationSequence=Sequence(
                [item(RescaleSlope=slope, RescaleIntercept="0", RescaleType="US")]
            ),
            FrameVOILUTSequence=Sequence([item(WindowCenter=center, WindowWidth="10")]),
        )

    frames = read_frames(monochrome(CUBE, **per_frame(group("2", "5"), group("3", "7"))))
    assert [frame.modality for frame in frames] == [Rescale(2.0, 0.0), Rescale(3.0, 0.0)]
    assert [frame.voi_windows[0].center for frame in frames] == [5, 7]
    assert [frame.frame_number for frame in frames] == [1, 2]


def test_shared_groups_apply_to_frames_without_their_own():
    shared = item(PixelMeasuresSequence=Sequence([item(PixelSpacing=["0.5", "0.25"])]))
    changes = {"SharedFunctionalGroupsSequence": Sequence([shared])}
    first, _ = read_frames(monochrome(CUBE, **changes))
    assert first.spacing == (0.5, 0.25, "Pixel Spacing")
    assert first.aspect == 2.0
    assert first.attributes["PixelSpacing"] == (0.5, 0.25)


def test_a_macro_without_its_sequence_is_found():
    frames = read_frames(
        monochrome(CUBE, **per_frame(item(WindowCenter="1", WindowWidth="2"), item()))
    )
    assert frames[0].voi_windows == (VoiWindow(1, 2),)
    assert frames[1].voi_windows == ()


def test_too_few_groups_are_noted():
    group = item(FrameVOILUTSequence=Sequence([item(WindowCenter="1", WindowWidth="2")]))
    frames = read_frames(monochrome(CUBE, **per_frame(group)))
    assert frames[1].voi_windows == ()
    (note,) = frames[1].notes
    assert note == (
        "Per-frame Functional Groups Sequence (5200,9230) has fewer items than frames; using the "
        "shared groups."
    )


@pytest.mark.parametrize("is_shared", [True, False], ids=["shared", "no-shared"])
@pytest.mark.parametrize("is_per_frame", [True, False], ids=["per-frame", "no-per-frame"])
def test_complete_functional_groups_have_no_note(is_shared, is_per_frame):
    window = {"FrameVOILUTSequence": Sequence([item(WindowCenter="1", WindowWidth="2")])}
    groups = per_frame(item(**window), item(**window)) if is_per_frame else {}
    if is_shared:
        groups["SharedFunctionalGroupsSequence"] = Sequence([item(**window)])
    assert [frame.notes for frame in read_frames(monochrome(CUBE, **groups))] == [(), ()]


def test_a_real_world_mapping_names_units_where_it_is_the_same_transform():
    code = item(CodeValue="mm2/s", CodingSchemeDesignator="UCUM", CodeMeaning="square mm")
    mapping = item(RealWorldValueSlope=1.0, RealWorldValueIntercept=0.0)
    mapping.MeasurementUnitsCodeSequence = Sequence([code])
    group = item(RealWorldValueMappingSequence=Sequence([mapping]))
    values = np.ones((1, 2, 2), np.float32)
    frame = read_frame(monochrome(values, **per_frame(group)))
    assert frame.units == "mm2/s"
    assert frame.stored_values.dtype == np.float32
    assert frame.bits_stored == 0


@pytest.mark.parametrize(
    ("attributes", "spacing"),
    [
        ({"PixelSpacing": ["1", "2"], "ImagerPixelSpacing": ["3", "4"]}, (1, 2, "Pixel Spacing")),
        ({"ImagerPixelSpacing": ["3", "4"]}, (3, 4, "Imager Pixel Spacing")),
        ({"NominalScannedPixelSpacing": ["5", "6"]}, (5, 6, "Nominal Scanned Pixel Spacing")),
        (
            {"PixelSpacing": ["0", "0"], "ImagerPixelSpacing": ["3", "4"]},
            (3, 4, "Imager Pixel Spacing"),
        ),
        ({"PixelSpacing": "1"}, None),
    ],
)
def test_spacing_is_the_first_valid_one(attributes, spacing):
    assert read_frame(monochrome(PIXELS, **attributes)).spacing == spacing


def test_an_aspect_ratio_replaces_a_missing_spacing():
    assert read_frame(monochrome(PIXELS, PixelAspectRatio=[4, 3])).aspect == pytest.approx(4 / 3)
