"""What changed in the chain since the last run in the same output folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dcmconv.chain.plan import Plan
from dcmconv.run.journal.writer import Journal

__all__ = ["ChainChange", "find_change"]

_SLOTS = ("normalizer", "steps", "colormap", "writer", "invert", "aspect", "name")


@dataclass(frozen=True)
class ChainChange:
    """The differences, one per line, and how many inputs and pictures they affect."""

    lines: tuple[str, ...]
    inputs: int
    pictures: int


def find_change(
    before: Mapping[str, Any] | None, plan: Plan, journal: Journal
) -> ChainChange | None:
    """Compare a plan with ``run.json`` of the last run; None if no input is affected.

    Parameters
    ----------
    before : mapping or None
        The content of ``run.json``.
    plan : Plan
        The plan of this run.
    journal : Journal
        Open; all its entries are read if the chain has changed.
    """
    if before is None or before.get("chain") == plan.digest:
        return None
    inputs = pictures = 0
    for entry in journal.entries():
        # After a plus sign follows the digest of statistics, which depends on the inputs.
        if str(entry.get("chain", "")).partition("+")[0] != plan.digest:
            inputs += 1
            pictures += len(entry.get("outputs", ()))
    if not inputs:
        return None
    # Through JSON, as run.json was: its tuples are lists.
    now = json.loads(json.dumps(plan.as_data(), default=str))
    try:
        lines = tuple(dict.fromkeys(_differences(before.get("plan") or {}, now)))
    except (AttributeError, KeyError, TypeError):
        lines = ("run.json of the last run is malformed",)
    return ChainChange(lines or ("another version of dcmconv or of a plugin",), inputs, pictures)


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    old = {lane["id"]: lane for lane in before.get("lanes", ())}
    new = {lane["id"]: lane for lane in now["lanes"]}
    for name in [name for name in old if name not in new]:
        yield f"output '{name}' was removed"
    for name, lane in new.items():
        if name not in old:
            yield f"output '{name}' was added"
            continue
        for slot in _SLOTS:
            if old[name].get(slot) != lane[slot]:
                yield _difference(slot, old[name].get(slot), lane[slot])
    for key in ("rules", "frames", "readers"):
        if before.get(key) != now[key]:
            yield f"the {key} changed"


def _difference(slot: str, before: Any, now: Any) -> str:
    shown = _shown(before), _shown(now)
    if shown[0] == shown[1]:
        return f"{slot}: {shown[1]}, another version or another file"
    return f"{slot}: {shown[0]} → {shown[1]}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    if not isinstance(value, dict):
        return "none" if value in (None, "") else str(value)
    options = ",".join(f"{key}={setting}" for key, setting in value.get("options", {}).items())
    return f"{value.get('name', '?')}{':' if options else ''}{options}"
