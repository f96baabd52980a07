"""Ctrl-C, SIGTERM and SIGHUP: current work is finished, and the next run resumes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from support.dicom_files import monochrome, save
from support.program import dcmconv, python

from dcmconv._entry import main
from dcmconv.cli import app
from dcmconv.cli.exit_codes import signals_as_exceptions, stop_on_signals

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals"),
]

COUNT = 400
PATIENCE = 60.0


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scans")
    first = save(
        monochrome(np.arange(1 << 18, dtype=np.uint32).astype(np.uint16).reshape(512, 512)),
        folder / "0000",
    )
    for number in range(1, COUNT):
        os.link(first, folder / f"{number:04d}")
    return folder


def start(scans, out):
    """Start a run, and wait until it has written some pictures."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dcmconv", "run", str(scans), "-o", str(out), "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    while len(list(out.glob("*.png"))) < 5:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
    return process


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [
        pytest.param(signal.SIGINT, 130, "Interrupted.", id="ctrl-c"),
        pytest.param(signal.SIGTERM, 143, "Terminated.", id="sigterm"),
        pytest.param(signal.SIGHUP, 129, "Terminated.", id="sighup"),
    ],
)
def test_signal_ends_the_run_and_the_next_resumes(scans, tmp_path, number, code, message):
    out = tmp_path / "out"
    with start(scans, out) as process:
        process.send_signal(number)
        printed, complained = process.communicate(timeout=PATIENCE)
    made = len(list(out.glob("*.png")))
    assert process.returncode == code
    assert "Finishing current work" in complained
    assert f"{message} Run the same command again to resume." in complained
    assert f"{made} inputs converted to {made} pictures" in printed
    assert made < COUNT
    assert "Traceback" not in complained
    assert list((out / ".dcmconv" / "parts").iterdir()) == []
    assert all(path.read_bytes().endswith(b"IEND\xaeB`\x82") for path in out.glob("*.png"))
    again = dcmconv("run", scans, "-o", out)
    assert again.returncode == 0
    assert f", {made} unchanged, " in again.stdout
    assert len(list(out.glob("*.png"))) == COUNT


def test_signal_to_the_process_group_loses_no_work(scans, tmp_path):
    # A scheduler sends the signal to the program and to its workers.
    out = tmp_path / "out"
    with start(scans, out) as process:
        os.killpg(process.pid, signal.SIGTERM)
        printed, complained = process.communicate(timeout=PATIENCE)
    assert process.returncode == 143
    assert "failed" not in printed
    assert "Finishing current work" in complained


def test_ignored_hangup_stays_ignored(tmp_path):
    folder = tmp_path / "scans"
    save(monochrome(np.arange(4, dtype=np.uint16).reshape(2, 2)), folder / "a")
    code = (
        "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "from dcmconv._entry import main;"
        "import dcmconv.cli.run_command as run; convert = run._convert;"
        "run._convert = lambda *known: (os.kill(os.getpid(), signal.SIGHUP), convert(*known))[1];"
        f"raise SystemExit(main(['run', {str(folder)!r}, '-o', {str(tmp_path / 'out')!r}]))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_second_signal_ends_the_run_now(scans, tmp_path):
    out = tmp_path / "out"
    with start(scans, out) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        _, complained = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in complained
    assert list((out / ".dcmconv" / "parts").iterdir()) == []
    assert dcmconv("run", scans, "-o", out).returncode == 0
    assert len(list(out.glob("*.png"))) == COUNT


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_early_signal_has_its_own_exit_code(name, code):
    early = (
        "import os, signal, sys\n"
        "import typer.core\n"
        f"typer.core.TyperGroup.invoke = lambda *_: os.kill(os.getpid(), signal.{name})\n"
        "from dcmconv._entry import main\n"
        "sys.exit(main(['plugins', 'list']))"
    )
    assert python("-c", early).returncode == code


def test_missing_current_folder_is_explained(tmp_path):
    gone = (
        "import os, sys\n"
        f"os.mkdir({str(tmp_path / 'gone')!r})\n"
        f"os.chdir({str(tmp_path / 'gone')!r})\n"
        f"os.rmdir({str(tmp_path / 'gone')!r})\n"
        "from dcmconv._entry import main\n"
        f"sys.exit(main(['run', '.', '-o', {str(tmp_path / 'out')!r}]))"
    )
    result = python("-c", gone)
    assert (result.returncode, "The current folder no longer exists." in result.stderr) == (2, True)


TWO_SIGNALS = """
import os, signal, sys, threading, time
from dcmconv._entry import main

seconds = float(sys.argv.pop())

def fire():
    # Before dcmconv has its own handler, a signal is Python's affair.
    while signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        time.sleep(0.0005)
    time.sleep(seconds)
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.002)

threading.Thread(target=fire, daemon=True).start()
sys.exit(main())
"""


@pytest.mark.parametrize("seconds", [0.002, 0.005, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4])
def test_two_signals_at_the_start_end_without_a_traceback(scans, tmp_path, seconds):
    result = python("-c", TWO_SIGNALS, "run", scans, "-o", tmp_path / "out", seconds)
    assert result.returncode == 130, result.stderr
    assert "Traceback" not in result.stderr
    assert "Interrupted." in result.stderr or "Aborted" in result.stderr


def test_only_the_first_signal_is_raised():
    with signals_as_exceptions() as received:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert len(received) == 1


def test_third_signal_does_not_interrupt_the_cleanup():
    asked = []
    with stop_on_signals(asked.append, asked.append) as signals:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert asked[0] == "interrupted"
    assert isinstance(signals.received, KeyboardInterrupt)


def test_signal_while_the_program_is_imported_is_a_sentence(monkeypatch, capsys):
    def interrupted(words):
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "run_program", interrupted)
    assert main(["run"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"
