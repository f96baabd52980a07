"""The modules of the referee can be imported, and the peers' scripts run."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import benchmarks
import pytest
from pydicom.data import get_testdata_file

FOLDER = Path(benchmarks.__file__).parent
SCRIPTS = {"article_script", "dicom2jpg_batch"}
"""Scripts that are run, with the packages that they need; the others are imported."""
MODULES = sorted({path.stem for path in FOLDER.glob("*.py")} - SCRIPTS)


@pytest.mark.parametrize("name", MODULES)
def test_the_module_can_be_imported(name):
    assert importlib.import_module(f"benchmarks.{name}").__doc__


@pytest.mark.slow
def test_the_script_of_the_article_writes_a_picture(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    shutil.copy(get_testdata_file("CT_small.dcm"), source / "ct.dcm")
    script = str(FOLDER / "article_script.py")
    command = [sys.executable, script, str(source), str(out), "jpg", "1", "40", "400"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in out.iterdir()] == ["ct.jpg"]
