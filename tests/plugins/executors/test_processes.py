"""The supervised pool: a fault costs only the task that caused it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dcmconv.model.outcome import Skipped
from dcmconv.plugin import Done, Job, Lost, PluginError, Task, UnsupportedError
from dcmconv.run.journal.writer import Journal
from dcmconv.run.output.lock import Lock
from dcmconv_builtins.executors import supervisor
from dcmconv_builtins.executors.processes import Processes, memory_per_worker

pytestmark = pytest.mark.slow

TARGET = "support.faults:start"
PATIENCE = 60.0


@pytest.fixture(params=["forkserver", "fork"])
def start(request):
    """How workers start; a fork from a process with threads is not safe, but works here."""
    if request.param == "fork" and sys.platform != "linux":
        pytest.skip("forks are Linux's alone")
    return request.param


@pytest.fixture
def pools(start):
    opened = []

    def open_pool(setup=None, *, workers=2):
        job = Job(TARGET, setup, ("support.faults",))
        opened.append(Processes(start=start).open(job, workers=workers))
        return opened[-1]

    yield open_pool
    for pool in opened:
        pool.close(now=True)


def answers(pool, payloads, *, seconds=None):
    """Return the answers to payloads, in their order."""
    for number, payload in enumerate(payloads):
        pool.submit(Task(number, payload, seconds))
    found, deadline = [], time.monotonic() + PATIENCE
    while len(found) < len(payloads):
        found += pool.wait(1.0)
        assert time.monotonic() < deadline, f"{len(found)} of {len(payloads)} tasks were answered"
    return sorted(found, key=lambda answer: answer.number)


@pytest.mark.parametrize(
    ("action", "reason", "words"),
    [
        pytest.param("exit", "crash", "exited with code 7", id="os._exit"),
        pytest.param("kill", "crash", r"killed by signal 9 \(SIGKILL\)", id="kill-9"),
        pytest.param("segfault", "crash", r"killed by signal 11 \(SIGSEGV\)", id="segfault"),
        pytest.param("abort", "crash", r"killed by signal 6 \(SIGABRT\)", id="terminate"),
        pytest.param("sys.exit", "error", "SystemExit: 5", id="sys.exit"),
        pytest.param("interrupt", "error", "KeyboardInterrupt", id="interrupt-in-a-task"),
        pytest.param("swallow", "memory", "more memory", id="a-terabyte"),
        pytest.param("lambda", "error", "pickle", id="an-answer-that-cannot-be-sent"),
        pytest.param("unreadable", "error", "cannot be read", id="an-answer-that-cannot-be-read"),
    ],
)
def test_a_bad_task_is_the_only_one_lost(pools, action, reason, words):
    payloads = [action if number == 11 else number for number in range(40)]
    found = answers(pools(), payloads)
    lost = [answer for answer in found if isinstance(answer, Lost)]
    assert [(answer.number, answer.reason) for answer in lost] == [(11, reason)]
    assert re.search(words, lost[0].message)
    assert [a.answer for a in found if isinstance(a, Done)] == [p for p in payloads if p != action]


def test_a_hanging_task_is_killed_at_its_time_limit(pools):
    pool = pools()
    began = time.monotonic()
    found = answers(pool, [1, "hang", 2, 3], seconds=1.5)
    assert [a.number for a in found if isinstance(a, Lost) and a.reason == "timeout"] == [1]
    assert [a.answer for a in found if isinstance(a, Done)] == [1, 2, 3]
    assert time.monotonic() - began < PATIENCE / 2


def test_states_name_the_task_of_each_busy_worker(pools):
    pool = pools(workers=1)
    assert pool.states() == []
    pool.submit(Task(0, ("nap", 1.5)))
    deadline = time.monotonic() + PATIENCE
    while not pool.states():
        pool.wait(0.1)
        assert time.monotonic() < deadline
    pool.wait(0.3)
    (state,) = pool.states()
    assert state.task_number == 0
    assert 0.2 < state.seconds < 1.5


def test_waiting_does_not_count_as_task_time(pools):
    pool = pools(workers=1)
    found = answers(pool, [("nap", 0.4)] * 4, seconds=1.2)
    assert all(isinstance(answer, Done) for answer in found)


def test_a_killed_worker_loses_only_its_current_task(pools):
    pool = pools()
    tasks = 120
    for number in range(tasks):
        pool.submit(Task(number, ("nap", 0.01), 30))
    found, killed = [], 0
    deadline = time.monotonic() + PATIENCE
    while len(found) < tasks:
        found += pool.wait(0.2)
        if killed < 6 and len(found) > 15 * (killed + 1):
            pool._running[killed % len(pool._running)].process.kill()
            killed += 1
        assert time.monotonic() < deadline
    assert sorted(answer.number for answer in found) == list(range(tasks))
    lost = [answer for answer in found if isinstance(answer, Lost)]
    assert killed == 6
    assert len(lost) <= killed
    assert {answer.reason for answer in lost} <= {"crash"}


def test_a_worker_s_startup_error_is_raised(pools):
    pool = pools("refuse")
    pool.submit(Task(0, 1))
    with pytest.raises(UnsupportedError, match="JPEG XL") as caught:
        pool.wait(PATIENCE)
    assert caught.value.hint == "Install a decoder."


def test_a_bug_at_worker_startup_is_described(pools):
    pool = pools("stumble")
    pool.submit(Task(0, 1))
    with pytest.raises(PluginError, match="cannot start: ZeroDivisionError: a bug"):
        pool.wait(PATIENCE)


def test_workers_that_die_at_startup_end_the_job(pools):
    pool = pools("die")
    pool.submit(Task(0, 1))
    with pytest.raises(PluginError, match="died while they were starting: exited with code 3"):
        pool.wait(PATIENCE)


def test_no_worker_starts_without_work(pools):
    pool = pools(workers=8)
    assert [answer.answer for answer in answers(pool, [1, 2])] == [1, 2]
    assert len(pool._running) <= 2


def test_output_of_native_code_is_discarded(pools, capfd):
    assert answers(pools(), ["talk"]) == [Done(0, "done")]
    assert capfd.readouterr() == ("", "")


def test_spawned_workers_do_the_same():
    pool = Processes(start="spawn").open(Job(TARGET, None), workers=1)
    found = answers(pool, [1, "exit", 2])
    pool.close(now=True)
    assert [type(answer) for answer in found] == [Done, Lost, Done]


def test_closing_leaves_no_process(pools):
    pool = pools()
    pids = {answer.answer for answer in answers(pool, ["pid"] * 4)}
    pool.close()
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_plugin_s_thread_does_not_delay_the_end(pools, monkeypatch):
    monkeypatch.setattr(supervisor, "SECONDS_TO_END", 0.5)
    pool = pools()
    assert [each.answer for each in answers(pool, ["loiter"] * 4)] == ["left"] * 4
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < 60 / 2


def test_open_files_of_a_plugin_stay_readable(pools):
    found = answers(pools(), ["read what is held"] * 4)
    assert [each.answer for each in found] == [b'"""'] * 4


