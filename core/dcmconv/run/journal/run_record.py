"""``<out>/.dcmconv/run.json``: the record of the last run, and what changed in the chain since."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dcmconv.chain.plan import Plan
from dcmconv.errors import OutputError
from dcmconv.model.outcome import Summary
from dcmconv.model.records import record
from dcmconv.run.output.naming import STATE_FOLDER
from dcmconv.run.output.os_errors import output_error
from dcmconv.run.output.state_dir import open_state_file

__all__ = ["RunRecord", "read_run"]

_MOST_CHARACTERS = 1 << 24
"""Of a file that is read; a real one has some thousands."""


@record
class RunRecord:
    """The content of ``run.json``.

    Parameters
    ----------
    plan : Plan
        The compiled chain.
    argv : sequence of str
        The command line.
    number : int
        The number of runs in this folder, including this one.
    """

    plan: Plan
    argv: Sequence[str]
    number: int = 1
    tables: dict[str, Any] = field(default_factory=dict)
    """Tag tables that runs in this folder wrote: path → what ``TableFile.fingerprint`` returns."""
    has_others: bool = False
    """There may be pictures of other chains in the folder, so that a run asks before it replaces
    any."""
    agreed: str = ""
    """A digest of the inputs whose pictures of other chains may be replaced."""
    _written: dict[str, Any] = field(default_factory=dict)

    @property
    def stamp(self) -> dict[str, Any]:
        """The fields that are the same in every journal line of the run."""
        from dcmconv import __version__

        return {"policy": self.plan.run.policy, "dcmconv": __version__, "run": self.number}

    def write(self, out: Path) -> None:
        """Write the file at the start of the run."""
        self._written = {
            "number": self.number,
            "chain": self.plan.digest,
            "plan": self.plan.as_data(),
            "run": {**self.plan.run.as_data(), "executor": _as_data(self.plan.executor)},
            "versions": dict(_versions(self.plan)),
            "arguments": list(self.argv),
            "started": _now(),
            "tables": self.tables,
            "has_others": self.has_others,
            "agreed": self.agreed,
        }
        try:
            _write(out, self._written)
        except OSError as error:
            raise output_error(f"{out / STATE_FOLDER / 'run.json'}", error) from error

    def close(self, out: Path, summary: Summary) -> None:
        """Add the summary at the end of the run."""
        # A full disk has ended the run already, and is reported there.
        with suppress(OSError, OutputError):
            _write(
                out,
                {**self._written, "tables": self.tables, "ended": _now(), "summary": vars(summary)},
            )


def read_run(out: Path) -> dict[str, Any] | None:
    """Return the content of ``run.json`` in a folder; None if there is none, or it is malformed."""
    path = out / STATE_FOLDER / "run.json"
    try:
        with os.fdopen(open_state_file(path, os.O_RDONLY), encoding="utf-8") as stream:
            data = json.loads(stream.read(_MOST_CHARACTERS))
    except (OSError, ValueError, RecursionError, OutputError):
        return None
    is_sound = (
        isinstance(data, dict)
        and isinstance(data.get("number", 0), int)
        and isinstance(tables := data.get("tables", {}), dict)
        and all(isinstance(table, dict) for table in tables.values())
    )
    return data if is_sound else None


def _versions(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the distributions of the plan's components, and those that they require."""
    from importlib.metadata import PackageNotFoundError, requires

    yield "python", platform.python_version()
    distributions = (component.version.partition(" ")[0] for component in plan.components)
    installed = _installed()
    for name in dict.fromkeys(["dcmconv", *distributions]):
        # requires("") raises ValueError.
        with suppress(PackageNotFoundError, ValueError):
            needs = [need for need in requires(name) or () if "extra ==" not in need]
            for each in (name, *map(_name_of, needs)):
                if _plain(each) in installed:
                    yield each, installed[_plain(each)]


def _installed() -> dict[str, str]:
    """Return the version of every distribution, from folder names: metadata takes 20 ms longer."""
    found: dict[str, str] = {}
    for place in sys.path:
        with suppress(OSError):
            # An empty entry of sys.path means the current folder.
            for name in os.listdir(place or "."):  # noqa: PTH208
                if name.endswith(".dist-info"):
                    distribution, _, version = name.removesuffix(".dist-info").rpartition("-")
                    # The first folder of sys.path wins, as it does for an import.
                    found.setdefault(_plain(distribution), version)
    return found


def _plain(name: str) -> str:
    # PEP 503: names are equal if only case and runs of -, _ and . differ.
    return re.sub(r"[-_.]+", "-", name).lower()


def _name_of(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]


def _as_data(executor: Any) -> Any:
    return executor.as_data() if executor is not None else None


def _write(out: Path, data: dict[str, Any]) -> None:
    path = out / STATE_FOLDER / "run.json"
    # Replaced in one step: after a kill, the old record is there, never half of a new one.
    unfinished = path.with_suffix(".part")
    descriptor = open_state_file(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(data, stream, indent=1, default=str)
    unfinished.replace(path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
