"""Processor time and memory of a whole tree of processes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest
from benchmarks.cost import touch_memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="adopts orphans with Linux's prctl")

BUSY = "import time\nwhile time.process_time() < 0.3: pass"
ALONE = """
import sys
from pathlib import Path
from benchmarks.cost import adopt_orphans, measure, peak_memory
adopt_orphans()
"""


def in_a_process_of_its_own(code, tmp_path):
    """The referee waits for every child process, and would include those of pytest."""
    words = [sys.executable, "-c", ALONE + code, str(tmp_path / "log")]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    return float(done.stdout)


def test_a_process_whose_parent_has_gone_is_counted(tmp_path):
    # The shell ends at once and leaves a busy process behind, as a fork server is left.
    code = f"""
command = ["sh", "-c", '"$0" -c "$1" & exit 0', sys.executable, {BUSY!r}]
cost = measure(command, Path(sys.argv[1]))
print(cost.cpu)
"""
    assert in_a_process_of_its_own(code, tmp_path) >= 0.3


def test_memory_of_children_is_counted(tmp_path):
    hold = "import time; held = bytearray(b'1') * 80_000_000; time.sleep(0.5)"
    code = f"""
command = ["sh", "-c", '"$0" -c "$1"; exit 0', sys.executable, {hold!r}]
print(peak_memory(command, Path(sys.argv[1])))
"""
    assert in_a_process_of_its_own(code, tmp_path) >= 80_000_000


def test_a_failing_command_says_what_it_wrote(tmp_path):
    code = """
from benchmarks.cost import CommandError
try:
    measure(["sh", "-c", "echo the reason; exit 3"], Path(sys.argv[1]))
except CommandError as error:
    print(float("ended with 3: the reason" in str(error)))
"""
    assert in_a_process_of_its_own(code, tmp_path) == 1.0


def test_of_little_free_memory_only_a_quarter_is_touched(monkeypatch):
    monkeypatch.setattr(os, "sysconf", lambda name: 4096)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    touch_memory(1 << 50)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before <= 2048
