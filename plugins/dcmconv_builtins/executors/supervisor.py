"""The supervisor: one pipe for each worker, and the parent owns the queue and the clock.

No lock and no queue is shared, so no death of a worker can leave one locked.  The first task that a
worker has not answered is the one it was working on; whatever stood behind it goes to another.

Waking somebody up costs more than a small task's message.  So a quick worker is given some
milliseconds of work ahead of time, and while all have enough, their answers are left to pile up.
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

from dcmconv.plugin import Done, Lost, PluginError, Task, WorkerPool
from dcmconv_builtins.executors.launch import Launcher
from dcmconv_builtins.executors.mailbox import Mailbox
from dcmconv_builtins.executors.worker_process import Broken, Ready

__all__ = ["Supervisor"]

SECONDS_TO_START = 120.0
SECONDS_TO_END = 5.0
SECONDS_AHEAD = 0.03
"""How much work a worker is given ahead of time: what it would do in this time, by its pace."""
SECONDS_OF_REST = 0.004
MOST_BYTES_AHEAD = 1 << 15
"""Of tasks that are not answered: what fits into the pipe, so that we never wait for a worker that
waits for us to read its answer."""
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
    """Seconds for a task, lately; unknown is slow."""
    since: float = 0.0
    bytes_ahead: int = 0
    """Of the messages whose tasks are not answered, about."""

    def begin(self) -> None:
        """Start the clock of the first task."""
        self.since = time.monotonic()
        seconds = self.tasks[0].seconds if self.tasks else None
        self.deadline = float("inf") if seconds is None else self.since + seconds

    def send(self, tasks: Sequence[Task], message: bytes) -> bool:
        """Hand out tasks; say whether anybody was there to take them."""
        if not self.mailbox.send(message):
            return False
        was_idle = not self.tasks
        self.tasks.extend(tasks)
        self.bytes_ahead += len(message)
        if self.is_ready and was_idle:
            self.begin()
        return True

    def done(self) -> None:
        """Take the first task as answered, and start the clock of the next."""
        self.bytes_ahead -= self.bytes_ahead // len(self.tasks)
        self.tasks.popleft()
        self.begin()

    def answered(self, count: int) -> None:
        """Note the pace at which the last answers came."""
        latest = (time.monotonic() - self.since) / count
        self.pace = latest if self.pace == SLOW else (3 * self.pace + latest) / 4

    @property
    def seconds_at_hand(self) -> float:
        """How long it will have something to do."""
        return len(self.tasks) * self.pace

    def kill(self) -> None:
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
    _staff: list[_Worker] = field(default_factory=list)
    _pending: deque[Task] = field(default_factory=deque)
    _answers: list[Done | Lost] = field(default_factory=list)
    _failed_starts: int = 0

    def __post_init__(self) -> None:
        self.capacity = self.workers * self.depth
        # A program that ends with a run unfinished: before multiprocessing waits for its children.
        self._at_exit = Finalize(self, _kill_all, args=(self._staff,), exitpriority=10)

    def submit(self, task: Task) -> None:
        """Take a task: for an idle worker or a new one, else for the next bundle."""
        self._pending.append(task)
        is_idle = len(self._staff) < self.workers or not all(each.tasks for each in self._staff)
        if is_idle:
            self._feed()

    def wait(self, seconds: float | None = None) -> Sequence[Done | Lost]:
        """Return what has ended; wait up to ``seconds`` for the first.

        Raises
        ------
        DcmconvError
            What a worker raised while it was starting: the whole job cannot be done.
        """
        until = float("inf") if seconds is None else time.monotonic() + seconds
        self._feed()
        while not self._answers and any(worker.tasks for worker in self._staff):
            self._listen(until)
            self._kill_the_late()
            if not self._answers:
                self._feed()
            if time.monotonic() >= until:
                break
        answers, self._answers = self._answers, []
        return answers

    def close(self, *, now: bool = False) -> None:
        """End the workers: their pipes are closed, and who does not leave is killed."""
        self._at_exit.cancel()
        for worker in self._staff:
            if now:
                worker.process.kill()
            worker.mailbox.close()
        until = time.monotonic() + SECONDS_TO_END
        for worker in self._staff:
            worker.process.join(max(0.0, until - time.monotonic()))
            worker.kill()
        self._staff.clear()
        self._pending.clear()

    def _feed(self) -> None:
        """Hand out pending tasks: idle workers first, new ones next, quick ones ahead of time."""
        while self._pending:
            worker = min(self._staff, key=lambda each: len(each.tasks), default=None)
            if worker is None or (worker.tasks and len(self._staff) < self.workers):
                worker = self._hire()
            room = self._room(worker)
            if room < 1:
                return
            bundle = list(islice(self._pending, room))
            message = worker.mailbox.packed(bundle)
            if len(bundle) > 1 and len(message) > MOST_BYTES_AHEAD:
                bundle, message = bundle[:1], worker.mailbox.packed(bundle[:1])
            if worker.tasks and worker.bytes_ahead + len(message) > MOST_BYTES_AHEAD:
                return
            for _ in bundle:
                self._pending.popleft()
            if not worker.send(bundle, message):
                self._pending.extendleft(reversed(bundle))
                self._hear_out(worker)

    def _room(self, worker: _Worker) -> int:
        """Return how many tasks more a worker may have: one, or what it does in a moment.

        The rest is shared with the others, so that none has all of a small batch.
        """
        most = min(self.depth, max(1, int(SECONDS_AHEAD / worker.pace)))
        if worker.pace == SLOW:
            return 1 - len(worker.tasks)
        fair = -(-len(self._pending) // max(1, self.workers))
        return min(most - len(worker.tasks), fair)

    def _hire(self) -> _Worker:
        process, pipe, lifeline = self.launcher.launch()
        deadline = time.monotonic() + SECONDS_TO_START
        worker = _Worker(process, Mailbox(pipe), lifeline, deadline)
        self._staff.append(worker)
        return worker

    def _listen(self, until: float) -> None:
        if min(worker.seconds_at_hand for worker in self._staff) > 2 * SECONDS_OF_REST:
            time.sleep(SECONDS_OF_REST)
        by_pipe: dict[Any, _Worker] = {worker.mailbox.pipe: worker for worker in self._staff}
        nearest = min([until, *(worker.deadline for worker in self._staff if worker.tasks)])
        patience = None if nearest == float("inf") else max(0.0, nearest - time.monotonic())
        for pipe in wait(by_pipe, patience):
            self._hear(by_pipe[pipe])

    def _hear(self, worker: _Worker) -> None:
        try:
            contents = worker.mailbox.receive()
        except (EOFError, OSError):
            self._bury(worker, "crash", "")
            return
        if worker.is_ready and contents:
            worker.answered(len(contents))
        for content in contents:
            if worker in self._staff:
                self._take(worker, content)

    def _take(self, worker: _Worker, content: bytes) -> None:
        try:
            message = pickle.loads(content)  # noqa: S301 - from our own worker, over our own pipe
        except Exception as error:  # noqa: BLE001 - an answer may be of any class
            text = f"Its answer cannot be read: {type(error).__name__}: {error}"
            message = Lost(worker.tasks[0].number, "error", text)
        if isinstance(message, Broken):
            self._give_up(message.error or PluginError(f"A worker cannot start: {message.message}"))
        elif isinstance(message, Ready):
            worker.is_ready = True
            self._failed_starts = 0
            worker.begin()
        elif worker.tasks and message.number == worker.tasks[0].number:
            worker.done()
            self._answers.append(message)
        else:
            # Two processes answer: a plugin has forked, and let the child come back.
            self._bury(worker, "crash", "answered a task that was not its turn")

    def _hear_out(self, worker: _Worker) -> None:
        """Take what a dead worker still had to say, up to the end of its pipe."""
        while worker in self._staff:
            self._hear(worker)

    def _kill_the_late(self) -> None:
        now = time.monotonic()
        for worker in [each for each in self._staff if each.tasks and each.deadline <= now]:
            # It may have finished at the last moment.
            if worker.mailbox.is_waiting:
                self._hear(worker)
            else:
                self._bury(worker, "timeout", "The time limit has passed")

    def _bury(self, worker: _Worker, reason: str, message: str) -> None:
        """Take a worker out, dead or to be killed; only the task that it was at is lost."""
        if reason == "crash":
            worker.process.join(SECONDS_TO_END)
        worker.kill()
        self._staff.remove(worker)
        message = message or _death(worker.process.exitcode)
        if worker.is_ready and worker.tasks:
            self._answers.append(Lost(worker.tasks.popleft().number, reason, message))
        elif not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts >= MOST_FAILED_STARTS:
                self._give_up(
                    PluginError(
                        f"{MOST_FAILED_STARTS} workers died while they were starting: {message}.",
                        hint="Try --workers 1, or see: dcmconv doctor",
                    )
                )
        self._pending.extendleft(reversed(worker.tasks))

    def _give_up(self, error: Exception) -> None:
        self.close(now=True)
        raise error


def _kill_all(staff: list[_Worker]) -> None:
    for worker in staff:
        worker.process.kill()


def _death(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"exited with code {exitcode}"
    try:
        name = signal.Signals(-exitcode).name
    except ValueError:
        name = "unknown"
    by_whom = ", perhaps by the system for lack of memory" if name == "SIGKILL" else ""
    return f"killed by signal {-exitcode} ({name}){by_whom}"
