"""Our end of a worker's pipe: sends tasks in bundles, and reads all answers that have arrived."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection

from dcmconv.plugin import Task

__all__ = ["Mailbox"]

_READ_AT_ONCE = 1 << 16
_length = struct.Struct("!i")
"""A ``Connection`` sends the length before each message; for a long one, -1 and eight bytes."""
_LONG = -1
_long_length = struct.Struct("!Q")


class Mailbox:
    """A pipe to one worker.

    Parameters
    ----------
    pipe : Connection
        The worker has its other end.
    """

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self._rest = bytearray()

    @staticmethod
    def packed(tasks: Sequence[Task]) -> bytes:
        """Return the message for some tasks."""
        # Plain records need nothing of the reducers for sockets and locks in Connection.send.
        return pickle.dumps(tuple(tasks), pickle.HIGHEST_PROTOCOL)

    def send(self, message: bytes) -> bool:
        """Send tasks; return whether the worker is still alive to take them."""
        try:
            self.pipe.send_bytes(message)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def receive(self) -> list[bytes]:
        """Return the answers that have arrived; waits for some bytes, not for a whole answer.

        Raises
        ------
        EOFError, OSError
            If the worker is gone, and all of its answers were returned before.
        """
        # A pipe of Windows has no file descriptor, and it keeps messages apart itself.
        if os.name == "nt":
            return [self.pipe.recv_bytes()]
        content = os.read(self.pipe.fileno(), _READ_AT_ONCE)
        if not content:
            raise EOFError
        self._rest += content
        return list(_taken(self._rest))

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to read."""
        return self.pipe.poll()

    def close(self) -> None:
        """Close our end; a worker that is waiting for tasks ends then."""
        self.pipe.close()


def _taken(content: bytearray) -> Iterator[bytes]:
    """Remove and yield the complete messages; the start of an incomplete one stays."""
    start = 0
    while start + _length.size <= len(content):
        (length,) = _length.unpack_from(content, start)
        begin = start + _length.size
        if length == _LONG:
            if begin + _long_length.size > len(content):
                break
            (length,) = _long_length.unpack_from(content, begin)
            begin += _long_length.size
        if begin + length > len(content):
            break
        yield bytes(content[begin : begin + length])
        start = begin + length
    del content[:start]
