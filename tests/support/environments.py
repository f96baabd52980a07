"""Fresh virtual environments, without a network: dependencies come from the one that runs the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

MEANT_FOR_US = ("DCMCONV_PLUGINS", "DCMCONV_SET", "PYTHONPATH")


@dataclass(frozen=True)
class Environment:
    """A separate virtual environment."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def run(
        self, *command: str | Path, cwd: Path | None = None, code: int = 0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, and check its exit code."""
        program, *arguments = map(str, command)
        kept = {name: value for name, value in os.environ.items() if name not in MEANT_FOR_US}
        done = subprocess.run(
            [str(self.folder / "bin" / program), *arguments],
            cwd=cwd or self.folder,
            env=kept | variables,
            check=False,
            capture_output=True,
            text=True,
            timeout=280,
        )
        output = (
            f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        assert done.returncode == code, output
        return done

    def install(self, *what: str | Path) -> None:
        """Install from local files, with the build backend that is installed already."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"]
        offline = ["--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
        done = subprocess.run(
            [*pip, *offline, *map(str, what)],
            env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            check=False,
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def fresh_environment(folder: Path) -> Environment:
    """Return a new environment that borrows the dependencies, but does not have dcmconv.

    A line of a ``.pth`` file puts the lender's site-packages after the new one's; the ``.pth``
    files in there are not read again, so an editable dcmconv of the lender stays invisible.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    made = Environment(folder)
    [site] = folder.glob("lib/python3*/site-packages")
    lenders = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (site / "lender.pth").write_text("\n".join(lenders) + "\n", "utf-8")
    return made


def build(source: Path, out: Path, target: str) -> Path:
    """Build a wheel or an sdist with the backend that is installed, and return its path."""
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--directory",
        str(out),
        "--target",
        target,
    ]
    done = subprocess.run(
        command, cwd=source, check=False, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = out.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made
