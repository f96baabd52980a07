"""Running the real program, as a shell does, and installing made-up plugins for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def dcmconv(*words, cwd=None, timeout=120, **environment):
    """Run ``python -m dcmconv`` and return what it printed, with its exit code."""
    return python("-m", "dcmconv", *words, cwd=cwd, timeout=timeout, **environment)


def python(*words, cwd=None, timeout=120, **environment):
    """Run Python; a variable that is None is removed from the environment."""
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith("DCMCONV")
    }
    variables |= {"NO_COLOR": "1", "COLUMNS": "200", "PYTHONUTF8": "1"}
    variables |= {name: str(value) for name, value in environment.items() if value is not None}
    for name in [name for name, value in environment.items() if value is None]:
        variables.pop(name, None)
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env=variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def install_plugin(folder: Path, module: str, source: str, *, distribution: str = "") -> Path:
    """Lay out a distribution with one hook module below ``folder``, for PYTHONPATH."""
    name = distribution or f"dcmconv-{module}"
    (folder / f"{module}.py").write_text(source, "utf-8")
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[dcmconv]\n{module} = {module}\n", "utf-8")
    return folder
