"""Memory does not grow with the number of files, nor with the number of frames in one."""

from __future__ import annotations

import sys

import pytest

from proof.good_files import make_good_files
from proof.memory import make_large_file, watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_a_multiframe_of_150_mb_converts_within_400_mb(tmp_path):
    path = make_large_file(tmp_path / "large.dcm")
    assert path.stat().st_size > 150_000_000
    seen = watch("run", path, "-o", tmp_path / "out", "-w", "jpg")
    assert len(list((tmp_path / "out").glob("*.jpg"))) == 300
    assert seen.peak < 400


def test_memory_stays_flat_over_many_files(tmp_path):
    make_good_files(tmp_path / "scans", 1500)
    seen = watch("run", tmp_path / "scans", "-o", tmp_path / "out", "--workers", "2")
    assert seen.growth() < 12
