"""The lock of an output folder, on file systems with and without flock."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from support.dicom_files import monochrome, save
from support.program import dcmconv, python
from support.without_flock import FLOCK

from dcmconv.errors import OutputError
from dcmconv.run.output.lock import Lock
from dcmconv.run.output.lock_owner import Heartbeat, Owner, owner_of

pytestmark = pytest.mark.slow

TESTS = str(Path(__file__).parents[3])

needs_seccomp = pytest.mark.skipif(
    sys.platform != "linux" or FLOCK is None, reason="makes flock fail by a filter of Linux"
)

NO_FLOCK = [
    pytest.param(getattr(errno, name), id=name)
    for name in ("ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EACCES", "EIO")
]

HOLDER = """
import sys
from pathlib import Path
from dcmconv.run.output.lock import Lock
from support.without_flock import forbid_flock
if int(sys.argv[2]):
    forbid_flock(int(sys.argv[2]))
lock = Lock(Path(sys.argv[1]))
lock.acquire()
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def scans(tmp_path):
    image = monochrome(np.arange(16, dtype=np.uint16).reshape(4, 4))
    for name in ("a", "b"):
        save(image, tmp_path / "scans" / f"{name}.dcm")
    return tmp_path / "scans"


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "out" / ".dcmconv"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def without_flock(monkeypatch):
    def fail(descriptor, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", fail)


def run_without_flock(number, *words):
    return python("-m", "support.without_flock", number, "run", *words, PYTHONPATH=TESTS)


def hold_lock(state, number):
    """Start a process that holds the lock; with a number, its flock fails with that error."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state / "lock"), str(number)],
        env={**os.environ, "PYTHONPATH": TESTS},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout.readline() == "locked\n"
    return process


def owner(**changes):
    return Owner(**{**vars(owner_of(os.getpid())), **changes})


def is_locked(lock):
    with pytest.raises(OutputError) as caught:
        lock.acquire()
    assert caught.value.reason == "in-use"
    return caught.value


@needs_seccomp
@pytest.mark.parametrize("number", NO_FLOCK)
def test_a_run_succeeds_where_flock_fails(scans, tmp_path, number):
    result = run_without_flock(number, scans, "-o", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("does not support locks") == 1
    assert os.strerror(number) in result.stderr
    assert "2 inputs converted to 2 pictures" in result.stdout
    assert not (tmp_path / "out" / ".dcmconv" / "lock.owner").exists()
    assert dcmconv("run", scans, "-o", tmp_path / "out").stdout.count("2 inputs unchanged") == 1


@needs_seccomp
@pytest.mark.parametrize("holder", [errno.ENOLCK, 0], ids=["lock-file", "flock"])
def test_two_processes_never_share_a_folder(scans, tmp_path, state, holder):
    with hold_lock(state, holder) as process:
        runs = [dcmconv("run", scans, "-o", tmp_path / "out")]
        if holder:
            runs.append(run_without_flock(holder, scans, "-o", tmp_path / "out"))
        process.kill()
    for result in runs:
        assert result.returncode == 5
        assert f"is in use by another run (process {process.pid} on " in result.stderr
        assert "Wait until that run ends" in result.stderr
    # The holder was killed and could not remove its file.
    after = run_without_flock(holder or errno.EIO, scans, "-o", tmp_path / "out")
    assert after.returncode == 0, after.stderr
    assert [path.name for path in state.glob("lock*")] == ["lock"]


@needs_seccomp
def test_a_run_with_flock_removes_the_lock_file_of_an_ended_run(tmp_path, state):
    with hold_lock(state, errno.ENOLCK) as process:
        assert json.loads((state / "lock.owner").read_text())["process"] == process.pid
        process.kill()
    assert (state / "lock.owner").exists()
    lock = Lock(state / "lock")
    lock.acquire()  # flock works here, and the owner has ended
    lock.release()
    assert not (state / "lock.owner").exists()


@pytest.mark.usefixtures("without_flock")
def test_the_lock_file_goes_when_the_lock_is_released(state):
    first, second = Lock(state / "lock"), Lock(state / "lock")
    with pytest.warns(UserWarning, match="No locks available.*lock.owner"):
        first.acquire()
    named = str(is_locked(second))
    assert f"process {os.getpid()} on " in named
    assert "since 20" in named
    first.release()
    with pytest.warns(UserWarning, match="does not support locks"):
        second.acquire()
    second.release()
    assert [path.name for path in state.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"process": 2**22 + 1}, id="process-is-gone"),
        pytest.param({"started": "1"}, id="process-id-was-reused"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="start times of processes are in /proc")
def test_the_lock_file_of_an_ended_process_is_removed(state, changes):
    (state / "lock.owner").write_text(owner(**changes).text)
    lock = Lock(state / "lock")
    lock.acquire()
    lock.release()
    assert [path.name for path in state.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    ("changes", "has_ended"),
    [
        pytest.param({}, False, id="alive"),
        pytest.param({"boot": "earlier"}, True, id="machine-was-rebooted"),
        pytest.param({"boot": "earlier", "machine": ""}, False, id="machine-is-not-known"),
        pytest.param({"boot": "earlier", "host": "node7"}, False, id="another-machine"),
        pytest.param({"namespace": "other", "process": 2**22 + 1}, False, id="another-container"),
    ],
)
def test_an_owner_has_ended_only_if_that_is_certain(changes, has_ended):
    here = owner(machine="m", boot="now", namespace="n")
    seen = Owner(**{**vars(here), **changes})
    assert seen.has_ended(here) is has_ended


def test_an_owner_on_another_machine_is_believed_while_it_shows_life(state):
    (state / "lock.owner").write_text(owner(host="node7", process=2**22 + 1).text)
    error = is_locked(Lock(state / "lock"))
    assert "process 4194305 on node7, since " in error.message
    assert error.hint == "Wait until that run ends, or choose another --out."


def test_a_silent_owner_on_another_machine_is_named_with_its_file(state):
    path = state / "lock.owner"
    path.write_text(owner(host="node7").text)
    os.utime(path, (time.time() - 7200,) * 2)
    error = is_locked(Lock(state / "lock"))
    assert "on node7, since " in error.message
    assert "no sign of life for 120 minutes" in error.message
    assert error.hint == f"If that run has ended, delete {path}, then run again."
    path.unlink()
    lock = Lock(state / "lock")
    lock.acquire()
    lock.release()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"process": "1", "host": 2, "since": 3}'])
def test_an_unreadable_lock_file_is_not_ignored(state, text):
    (state / "lock.owner").write_text(text)
    error = is_locked(Lock(state / "lock"))
    assert "its lock file is unreadable" in error.message
    assert f"delete {state / 'lock.owner'}" in error.hint


def test_the_heartbeat_touches_the_file_and_removes_only_its_own(state):
    path = state / "lock.owner"
    path.write_text("mine")
    os.utime(path, (0, 0))
    beat = Heartbeat(path, "mine", seconds=0.01)
    beat.start()
    deadline = time.monotonic() + 30
    while path.stat().st_mtime == 0:
        assert time.monotonic() < deadline
    path.write_text("another run's")
    beat.stop()
    assert path.read_text() == "another run's"


def test_a_lock_file_that_was_replaced_meanwhile_stays(state, monkeypatch):
    stale, current = owner(process=2**22 + 1).text, owner(host="node7").text
    path = state / "lock.owner"
    path.write_text(current)
    Lock(state / "lock")._remove_stale(stale)
    assert path.read_text() == current
    assert [each.name for each in state.iterdir()] == ["lock.owner"]


@pytest.mark.usefixtures("without_flock")
def test_a_link_as_lock_file_is_not_followed(state, tmp_path):
    (tmp_path / "elsewhere").write_text("unrelated")
    (state / "lock.owner").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="is a link"):
        Lock(state / "lock").acquire()
    assert (tmp_path / "elsewhere").read_text() == "unrelated"
