"""One run at a time in an output folder."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from dcmconv.errors import OutputError
from dcmconv.run.output.state_dir import close_held, hold, open_state_file

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]

__all__ = ["Lock"]


class Lock:
    """An advisory lock that ends with its process, however that ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock and write down who has it.

        Raises
        ------
        OutputError
            If another run has it, or the file is none.
        """
        descriptor = open_state_file(self.path, os.O_RDWR | os.O_CREAT)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
            os.close(descriptor)
            raise OutputError(
                f"{self.path.parent.parent} is in use by another run ({holder}).",
                hint="Wait until it has ended, or choose another --out.",
                reason="in-use",
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        self._descriptor = hold(descriptor)

    def release(self) -> None:
        """Give the lock back; the file stays, so that nobody locks a file that is gone."""
        if self._descriptor is not None:
            # On a disk that has become read-only the name of its holder stays; the lock does not.
            with suppress(OSError):
                os.truncate(self._descriptor, 0)
            close_held(self._descriptor)
            self._descriptor = None
