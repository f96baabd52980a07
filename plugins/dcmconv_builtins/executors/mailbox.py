"""Our end of a worker's pipe: tasks go out in bundles, answers come in as many as are there."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Sequence
from multiprocessing.connection import Connection

from dcmconv.plugin import Task

__all__ = ["Mailbox"]

_READ_AT_ONCE = 1 << 16
_length = struct.Struct("!i")
"""How a ``Connection`` marks where a message ends: its length goes before it."""
_LONG = -1
_long_length = struct.Struct("!Q")


class Mailbox:
    """A pipe to one worker.

    Parameters
    ----------
    pipe : Connection
        Whose other end the worker has.
    """

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self._rest = b""

    def send(self, tasks: Sequence[Task]) -> bool:
        """Hand out tasks in one message; say whether anybody was there to take them."""
        try:
            # Plain records: what Connection.send makes ready for sockets and locks is not needed.
            self.pipe.send_bytes(pickle.dumps(tuple(tasks), pickle.HIGHEST_PROTOCOL))
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def receive(self) -> list[bytes]:
        """Return the answers that are there, waiting for bytes, not for a whole answer.

        Raises
        ------
        EOFError, OSError
            If the worker is gone, and everything that it said was returned before.
        """
        if os.name == "nt":
            return [self.pipe.recv_bytes()]
        content = os.read(self.pipe.fileno(), _READ_AT_ONCE)
        if not content:
            raise EOFError
        messages, self._rest = _split(self._rest + content)
        return messages

    @property
    def is_waiting(self) -> bool:
        """Whether something is there to be read."""
        return self.pipe.poll()

    def close(self) -> None:
        """Close our end; a worker without work leaves then."""
        self.pipe.close()


def _split(content: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole messages, and the beginning of one that is still on its way."""
    messages, start = [], 0
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
        messages.append(content[begin : begin + length])
        start = begin + length
    return messages, content[start:]
