"""The lock on an output folder: one run at a time writes there.

``flock`` is used where the file system has it: the system releases it when the process ends, even
by a crash.  Some network, FUSE and container file systems do not have it; there a lock file that is
created exclusively names its owner instead.
"""

from __future__ import annotations

import errno
import os
import socket
import warnings
from contextlib import suppress
from pathlib import Path

from dcmconv.errors import OutputError
from dcmconv.run.output.lock_owner import Heartbeat, Owner, owner_of
from dcmconv.run.output.state_dir import close_held, hold, open_state_file

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]

__all__ = ["Lock"]

WITHOUT_FLOCK = frozenset(
    {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EACCES, errno.EIO}
)
"""What NFS, Lustre, FUSE and container volumes answer to flock if they do not support it."""

SECONDS_UNTIL_STALE = 600.0
"""Without a heartbeat for this long, an owner on another machine has probably ended."""


class Lock:
    """An advisory lock on the folder that contains the state folder.

    A run that uses flock also respects the lock file of a run that could not: one of two machines
    may mount a network folder with locks, the other without.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.owner_path = path.with_name("lock.owner")
        self._descriptor: int | None = None
        self._heartbeat: Heartbeat | None = None

    def acquire(self) -> None:
        """Take the lock and write this process into the file.

        Raises
        ------
        OutputError
            If another run holds it, or the file is not a regular one.
        """
        descriptor = open_state_file(self.path, os.O_RDWR | os.O_CREAT)
        try:
            self._take(descriptor)
        except BaseException:
            os.close(descriptor)
            self.release()
            raise
        self._descriptor = hold(descriptor)

    def _take(self, descriptor: int) -> None:
        error = _try_flock(descriptor)
        if isinstance(error, BlockingIOError):
            raise self._in_use(os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip())
        self._check_owner(descriptor)
        if error is not None:
            self._create_owner_file(error)
        os.truncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())

    def release(self) -> None:
        """Release the lock.

        The file of flock is never deleted: one run could otherwise lock the deleted file, another a
        new one.
        """
        if self._heartbeat is not None:
            self._heartbeat.stop()
            self._heartbeat = None
        if self._descriptor is not None:
            # On a disk that has become read-only the text stays, but the lock is released.
            with suppress(OSError):
                os.truncate(self._descriptor, 0)
            close_held(self._descriptor)
            self._descriptor = None

    def _check_owner(self, descriptor: int) -> None:
        """Check that no lock file of another run is there, and remove that of a run that ended."""
        text = _read(self.owner_path)
        if text is None:
            return
        owner, here = Owner.parse(text), owner_of(os.getpid())
        if owner is not None and owner.has_ended(here):
            self._remove_stale(text)
            return
        named = str(owner) if owner is not None else "its lock file is unreadable"
        seconds = self._silent_seconds(descriptor)
        if owner is not None and (owner.is_near(here) or seconds < SECONDS_UNTIL_STALE):
            raise self._in_use(named)
        raise self._in_use(
            f"{named}; no sign of life for {seconds / 60:,.0f} minutes",
            f"If that run has ended, delete {self.owner_path}, then run again.",
        )

    def _silent_seconds(self, descriptor: int) -> float:
        """Return the age of the heartbeat; both times are of the file system's own clock."""
        os.utime(descriptor)
        try:
            return os.fstat(descriptor).st_mtime - self.owner_path.stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def _remove_stale(self, text: str) -> None:
        """Remove the lock file of a run that ended, unless another run has replaced it by now."""
        # Moved before it is deleted: if two runs find it stale, only one can move it.
        aside = self.owner_path.with_name(f"lock.ended-{os.getpid()}")
        with suppress(FileNotFoundError):
            self.owner_path.replace(aside)
            if _read(aside) != text:
                # It was the new file of another run: it goes back unless a third has the name.
                with suppress(FileExistsError):
                    os.link(aside, self.owner_path)
            aside.unlink()

    def _create_owner_file(self, error: OSError) -> None:
        owner = owner_of(os.getpid())
        try:
            descriptor = open_state_file(self.owner_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            raise self._in_use(_read(self.owner_path) or "started just now") from None
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(owner.text)
        self._heartbeat = Heartbeat(self.owner_path, owner.text)
        self._heartbeat.start()
        warnings.warn(
            f"the file system of {self.path.parent.parent} does not support locks (flock: "
            f"{error.strerror}); {self.owner_path.name} in its .dcmconv folder is used instead.",
            stacklevel=2,
        )

    def _in_use(self, holder: str, hint: str = "") -> OutputError:
        return OutputError(
            f"{self.path.parent.parent} is in use by another run ({holder}).",
            hint=hint or "Wait until that run ends, or choose another --out.",
            reason="in-use",
        )


def _try_flock(descriptor: int) -> OSError | None:
    """Take the lock of the system; return its error if another run has it or there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if not isinstance(error, BlockingIOError) and error.errno not in WITHOUT_FLOCK:
            raise
        return error
    return None


def _read(path: Path) -> str | None:
    """Return the text of a lock file; None if there is none."""
    try:
        with os.fdopen(open_state_file(path, os.O_RDONLY), encoding="utf-8") as stream:
            return stream.read(1000)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return ""