@pytest.mark.skipif(sys.platform != "linux", reason="lists /proc")
def test_no_worker_holds_the_lock_of_its_run(pools, tmp_path):
    lock, journal = Lock(tmp_path / "lock"), Journal(tmp_path / "journal.jsonl")
    lock.acquire()
    journal.open()
    (found,) = answers(pools(), ["open files"])
    assert os.fspath(tmp_path / "lock") not in found.answer
    journal.write(Skipped(input="a", locator="/a", reason="not-dicom", message="It is."), "chain")
    journal.close()
    lock.release()
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 1


def test_large_tasks_and_answers_do_not_deadlock(pools):
    payloads = [("measure", b"x" * 300_000), ("fill", 300_000)] * 40
    found = answers(pools(), payloads)
    assert [each.answer for each in found] == [300_000, b"x" * 300_000] * 40


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_forked_child_that_answers_too_confuses_nothing(pools, monkeypatch):
    monkeypatch.setattr(supervisor, "SECONDS_TO_END", 0.5)
    payloads = [("come back twice",) if number == 7 else number for number in range(40)]
    found = answers(pools(), payloads)
    wanted = ["here" if number == 7 else number for number in range(40)]
    for answer, known in zip(found, wanted, strict=True):
        assert isinstance(answer, Lost) or answer.answer == known
    assert sum(isinstance(answer, Lost) for answer in found) <= 2


SCRIPT = """
from dcmconv.plugin import Job, Task
from dcmconv_builtins.executors.processes import Processes
open({count!r}, "a").write("x")
pool = Processes().open(Job("support.faults:start", None), workers=2)
for number in range(2):
    pool.submit(Task(number, ("hang", {marker!r} + str(number))))
pool.wait({seconds})
pool.close(now=True)
"""


def _script(folder: Path, seconds: float) -> subprocess.Popen[bytes]:
    script = folder / "unguarded.py"
    names = {"count": str(folder / "count"), "marker": str(folder / "pid")}
    script.write_text(SCRIPT.format(seconds=seconds, **names))
    tests = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": tests}
    return subprocess.Popen([sys.executable, script], env=environment)


def _wait_for(condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_a_script_without_a_main_guard_runs_once(tmp_path):
    process = _script(tmp_path, seconds=3)
    assert process.wait(PATIENCE) == 0
    assert (tmp_path / "count").read_text() == "x"


def test_a_program_can_end_during_a_run(tmp_path):
    script = tmp_path / "unfinished.py"
    names = {"count": str(tmp_path / "count"), "marker": str(tmp_path / "pid"), "seconds": 1}
    script.write_text(SCRIPT.format(**names).replace("pool.close(now=True)", ""))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, script], env=environment, timeout=PATIENCE, check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal of the parent is Linux's")
def test_busy_workers_die_with_their_parent(tmp_path):
    process = _script(tmp_path, seconds=PATIENCE)
    markers = [tmp_path / "pid0", tmp_path / "pid1"]
    _wait_for(lambda: all(marker.exists() and marker.read_text() for marker in markers))
    pids = [int(marker.read_text()) for marker in markers]
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    _wait_for(lambda: all(map(_is_gone, pids)))


def test_a_worker_never_gets_less_than_two_gibibytes():
    assert memory_per_worker(10_000) == 2 << 30
