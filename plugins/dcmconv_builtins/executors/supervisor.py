"""The supervisor: one pipe for each worker, and the parent owns the queue and the clock.

Workers share no lock and no queue, so a worker that dies cannot leave one locked.  The first task
that it has not answered is the one it was working on; the tasks after it go to another worker.

Waking a process costs more than sending a small task.  So a fast worker gets some milliseconds of
work in advance, and while all workers have enough, their answers are left to pile up.
"""

from __future__ import annotations

import pickle
import signal
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import Any

from dcmconv.plugin import Done, Lost, PluginError, Task, WorkerPool, WorkerState
from dcmconv_builtins.executors.launch import Launcher
from dcmconv_builtins.executors.mailbox import Mailbox
from dcmconv_builtins.executors.worker_process import Broken, Ready

__all__ = ["Supervisor"]

SECONDS_TO_START = 120.0
SECONDS_TO_END = 5.0
SECONDS_AHEAD = 0.05
"""How much work a worker gets in advance: what it does in this time, at its recent pace."""
SECONDS_OF_REST = 0.01
"""How long answers pile up while all workers are busy: waking up for each costs more than it."""
MOST_BYTES_AHEAD = 1 << 15
"""Of unanswered tasks: less than a pipe holds.  With more, we could block on a worker that is
itself blocked until we read its answer."""
MOST_FAILED_STARTS = 3
SLOW = 1.0


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    mailbox: Mailbox
    lifeline: Connection
    deadline: float
    tasks: deque[Task] = field(default_factory=deque)
    is_ready: bool = False
    pace: float = SLOW
    """Seconds per task, recently; ``SLOW`` until the first answer."""
    since: float = 0.0
    bytes_ahead: int = 0
    """Approximate size of the messages whose tasks are not answered."""

    def begin(self) -> None:
        """Start the clock for the first task."""
        self.since = time.monotonic()
        seconds = self.tasks[0].seconds if self.tasks else None
        self.deadline = float("inf") if seconds is None else self.since + seconds

    def send(self, tasks: Sequence[Task], message: bytes) -> bool:
        """Send tasks; return whether the worker is still alive to take them."""
        if not self.mailbox.send(message):
            return False
        was_idle = not self.tasks
        self.tasks.extend(tasks)
        self.bytes_ahead += len(message)
        # The time of a task does not include the start of its worker, which has its own deadline.
        if self.is_ready and was_idle:
            self.begin()
        return True

    def done(self) -> None:
        """Remove the first task, which is answered, and start the clock for the next."""
        # The average, because only messages are measured; after the last task it is 0 again.
        self.bytes_ahead -= self.bytes_ahead // len(self.tasks)
        self.tasks.popleft()
        self.begin()

    def answered(self, count: int) -> None:
        """Note the pace at which the last answers came."""
        # A moving average, because inputs take very different times.
        latest = (time.monotonic() - self.since) / count
        self.pace = latest if self.pace == SLOW else (3 * self.pace + latest) / 4

    @property
    def seconds_of_work(self) -> float:
        """How long its tasks will last, at its recent pace."""
        return len(self.tasks) * self.pace

    def kill(self) -> None:
        # Not terminate(): workers ignore SIGTERM.
        self.process.kill()
        self.process.join(SECONDS_TO_END)
        self.mailbox.close()
        self.lifeline.close()


