"""The recipe "add a normalizer" of the contributors' map works, with the files that it names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from pydicom.data import get_testdata_file
from support.environments import ROOT

NORMALIZER = '''
"""Half of the range: brighter pictures."""

from __future__ import annotations

from dataclasses import dataclass

from dcmconv.plugin import Curve, Frame, Linear, Normalizer


@dataclass(frozen=True, kw_only=True)
class Halves(Normalizer):
    """Half of the range that the values of the frame span."""

    def curve(self, frame: Frame) -> Curve:
        low, high = frame.statistics.minimum, frame.statistics.maximum
        return Linear(black=low, white=(low + high) / 2)
'''


@pytest.fixture
def checkout(tmp_path):
    """Return a copy of the two packages that can be changed."""
    for folder in ("core", "plugins"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def run(checkout, *words):
    """Run dcmconv from a copy, and return what it printed."""
    paths = os.pathsep.join(str(checkout / folder) for folder in ("core", "plugins"))
    done = subprocess.run(
        [sys.executable, "-m", "dcmconv", *words],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_the_two_files_of_the_recipe_add_a_normalizer(checkout):
    builtins = checkout / "plugins" / "dcmconv_builtins"
    (builtins / "normalizers" / "halves.py").write_text(NORMALIZER, "utf-8")
    hooks = builtins / "hooks.py"
    entry = '"halves": "dcmconv_builtins.normalizers.halves:Halves",'
    changed, count = re.subn(
        r"(def dcmconv_normalizers\(\).*?return \{\n)", rf"\1        {entry}\n",
        hooks.read_text("utf-8"), count=1, flags=re.DOTALL,
    )  # fmt: skip
    assert count == 1
    hooks.write_text(changed, "utf-8")

    assert "halves" in run(checkout, "plugins", "list")
    out = checkout / "out"
    run(checkout, "run", get_testdata_file("CT_small.dcm"), "-n", "halves", "-o", str(out))
    assert (out / "CT_small.png").exists()
