"""The n-th system call fails: files are complete, and a loss never ends with exit code 0.

A forked child converts three files while ``strace`` makes one of its calls fail, or kills it there:
``python -m proof.syscalls IN LOG`` is that child's parent, which imports everything once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from proof.accounts import check_accounts, tree
from proof.good_files import make_good_files
from proof.one_run import TESTS

CALLS = {
    "write": "write",
    "fsync": "fsync,fdatasync",
    "rename": "rename,renameat,renameat2,link,linkat",
    "mkdir": "mkdir,mkdirat",
    "open": "openat,open",
}
FAULTS = ("error=ENOSPC", "error=EIO", "error=EACCES", "signal=KILL")
MOST = 20
FILES = 3


@dataclass
class Shots:
    """The results of a series of injected faults."""

    tried: int = 0
    hit: int = 0
    exits: dict[str, int] = field(default_factory=dict)


def why_not() -> str:
    """Return why faults cannot be injected here; empty if they can."""
    if sys.platform != "linux" or shutil.which("strace") is None:
        return "strace is not installed"
    probe = ["strace", "-o", "/dev/null", "-e"]
    codes = [
        subprocess.run([*probe, what, "echo", "x"], capture_output=True, check=False).returncode
        for what in ("trace=write", "inject=write:error=EIO:when=1")
    ]
    return "" if codes[0] == 0 != codes[1] else "strace may not trace, or not inject, here"


def every_shot(most: int = MOST) -> list[tuple[str, str, int]]:
    """Return each call, fault and number."""
    return list(product(CALLS, FAULTS, range(1, most + 1)))


def shoot(folder: Path, shots: list[tuple[str, str, int]]) -> Shots:
    """Inject each fault into a separate run; check its files, and that a second run repairs it."""
    keys = make_good_files(folder / "scans", FILES)
    found = Shots()
    with _runner(folder / "scans", folder / "log") as convert:
        whole_out = folder / "whole"
        assert convert(whole_out, "") == 0
        whole = tree(whole_out)
        for call, fault, number in shots:
            out = folder / "out"
            shutil.rmtree(out, ignore_errors=True)
            code = convert(out, f"inject={CALLS[call]}:{fault}:when={number}")
            where = f"{call} {number}, {fault}: exit {code}"
            standing = tree(out) if out.is_dir() else {}
            assert standing.items() <= whole.items(), f"{where}: an incomplete or unexpected file"
            assert code != 0 or standing == whole, f"{where}: a loss with exit code 0"
            words = (folder / "log").read_text("utf-8", "replace")
            # Python's own search for installed packages is not part of a run.
            assert "Traceback" not in words or "dist-info" in words, f"{where}:\n{words}"
            found.tried += 1
            found.hit += code != 0
            found.exits[str(code)] = found.exits.get(str(code), 0) + 1
            assert convert(out, "") == 0, f"{where}: a second run does not repair it"
            assert tree(out) == whole, f"{where}: not the same after a second run"
            check_accounts(keys, out, once=False)
    return found


@contextmanager
def _runner(scans: Path, log: Path) -> Iterator[Any]:
    """Provide a function that converts into a folder under a fault, and returns the exit code."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "proof.syscalls", str(scans), str(log)],
        cwd=TESTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def convert(out: Path, injection: str) -> int:
        stdin.write(json.dumps([str(out), injection]) + "\n")
        stdin.flush()
        return int(stdout.readline())

    try:
        yield convert
    finally:
        stdin.close()
        process.wait(30)
        stdout.close()


def main() -> None:
    """Fork a child for each line of standard input, and print how it ended."""
    import numpy  # noqa: F401 - so that no child opens a module's file

    from dcmconv_builtins.executors import launch  # noqa: F401

    answers = os.dup(1)
    log = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    with tempfile.TemporaryDirectory() as warm:
        _convert(sys.argv[1], warm)
    for line in sys.stdin:
        out, injection = json.loads(line)
        os.truncate(sys.argv[2], 0)
        ready, go = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(ready, 1)
            os._exit(_convert(sys.argv[1], out))
        os.close(ready)
        tracer = _attached(child, injection) if injection else None
        os.write(go, b"g")
        os.close(go)
        _, status = os.waitpid(child, 0)
        if tracer is not None:
            tracer.communicate()
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _attached(child: int, injection: str) -> subprocess.Popen[str]:
    calls = injection.removeprefix("inject=").partition(":")[0]
    tracer = subprocess.Popen(
        ["strace", "-f", "-e", f"trace={calls}", "-e", injection, "-p", str(child)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert tracer.stderr is not None
    while "attached" not in tracer.stderr.readline():
        assert tracer.poll() is None, "strace cannot attach"
    return tracer


def _convert(scans: str, out: str) -> int:
    """Do what the command line does, as far as the exit code goes."""
    from dcmconv._entry import main as program

    try:
        return program(["run", scans, "-o", out])
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    main()
