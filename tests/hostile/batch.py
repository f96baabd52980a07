"""Convert hostile files as a user would: one plan, one input folder, one output folder."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from support.plans import plan, registry

from dcmconv.chain.plan import Lane, Plan
from dcmconv.model.outcome import Converted, Failed, Outcome, Skipped
from dcmconv.run.engine import Run
from hostile.expected import picture_of
from hostile.recipes import RECIPES


def hostile_plan(executor: str = "inline", *, tags: tuple[str, ...] = (), **run: Any) -> Plan:
    """Return the default chain, with an inflate limit low enough for a test to reach."""
    lane = Lane(
        "png", registry().ref("normalizer", "auto"), (), None, registry().ref("writer", "png")
    )
    made = plan(lane, tags=tags, **run)
    reader = registry().ref("reader", "dicom", {"inflate_limit": 100})
    started = registry().ref("executor", executor)
    return replace(made, readers=(reader,), executor=started)


def write(name: str, folder: Path) -> Path:
    """Write one hostile file; pydicom warns about many of them, which is expected."""
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        content = RECIPES[name]()
    path = folder / name
    path.write_bytes(content)
    return path


def run(made: Plan, inputs: Path | list[Path], out: Path, **options: Any) -> list[Outcome]:
    """Run to the end and return the outcome of each input."""
    places = inputs if isinstance(inputs, list) else [inputs]
    return list(Run(made, [str(place) for place in places], out, **options))


def journal(out: Path) -> list[dict[str, Any]]:
    """Return the journal lines of finished inputs."""
    text = (out / ".dcmconv" / "journal.jsonl").read_text("utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    return [line for line in lines if line["status"] in ("converted", "skipped", "failed")]


def pictures(out: Path) -> list[str]:
    """Return the relative path of every output file, without the run's own files."""
    found = (path for path in out.rglob("*") if path.is_file())
    names = (path.relative_to(out).as_posix() for path in found)
    return sorted(name for name in names if not name.startswith(".dcmconv/"))


def row_of(outcome: Outcome, out: Path) -> dict[str, Any]:
    """Return an outcome in the form of the table."""
    row: dict[str, Any] = {"outcome": outcome.status}
    if isinstance(outcome, Skipped | Failed):
        row |= {"reason": outcome.reason, "message": outcome.message}
    if isinstance(outcome, Converted):
        made = [np.asarray(Image.open(out / output.path)) for output in outcome.outputs]
        row["picture"] = picture_of(made[0])
        if len(made) > 1:
            row["frames"] = len(made)
        if outcome.outputs[0].tone:
            row["tone"] = outcome.outputs[0].tone
    return row | ({"notes": list(outcome.notes)} if outcome.notes else {})
