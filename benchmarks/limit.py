"""Build the C limit, with the best libraries that are installed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Limit", "build_limit"]

SOURCE = Path(__file__).parent / "climit" / "climit.c"
DEFLATERS = (
    ("ISA-L", ["-DWITH_ISAL", "-lisal"]),
    ("libdeflate", ["-DWITH_LIBDEFLATE", "-ldeflate"]),
    ("zlib", ["-lz"]),
)
HOW = "Debian: apt-get install gcc libjpeg62-turbo-dev libisal-dev"


@dataclass(frozen=True)
class Limit:
    """The program, or why there is none; ``deflater`` is the library that compresses PNG."""

    program: Path | None
    deflater: str
    message: str


def build_limit(folder: Path) -> Limit:
    """Compile climit.c into a folder unless that was done before; report missing parts."""
    compiler = next(
        (found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None
    )
    if compiler is None:
        return Limit(None, "", f"no C compiler ({HOW})")
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    message = ""
    for deflater, flags in DEFLATERS:
        program = folder / f"climit-{deflater}-{digest}"
        if program.exists():
            return Limit(program, deflater, f"built with {deflater}")
        defines = [flag for flag in flags if flag.startswith("-D")]
        libraries = [flag for flag in flags if flag.startswith("-l")]
        command = [compiler, "-O3", "-march=native", *defines, str(SOURCE)]
        command += ["-o", str(program), "-ljpeg", *libraries, "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return Limit(program, deflater, f"built with {deflater}")
        message = message or done.stderr.strip().splitlines()[0]
    return Limit(None, "", f"cannot be built: {message} ({HOW})")