@dataclass
class Supervisor(WorkerPool):
    """A pool of worker processes that start when there is work, and are replaced when they die."""

    launcher: Launcher
    workers: int
    depth: int
    _running: list[_Worker] = field(default_factory=list)
    _pending: deque[Task] = field(default_factory=deque)
    _answers: list[Done | Lost] = field(default_factory=list)
    _failed_starts: int = 0

    def __post_init__(self) -> None:
        self.capacity = self.workers * self.depth
        # If the program ends during a run, before multiprocessing waits for its children.
        self._at_exit = Finalize(self, _kill_all, args=(self._running,), exitpriority=10)

    def submit(self, task: Task) -> None:
        """Queue a task; send it at once if a worker is idle or can still be started."""
        self._pending.append(task)
        is_idle = len(self._running) < self.workers or not all(each.tasks for each in self._running)
        if is_idle:
            self._send_pending()

    def wait(self, seconds: float | None = None) -> Sequence[Done | Lost]:
        """Return the answers there are; wait up to ``seconds`` for the first.

        Raises
        ------
        DcmconvError
            If a worker raised it while starting: then no worker can do the job.
        """
        until = float("inf") if seconds is None else time.monotonic() + seconds
        self._send_pending()
        while not self._answers and any(worker.tasks for worker in self._running):
            self._wait_for_answers(until)
            self._kill_overdue()
            if not self._answers:
                self._send_pending()
            if time.monotonic() >= until:
                break
        answers, self._answers = self._answers, []
        return answers

    def states(self) -> Sequence[WorkerState]:
        """Return the first unanswered task of each worker, and since when it has that."""
        now, states = time.monotonic(), []
        for worker in list(self._running):
            # Copied at once: the run goes on while a display asks.
            tasks = list(worker.tasks)
            if worker.is_ready and tasks:
                states.append(WorkerState(tasks[0].number, now - worker.since))
        return states

    def close(self, *, now: bool = False) -> None:
        """Close the workers' pipes, which ends them, and kill those that do not end."""
        self._at_exit.cancel()
        for worker in self._running:
            if now:
                worker.process.kill()
            worker.mailbox.close()
        # All pipes are closed by now, so the workers end side by side within one time limit.
        until = time.monotonic() + SECONDS_TO_END
        for worker in self._running:
            worker.process.join(max(0.0, until - time.monotonic()))
            worker.kill()
        self._running.clear()
        self._pending.clear()

    def _send_pending(self) -> None:
        """Send pending tasks: to idle workers, then to new ones, then to fast ones in advance."""
        while self._pending:
            worker = min(self._running, key=lambda each: len(each.tasks), default=None)
            if worker is None or (worker.tasks and len(self._running) < self.workers):
                worker = self._start_worker()
            room = self._room(worker)
            if room < 1:
                return
            bundle = list(islice(self._pending, room))
            message = worker.mailbox.packed(bundle)
            # A single task may exceed the limit, but only for an idle worker, which is reading.
            if len(bundle) > 1 and len(message) > MOST_BYTES_AHEAD:
                bundle, message = bundle[:1], worker.mailbox.packed(bundle[:1])
            if worker.tasks and worker.bytes_ahead + len(message) > MOST_BYTES_AHEAD:
                return
            for _ in bundle:
                self._pending.popleft()
            if not worker.send(bundle, message):
                # extendleft() reverses, so this keeps the order.
                self._pending.extendleft(reversed(bundle))
                self._drain(worker)

    def _room(self, worker: _Worker) -> int:
        """Return how many more tasks a worker may get: one, or what it does in ``SECONDS_AHEAD``.

        But no more than its share, so that one worker does not get all of a small batch.
        """
        most = min(self.depth, max(1, int(SECONDS_AHEAD / worker.pace)))
        # No answer yet, so its pace is unknown: one task at a time.
        if worker.pace == SLOW:
            return 1 - len(worker.tasks)
        fair = -(-len(self._pending) // max(1, self.workers))
        return min(most - len(worker.tasks), fair)

    def _start_worker(self) -> _Worker:
        process, pipe, lifeline = self.launcher.launch()
        deadline = time.monotonic() + SECONDS_TO_START
        worker = _Worker(process, Mailbox(pipe), lifeline, deadline)
        self._running.append(worker)
        return worker

    def _wait_for_answers(self, until: float) -> None:
        if min(worker.seconds_of_work for worker in self._running) > 2 * SECONDS_OF_REST:
            time.sleep(SECONDS_OF_REST)
        by_pipe: dict[Any, _Worker] = {worker.mailbox.pipe: worker for worker in self._running}
        nearest = min([until, *(worker.deadline for worker in self._running if worker.tasks)])
        patience = None if nearest == float("inf") else max(0.0, nearest - time.monotonic())
        for pipe in wait(by_pipe, patience):
            self._receive(by_pipe[pipe])

    def _receive(self, worker: _Worker) -> None:
        try:
            contents = worker.mailbox.receive()
        except (EOFError, OSError):
            self._remove(worker, "crash", "")
            return
        if worker.is_ready and contents:
            worker.answered(len(contents))
        for content in contents:
            # An earlier one of these answers may have been invalid, and the worker removed.
            if worker in self._running:
                self._accept(worker, content)

    def _accept(self, worker: _Worker, content: bytes) -> None:
        try:
            message = pickle.loads(content)  # noqa: S301 - from our own worker, over our own pipe
        except Exception as error:  # noqa: BLE001 - an answer may be of any class
            text = f"Its answer cannot be read: {type(error).__name__}: {error}"
            message = Lost(worker.tasks[0].number, "error", text)
        if isinstance(message, Broken):
            self._abort(message.error or PluginError(f"A worker cannot start: {message.message}"))
        elif isinstance(message, Ready):
            worker.is_ready = True
            # Only failed starts in a row end the run.
            self._failed_starts = 0
            worker.begin()
        elif worker.tasks and message.number == worker.tasks[0].number:
            worker.done()
            self._answers.append(message)
        else:
            # Two processes answer: a plugin forked, and its child came back into our loop.
            self._remove(worker, "crash", "answered a task out of turn")

    def _drain(self, worker: _Worker) -> None:
        """Read what a dead worker sent before it died, up to the end of its pipe."""
        while worker in self._running:
            self._receive(worker)

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for worker in [each for each in self._running if each.tasks and each.deadline <= now]:
            # The answer may have come at the last moment.
            if worker.mailbox.is_waiting:
                self._receive(worker)
            else:
                self._remove(worker, "timeout", "The time limit has passed")

    def _remove(self, worker: _Worker, reason: str, message: str) -> None:
        """Remove a worker that died, or kill it; only the task that it was working on is lost."""
        if reason == "crash":
            # The pipe ends before the process: killed now, it would seem to have died of SIGKILL.
            worker.process.join(SECONDS_TO_END)
        worker.kill()
        self._running.remove(worker)
        message = message or _cause_of_death(worker.process.exitcode)
        if worker.is_ready and worker.tasks:
            self._answers.append(Lost(worker.tasks.popleft().number, reason, message))
        elif not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts >= MOST_FAILED_STARTS:
                self._abort(
                    PluginError(
                        f"{MOST_FAILED_STARTS} workers died while they were starting: {message}.",
                        hint="Try --workers 1, or see: dcmconv doctor",
                    )
                )
        # The worker had not begun these: they keep their turn.
        self._pending.extendleft(reversed(worker.tasks))

    def _abort(self, error: Exception) -> None:
        self.close(now=True)
        raise error


def _kill_all(staff: list[_Worker]) -> None:
    for worker in staff:
        worker.process.kill()


def _cause_of_death(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"exited with code {exitcode}"
    try:
        # Real-time signals have no names except for the first and the last.
        name = signal.Signals(-exitcode).name
    except ValueError:
        name = "unknown"
    by_whom = ", possibly by the system for lack of memory" if name == "SIGKILL" else ""
    return f"killed by signal {-exitcode} ({name}){by_whom}"
