"""The lock that allows one run at a time in an output folder."""

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
    """An advisory lock that the system releases when the process ends, even by a crash."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock and write this process into the file.

        Raises
        ------
        OutputError
            If another run holds it, or the file is not a regular one.
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
                hint="Wait until that run ends, or choose another --out.",
                reason="in-use",
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        self._descriptor = hold(descriptor)

    def release(self) -> None:
        """Release the lock.

        The file is never deleted: one run could otherwise lock the deleted file, another a new one.
        """
        if self._descriptor is not None:
            # On a disk that has become read-only the text stays, but the lock is released.
            with suppress(OSError):
                os.truncate(self._descriptor, 0)
            close_held(self._descriptor)
            self._descriptor = None
