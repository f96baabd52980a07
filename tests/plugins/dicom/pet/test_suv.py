"""Standardized uptake values, worked out by hand.

The PET of ``support.objects``: 74 kg; 370 MBq injected at 10:00; half-life one hour; scan at 11:00.
So 185 MBq are left, and an even body has 185e6 / 74000 = 2500 Bq/ml.  A stored 5000 is 10000 Bq/ml.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.covers import covers
from support.dicom_files import item, monochrome
from support.objects import pet
from support.reading import read_frame

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.pet.suv import body_surface_area, lean_body_mass

STORED = np.array([[0, 5000]], np.int16)


def suv_of(dataset, values="suvbw"):
    return read_frame(dataset, values=values).modality_values()[0, 1]


def tracer(**attributes):
    known = {
        "RadionuclideTotalDose": "370000000",
        "RadionuclideHalfLife": "3600",
        "RadiopharmaceuticalStartTime": "100000",
    }
    return [item(**{key: value for key, value in (known | attributes).items() if value})]


@covers("PS3.3 C.8.9.1 PET, SUV by body weight")
def test_the_dose_decays_to_the_scan_start():
    frame = read_frame(pet(STORED), values="suvbw")
    assert frame.modality_values().tolist() == [[0.0, pytest.approx(4.0)]]
    assert frame.units == "SUVbw"


def test_the_files_own_unit_is_the_default():
    frame = read_frame(pet(STORED))
    assert (frame.modality_values()[0, 1], frame.units) == (10000.0, "BQML")


@covers("PS3.3 C.8.9.1 PET, SUV by body weight")
def test_decay_correction_admin_uses_the_full_dose():
    assert suv_of(pet(STORED, DecayCorrection="ADMIN")) == pytest.approx(2.0)


@covers("PS3.3 C.8.9.1 PET, SUV by body weight")
def test_decay_correction_none_uses_the_frame_time():
    # The frame is from 12:00, two half-lives after the injection: 92.5 MBq are left.
    assert suv_of(pet(STORED, DecayCorrection="NONE")) == pytest.approx(8.0)


def test_a_derived_series_uses_the_time_of_its_frames():
    # A frame from 11:10, 10 minutes into the scan, and too short for decay to matter.
    dataset = pet(
        STORED,
        SeriesTime="200000",
        AcquisitionTime="111000",
        FrameReferenceTime="600000",
        ActualFrameDuration="1",
    )
    assert suv_of(dataset) == pytest.approx(4.0, rel=1e-6)


def test_a_long_frame_uses_its_average_rate():
    # Two half-lives of 3600 s: the mean of exp(-kt) over 7200 s is 0.75 / ln 4 = 0.5410, which the
    # curve itself takes at log2(1 / 0.5410) = 0.8863 half-lives, or 3190.6 s.
    dataset = pet(STORED, DecayCorrection="NONE", AcquisitionTime="100000")
    dataset.ActualFrameDuration = "7200000"
    assert suv_of(dataset) == pytest.approx(2.0 * 2 ** (3190.6 / 3600), rel=1e-4)


def test_ge_stores_the_scan_start_in_a_private_element():
    dataset = pet(STORED, SeriesTime="200000")
    block = dataset.private_block(0x0009, "GEMS_PETD_01", create=True)
    block.add_new(0x0D, "DT", "20260102110000.00")
    assert suv_of(dataset) == pytest.approx(4.0)


def test_enhanced_pet_states_its_decay_correction_time():
    dataset = pet(STORED, DecayCorrection=None, DecayCorrectionDateTime="20260102110000.000000")
    assert suv_of(dataset) == pytest.approx(4.0)


def test_enhanced_pet_states_attenuation_correction_in_its_own_attribute():
    dataset = pet(STORED, CorrectedImage=None, AttenuationCorrected="YES")
    assert suv_of(dataset) == pytest.approx(4.0)


def test_an_injection_before_midnight_was_yesterday():
    dataset = pet(STORED, SeriesTime="003000")
    dataset.RadiopharmaceuticalInformationSequence = tracer(RadiopharmaceuticalStartTime="233000")
    assert suv_of(dataset) == pytest.approx(4.0)


def test_an_injection_datetime_takes_precedence_over_a_time():
    dataset = pet(STORED)
    dataset.RadiopharmaceuticalInformationSequence = tracer(
        RadiopharmaceuticalStartDateTime="20260102090000", RadiopharmaceuticalStartTime="100000"
    )
    assert suv_of(dataset) == pytest.approx(8.0)


def test_an_implausible_injection_datetime_is_ignored():
    dataset = pet(STORED)
    dataset.RadiopharmaceuticalInformationSequence = tracer(
        RadiopharmaceuticalStartDateTime="20180102090000"
    )
    frame = read_frame(dataset, values="suvbw")
    assert frame.modality_values()[0, 1] == pytest.approx(4.0)
    assert "Radiopharmaceutical Start DateTime (0018,1078) is implausible" in " ".join(frame.notes)


@covers("PS3.3 C.8.9.1 PET, units GML and CNTS")
def test_gml_values_are_suv():
    assert suv_of(pet(STORED, Units="GML")) == 10000.0


def test_gml_without_suv_type_is_assumed_to_be_by_weight():
    dataset = pet(STORED, Units="GML", PatientWeight="70", PatientSize="1.75", PatientSex="M")
    frame = read_frame(dataset, values="suvlbm")
    assert frame.modality_values()[0, 1] == pytest.approx(10000 * 56.52 / 70)
    assert "SUV Type (0054,1006) is missing; assumed BW" in " ".join(frame.notes)


def test_suv_by_lean_mass_becomes_suv_by_weight():
    dataset = pet(STORED, Units="GML", SUVType="LBMJAMES128", PatientSize="1.75", PatientSex="M")
    dataset.PatientWeight = "70"
    assert suv_of(dataset) == pytest.approx(10000 * 70 / 56.52)


@covers("PS3.3 C.8.9.1 PET, units GML and CNTS")
def test_philips_counts_use_the_suv_factor():
    dataset = pet(STORED, Units="CNTS")
    block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x00, "DS", "0.0005")
    assert suv_of(dataset) == pytest.approx(5.0)


def test_philips_counts_fall_back_to_the_activity_factor():
    dataset = pet(STORED, Units="CNTS")
    block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x00, "DS", "0")
    block.add_new(0x09, "DS", "3")
    assert suv_of(dataset) == pytest.approx(12.0)


@pytest.mark.parametrize(
    ("values", "units", "body"),
    [
        # 1.1 x 70 - 128 x (70 / 175)^2
        pytest.param("suvlbm", "SUVlbm", 56.52e3, id="lean-mass-by-james"),
        # 9270 x 70 / (6680 + 216 x 22.857)
        pytest.param("suvlbm-janma", "SUVlbm", 55.857e3, id="lean-mass-by-janmahasatian"),
        # 0.007184 x 70^0.425 x 175^0.725 = 1.8481 square meters
        pytest.param("suvbsa", "SUVbsa", 1.8481e4, id="body-surface"),
    ],
)
@covers("PS3.3 C.8.9.1 PET, SUV by lean body mass and body surface")
def test_suv_by_lean_mass_or_surface(values, units, body):
    dataset = pet(STORED, PatientWeight="70", PatientSize="1.75", PatientSex="M")
    frame = read_frame(dataset, values=values)
    assert frame.modality_values()[0, 1] == pytest.approx(10000 * body / 185e6, rel=1e-4)
    assert frame.units == units


def test_lean_mass_of_women_has_its_own_formula():
    # 1.07 x 70 - 148 x 0.16;  9270 x 70 / (8780 + 244 x 22.857)
    assert lean_body_mass(70, 1.75, "F") == pytest.approx(51.22)
    assert lean_body_mass(70, 1.75, "F", "janma") == pytest.approx(45.197, abs=0.001)
    assert body_surface_area(70, 1.75) == pytest.approx(1.8481, abs=0.0001)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        pytest.param(
            {"PatientWeight": None}, r"Patient's Weight \(0010,1030\) is missing", id="weight"
        ),
        pytest.param(
            {"PatientWeight": "0"}, r"\(0010,1030\) is 0, expected a number above 0", id="no-weight"
        ),
        pytest.param(
            {"RadiopharmaceuticalInformationSequence": None},
            r"\(0054,0016\) is missing",
            id="tracer",
        ),
        pytest.param(
            {"RadiopharmaceuticalInformationSequence": tracer(RadionuclideTotalDose=None)},
            r"Radionuclide Total Dose \(0018,1074\) is missing",
            id="dose",
        ),
        pytest.param(
            {"RadiopharmaceuticalInformationSequence": tracer(RadionuclideHalfLife=None)},
            r"Radionuclide Half Life \(0018,1075\) is missing",
            id="half-life",
        ),
        pytest.param(
            {"RadiopharmaceuticalInformationSequence": tracer(RadiopharmaceuticalStartTime=None)},
            r"\(0018,1072\) is missing",
            id="injection",
        ),
        pytest.param(
            {"AcquisitionTime": None}, r"Acquisition Time \(0008,0032\)", id="acquisition"
        ),
        pytest.param({"SeriesTime": "200000"}, r"\(0054,1300\) is missing", id="reference-time"),
        pytest.param({"Units": "PROPCPS"}, r"Units \(0054,1001\) is PROPCPS", id="units"),
        pytest.param({"Units": "CNTS"}, r"SUV Factor \(7053,1000\)", id="counts-without-factor"),
        pytest.param(
            {"Units": "GML", "SUVType": "BMI"},
            r"SUV Type \(0054,1006\) is 'BMI', expected BW, BSA or a kind of LBM",
            id="suv-type",
        ),
        pytest.param(
            {"CorrectedImage": None, "AttenuationCorrected": "NO"},
            r"\(0028,0051\) does not include ATTN",
            id="enhanced-attenuation",
        ),
        pytest.param(
            {"CorrectedImage": ["DECY"]}, r"\(0028,0051\) does not include ATTN", id="attenuation"
        ),
        pytest.param(
            {"DecayCorrection": None, "CorrectedImage": "ATTN"},
            r"Decay Correction \(0054,1102\) is missing",
            id="decay",
        ),
    ],
)
@covers("PS3.3 C.8.9.1 PET, missing attributes that SUV needs")
def test_a_missing_attribute_is_named_with_a_hint(attributes, words):
    with pytest.raises(InputError, match=words) as caught:
        read_frame(pet(STORED, **attributes), values="suvbw")
    assert "leave out the values option" in caught.value.hint
    assert caught.value.reason == "suv"


def test_lean_mass_needs_a_size_and_a_sex():
    with pytest.raises(InputError, match=r"Patient's Size \(0010,1020\) is missing"):
        read_frame(pet(STORED), values="suvlbm")
    with pytest.raises(InputError, match=r"Patient's Sex \(0010,0040\) is neither M nor F"):
        read_frame(pet(STORED, PatientSize="1.75", PatientSex="O"), values="suvlbm")


def test_an_implausible_injection_is_an_error():
    dataset = pet(STORED)
    dataset.RadiopharmaceuticalInformationSequence = tracer(
        RadiopharmaceuticalStartTime=None, RadiopharmaceuticalStartDateTime="20260102120000"
    )
    with pytest.raises(InputError, match="is after the scan"):
        read_frame(dataset, values="suvbw")


def test_windows_are_converted_to_suv():
    # LINEAR 2501/5001 in Bq/ml is 0 to 5000, which is SUV 0 to 2.
    dataset = pet(STORED, WindowCenter=2500.5, WindowWidth=5001)
    window = read_frame(dataset, values="suvbw").voi_windows[0]
    assert (window.center, window.width) == (pytest.approx(1.0), pytest.approx(2.0))
    assert window.function == "LINEAR_EXACT"


def test_a_ct_keeps_hounsfield_units_with_a_note():
    frame = read_frame(monochrome(STORED, RescaleSlope=1, RescaleIntercept=-1024), values="suvbw")
    assert (frame.modality_values()[0, 1], frame.units) == (3976.0, "HU")
    assert "SUV is undefined" in " ".join(frame.notes)
