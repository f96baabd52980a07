"""How many calls one CT takes from its reference to its journal line; the page shows where."""

from __future__ import annotations

import re
import sys

import pytest
from support.environments import ROOT
from support.work_counter import Call, Work, ct_series, python_calls_per_picture

PAGE = ROOT / "docs" / "explanation" / "budgets.md"
ROOM = 8
MOST = 500
WINDOW = "window:center=40,width=400"

STAGES = {
    "find the input, hand it out": (
        r"sources/|executors/|run/(walk|worklist|dispatcher|engine|executors)|run/journal/resume"
    ),
    "read the header": r"readers/|dicom/file/|model/inputs|render/open_input.py Converter",
    "describe the pixels, make the frame": r"dicom/|model/frame",
    "map to display values": r"render/|normalizers/|steps/|model/(picture|curve|statistics)",
    "encode": r"writers/",
    "name and write the part": r"run/(worker|messages)|run/output/naming|model/components",
    "publish, journal, count": r"run/(output|journal|progress|statistics_pass)|chain/|model/outcome|plugins/|api/",
}
"""Each stage with what its modules are called; the first match counts."""


def stage_of(call: Call) -> str:
    return next(
        (stage for stage, pattern in STAGES.items() if re.match(pattern, call.caller)), "other"
    )


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Work:
    folder = tmp_path_factory.mktemp("budget")
    series = ct_series(folder / "series")
    return python_calls_per_picture(series, folder, normalize=WINDOW, writers=["png"])


def test_a_ct_takes_at_most_its_budget_of_calls(work):
    assert work.total <= MOST, work.table()


# Later versions of Python make fewer calls: comprehensions are no functions there.
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the page was made with Python 3.11")
def test_the_page_shows_where_the_calls_go(work):
    stages = work.by(stage_of)
    counted = {stage: round(stages[stage]) for stage in STAGES} | {"**all**": round(work.total)}
    rows = dict(re.findall(r"^\| ([^|]+) \| \**([\d,]+)\** \|$", PAGE.read_text("utf-8"), re.M))
    shown = {stage: int(rows.get(stage, "0").replace(",", "")) for stage in counted}
    table = "\n".join(f"| {stage} | {number} |" for stage, number in counted.items())
    assert "other" not in stages, work.table()
    # Captured output and earlier tests of the process make a few calls more or less.
    assert counted == pytest.approx(shown, abs=ROOM), f"replace the table in {PAGE} by\n{table}"
