"""RT Dose uses Dose Grid Scaling instead of Rescale Slope (PS3.3 C.8.8.3)."""

from __future__ import annotations

import numpy as np
import pytest
from support.dicom_files import monochrome
from support.reading import read_frame

from dcmconv.plugin import Rescale

RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
GRID = np.array([[0, 4000, 60000]], np.uint32)


def dose(**attributes):
    return monochrome(GRID, SOPClassUID=RT_DOSE, Modality="RTDOSE", **attributes)


def test_dose_is_grid_times_scaling():
    frame = read_frame(dose(DoseGridScaling="0.001", DoseUnits="GY"))
    assert frame.modality_values().tolist() == [[0.0, 4.0, 60.0]]
    assert frame.units == "Gy"


def test_a_relative_dose_has_no_unit():
    assert read_frame(dose(DoseGridScaling="0.001", DoseUnits="RELATIVE")).units == ""


def test_rt_dose_ignores_rescale_slope():
    frame = read_frame(dose(DoseGridScaling="0.5", RescaleSlope=9, RescaleIntercept=9))
    assert frame.modality == Rescale(0.5, 0.0)


@pytest.mark.parametrize(
    ("attributes", "found"), [({}, "missing"), ({"DoseGridScaling": "0"}, "0")]
)
def test_an_unusable_dose_grid_scaling_is_ignored_with_a_note(attributes, found):
    frame = read_frame(dose(DoseUnits="GY", **attributes))
    assert (frame.modality, frame.units) == (Rescale(), "")
    assert f"Dose Grid Scaling (3004,000E) is {found}; values are not in Gy" in " ".join(
        frame.notes
    )


def test_only_rt_dose_uses_dose_grid_scaling():
    frame = read_frame(monochrome(GRID, DoseGridScaling="0.5"))
    assert frame.modality == Rescale()
