"""Tasks that fail in every possible way: targets of an executor's Job."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dcmconv.plugin import UnsupportedError

HELD = os.open(__file__, os.O_RDONLY)
"""As plugins hold their weights."""


def start(setup: Any) -> Callable[[Any], Any]:
    """Return work that does what its payload says."""
    if setup == "refuse":
        raise UnsupportedError("Nothing here decodes JPEG XL.", hint="Install a decoder.")
    if setup == "stumble":
        raise ZeroDivisionError("a bug")
    if setup == "die":
        os._exit(3)

    def work(payload: Any) -> Any:
        name, *arguments = payload if isinstance(payload, tuple) else (payload,)
        return FAULT_ACTIONS[name](*arguments) if name in FAULT_ACTIONS else payload

    return work


def _segfault() -> None:
    faulthandler.disable()  # inherited from pytest; no stack dump of an intended crash
    ctypes.string_at(0)


def _abort() -> None:
    faulthandler.disable()
    os.abort()


def _hang(marker: str = "") -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if marker:
        Path(marker).write_text(str(os.getpid()))
    while True:
        time.sleep(60)


def _swallow() -> int:
    return len(bytearray(1 << 40))


def _hoard() -> int:
    """Take 50 GB, piece by piece."""
    return sum(len(block) for block in [bytearray(64 << 20) for _ in range(800)])


def _leak(mebibytes: str, kept: list[bytearray] = []) -> None:  # noqa: B006 - that is the leak
    kept.append(bytearray(int(mebibytes) << 20))


def _crash_once(marker: str) -> str:
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "second time lucky"


class Unreadable:
    """Pickles, but does not come back."""

    def __reduce__(self) -> Any:
        return _explode, ()


def _explode() -> None:
    raise ValueError("cannot be read")


def _interrupt() -> None:
    raise KeyboardInterrupt


def _talk() -> str:
    os.write(1, b"native chatter\n")
    os.write(2, b"native complaint\n")
    return "done"


def _loiter() -> str:
    """Leave a thread behind that Python would wait for."""
    threading.Thread(target=time.sleep, args=(60,)).start()
    return "left"


def _come_back_twice() -> str:
    """Let two processes answer, as a plugin does that forks and forgets to end the child."""
    child = os.fork()
    if child:
        os.waitpid(child, os.WNOHANG)
    return "here"


FAULT_ACTIONS: dict[str, Callable[..., Any]] = {
    "pid": os.getpid,
    "exit": lambda: os._exit(7),
    "sys.exit": lambda: sys.exit(5),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": _segfault,
    "abort": _abort,
    "hang": _hang,
    "nap": time.sleep,
    "swallow": _swallow,
    "hoard": _hoard,
    "leak": _leak,
    "interrupt": _interrupt,
    "lambda": lambda: lambda: None,
    "unreadable": Unreadable,
    "crash-once": _crash_once,
    "talk": _talk,
    "loiter": _loiter,
    "come back twice": _come_back_twice,
    "measure": len,
    "read what is held": lambda: os.pread(HELD, 3, 0),
    "open files": lambda: [
        str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()
    ],
    "fill": lambda count: b"x" * count,
    "modules": lambda: sorted(sys.modules),
}
