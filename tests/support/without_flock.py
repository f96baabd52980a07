"""Programs whose ``flock`` fails with a chosen error, by a filter of the Linux kernel (seccomp)."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

FLOCK = {"x86_64": 73, "aarch64": 32}.get(platform.machine())
"""The number of the system call; None where this module has none."""

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ANSWER_ERROR = 0x7FFF0000, 0x00050000


def forbid_flock(number: int) -> None:
    """Let every later ``flock`` of this process and of its children fail with an error number."""
    assert FLOCK is not None
    program = b"".join(
        struct.pack("HBBI", *instruction)
        for instruction in (
            (LOAD, 0, 0, 0),  # the number of the system call
            (JUMP_IF_EQUAL, 0, 1, FLOCK),
            (RETURN, 0, 0, ANSWER_ERROR | number),
            (RETURN, 0, 0, ALLOW),
        )
    )
    instructions = ctypes.create_string_buffer(program)
    header = struct.pack("HP", len(program) // 8, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.create_string_buffer(header), 0, 0),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    from dcmconv._entry import main

    forbid_flock(int(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
