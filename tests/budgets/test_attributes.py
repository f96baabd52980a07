"""What names, rules, titles and tag tables add to the calls of one picture."""

from __future__ import annotations

from functools import partial

import pytest
from support.work_counter import ct_series, python_calls_per_picture

WINDOW = "window:center=40,width=400"
SOME_MORE = {"Modality": "CT", "SliceThickness": 5, "SeriesNumber": 3, "PatientName": "王^小东"}
SOME_MORE |= {"SpecificCharacterSet": "GB18030", "PatientAge": "047Y", "KVP": 120}
TWO = ("Modality", "0018,0050")
TEN = (
    *("Modality", "0018,0050", "PatientID", "PatientName", "StudyDate", "SeriesNumber"),
    *("PixelSpacing", "ImagePositionPatient", "SOPInstanceUID", "Rows"),
)
# Another picture has another value in some of them, and some are absent.
THIRTY = (
    *TEN,
    *("InstanceNumber", "SliceLocation", "StudyInstanceUID", "SeriesInstanceUID", "ImageType"),
    *("Manufacturer", "StudyDescription", "SeriesDescription", "WindowCenter", "WindowWidth"),
    *("RescaleSlope", "RescaleIntercept", "BitsStored", "Columns", "KVP", "XRayTubeCurrent"),
    *("PatientAge", "PatientSex", "TransferSyntaxUID", "0020,0052"),
)


@pytest.fixture(scope="module")
def added(tmp_path_factory):
    """Return a function: how many calls a chain takes more than the plain one, and which."""
    folder = tmp_path_factory.mktemp("budget")
    series = ct_series(folder / "series", **SOME_MORE)
    count = partial(python_calls_per_picture, series, folder, normalize=WINDOW, writers=["png"])
    count()  # the caches of the process settle: tables, digests, layouts
    without = count()

    def added(*, tags: tuple[str, ...] = (), **chain):
        if tags:
            chain |= {"tags": tags, "tag_table": folder / "made" / "tags.csv"}
        work = count(**chain)
        return work.total - without.total, work.table()

    return added


@pytest.mark.parametrize(
    "name",
    [
        "{Modality}/{SeriesNumber:04d}/{SOPInstanceUID}",
        "{0008,0060}/{00200011}/{(0008,0018)}",
        "{PatientName}/{SeriesDescription}/{InstanceNumber}_{frame}",
    ],
)
def test_a_name_of_three_fields_adds_few_calls(added, name):
    calls, table = added(name=name)
    assert calls <= 130, table


def test_a_rule_adds_few_calls(added):
    rules = [{"when": {"Modality": "MR"}, "skip": True}]
    calls, table = added(chain={"version": 1, "rules": rules})
    assert calls <= 30, table


@pytest.mark.parametrize(
    ("tags", "most"),
    [
        pytest.param(TWO, 70, id="two-columns"),
        pytest.param(TEN, 230, id="ten-columns"),
        pytest.param(THIRTY, 520, id="thirty-columns"),
    ],
)
def test_a_tag_table_adds_few_calls(added, tags, most):
    calls, table = added(tags=tags)
    assert calls <= most, table
