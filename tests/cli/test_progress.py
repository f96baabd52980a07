"""The figures and the bar of a run: true at every moment, and readable on a narrow terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import numpy as np
import pytest
from support.dicom_files import monochrome, save

from dcmconv.cli.progress import bar_of, figures_of, fitted, worker_lines
from dcmconv.run.progress import Pace, Progress


def test_without_a_total_the_figures_say_so_and_there_is_no_bar():
    progress = Progress(found=1066, finished=1000, pictures=1000, seconds=75, recent_rate=20.0)
    assert figures_of(progress) == [
        "1,000 inputs done, 1,066 found so far",
        "1,000 pictures",
        "20.0 inputs/s",
        "1:15 so far",
    ]
    assert bar_of(progress, 40) == ("", "")


def test_unchanged_inputs_are_not_called_converted():
    progress = Progress(found=20, total=20, finished=20, unchanged=20, recent_rate=40.0)
    assert figures_of(progress) == ["20 of 20 inputs", "20 unchanged", "40.0 inputs/s", "0:00 left"]


@pytest.mark.parametrize(
    ("finished", "total", "shown"),
    [
        pytest.param(5, 100, "──────────", id="five-percent-is-almost-empty"),
        pytest.param(50, 100, "━━━━━─────", id="half"),
        pytest.param(9_999, 10_000, "━━━━━━━━━─", id="full-only-at-the-end"),
        pytest.param(10_000, 10_000, "━━━━━━━━━━", id="the-end"),
    ],
)
def test_bar_shows_the_share_of_all_inputs(finished, total, shown):
    assert "".join(bar_of(Progress(found=total, finished=finished, total=total), 10)) == shown


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (
            100,
            "1,234 of 56,789 inputs, 20 unchanged, 3 failed, 1,300 pictures, 45.0 inputs/s, 20:35 left",
        ),
        (79, "1,234 of 56,789 inputs, 20 unchanged, 3 failed, 45.0 inputs/s, 20:35 left"),
        (39, "1,234 of 56,789, 3 failed, 20:35 left"),
        (12, "1,234 of 56,"),
    ],
)
def test_narrow_terminal_keeps_failures_and_the_time_left(width, shown):
    progress = Progress(
        found=56_789,
        total=56_789,
        finished=1_234,
        unchanged=20,
        failures=3,
        pictures=1_300,
        recent_rate=45.0,
    )
    assert fitted(figures_of(progress), width) == shown


def test_workers_that_take_longest_are_shown_first():
    lines = worker_lines([(f"{number}.dcm", float(number)) for number in range(10)])
    assert lines[0] == "     9.0 s  9.dcm"
    assert lines[-1] == "  and 2 more workers"
    assert len(lines) == 9


def test_pace_is_that_of_the_last_half_minute(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    pace = Pace()
    assert pace.rate(0) == 0.0
    now[0] = 10.0
    # A resumed run: ten thousand unchanged inputs come first.
    assert pace.rate(10_000) == 1000.0
    for second in range(11, 101):
        now[0] = float(second)
        pace.rate(10_000 + 2 * (second - 10))
    assert pace.rate(10_180) == pytest.approx(2.0)


def on_a_terminal(words, columns, folder):
    """Run the program with stderr on a terminal of a width; return what it draws there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    environment |= {"TERM": "xterm", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "dcmconv", *words],
        cwd=folder,
        env=environment,
        stderr=theirs,
        stdout=subprocess.DEVNULL,
    )
    os.close(theirs)
    drawn = b""
    while True:
        try:
            content = os.read(ours, 65536)
        except OSError:  # Linux ends a terminal so
            break
        if not content:
            break
        drawn += content
    os.close(ours)
    assert process.wait(60) == 0
    return drawn.decode()


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 40])
def test_total_and_workers_are_shown_on_a_terminal(tmp_path, columns):
    values = np.arange(512 * 512, dtype=np.uint16).reshape(512, 512)
    for number in range(150):
        save(monochrome(values), tmp_path / "scans" / f"{number:03}.dcm")
    words = ["run", "scans", "-w", "jpg", "--resize.max", "2048", "-s", "resize", "-v"]
    drawn = on_a_terminal(words, columns, tmp_path)
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in re.split("[\r\n]", drawn)]
    assert any("found so far" in line or " done" in line for line in lines)
    totals = [line for line in lines if " of 150" in line]
    assert totals, drawn[-2000:]
    assert all(len(line) < columns for line in totals)
    assert any(re.match(r" +\d+\.\d s  \d{3}\.dcm$", line) for line in lines)
