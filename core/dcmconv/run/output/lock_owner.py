"""Who owns a lock file: machine, process and time, and whether that process still exists."""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from dcmconv.model.records import record
from dcmconv.run.output.state_dir import is_alive

__all__ = ["Heartbeat", "Owner", "owner_of"]

SECONDS_BETWEEN_BEATS = 30.0


@record(frozen=True, kw_only=True)
class Owner:
    """The owner of a lock file.  Fields that the system does not report are empty."""

    process: int
    host: str
    since: str
    """When it took the lock: ISO 8601, UTC."""
    machine: str = ""
    """The id of the machine; host names such as localhost are not unique."""
    boot: str = ""
    """The id of this boot of the machine."""
    namespace: str = ""
    """Containers on one machine number their processes separately."""
    started: str = ""
    """When the process started: process ids are reused."""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the owner that a lock file names; None if it names none."""
        try:
            owner = cls(**json.loads(text))
        # TypeError: not an object, or one with other keys.
        except (ValueError, TypeError, RecursionError):
            return None
        texts = (value for name, value in vars(owner).items() if name != "process")
        is_sound = isinstance(owner.process, int) and all(isinstance(each, str) for each in texts)
        return owner if is_sound else None

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}, since {self.since}"

    @property
    def text(self) -> str:
        """The content of a lock file."""
        return json.dumps(asdict(self)) + "\n"

    def is_near(self, here: Owner) -> bool:
        """Return whether another process, ``here``, can look up this one."""
        names = ("host", "machine", "boot", "namespace")
        return all(getattr(self, name) == getattr(here, name) for name in names)

    def has_ended(self, here: Owner) -> bool:
        """Return whether another process, ``here``, can be certain that this one has ended."""
        if self.is_near(here):
            return not is_alive(self.process) or self.started != _started(self.process)
        # No process outlives a reboot of its machine.
        is_same_machine = (self.host, self.machine) == (here.host, here.machine)
        return is_same_machine and bool(self.machine and self.boot) and self.boot != here.boot


def owner_of(process: int) -> Owner:
    """Return a process of this machine as an owner, since now."""
    return Owner(
        process=process,
        host=socket.gethostname(),
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=_first_line("/etc/machine-id"),
        boot=_first_line("/proc/sys/kernel/random/boot_id"),
        namespace=_namespace(),
        started=_started(process),
    )


def _first_line(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text(encoding="ascii", errors="replace").partition("\n")[0]
    return ""


def _namespace() -> str:
    with suppress(OSError, NotImplementedError):
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - "pid:[4026531836]" is not a path
    return ""


def _started(process: int) -> str:
    # proc(5): the name of the program, in parentheses, may contain anything; then come the fields
    # from the third one on, and the start time is the 22nd.
    fields = _first_line(f"/proc/{process}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else ""


class Heartbeat(threading.Thread):
    """Touches a lock file now and then, so that other machines see that its owner is alive."""

    def __init__(self, path: Path, text: str, seconds: float = SECONDS_BETWEEN_BEATS) -> None:
        super().__init__(name="dcmconv-lock", daemon=True)
        self.path = path
        self._text = text
        self._seconds = seconds
        self._ended = threading.Event()

    def run(self) -> None:
        """Touch the file until ``stop``."""
        while not self._ended.wait(self._seconds):
            with suppress(OSError):
                os.utime(self.path)

    def stop(self) -> None:
        """Stop, and remove the file if it still belongs to this owner."""
        self._ended.set()
        self.join()
        with suppress(OSError, ValueError):
            # After a long silence, a user may have deleted the file, and another run made its own.
            if self.path.read_text(encoding="utf-8") == self._text:
                self.path.unlink()
