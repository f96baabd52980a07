"""A standard output that is closed or full."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from pydicom.data import get_testdata_file

FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
PROGRAM = f"{sys.executable} -m dcmconv"
CT = get_testdata_file("CT_small.dcm")


def shell(line, folder):
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("words", ["--version", "--help", f"info {CT}", f"run {CT} -o out"])
def test_closed_stdout_is_reported_before_any_work(words, tmp_path):
    done = shell(f"{PROGRAM} {words} >&-", tmp_path)
    assert done.returncode == 5
    assert done.stderr.startswith("Error: Standard output is closed.")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@FULL
@pytest.mark.parametrize(
    "words", ["--version", "--help", "run --help", f"info {CT}", f"run -q {CT} -o out --json"]
)
def test_full_stdout_is_reported(words, tmp_path):
    done = shell(f"{PROGRAM} {words} >/dev/full", tmp_path)
    assert done.returncode == 5
    assert done.stderr == (
        "Error: Cannot write to standard output: No space left on device.\n"
        "  Free some space, or redirect the output: > FILE\n"
    )


@FULL
@pytest.mark.parametrize("where", ["2>/dev/full", "2>&-"])
def test_run_succeeds_without_stderr(where, tmp_path):
    done = shell(f"{PROGRAM} run {CT} -o out {where}", tmp_path)
    assert done.returncode == 0
    assert "1 input converted to 1 picture" in done.stdout
