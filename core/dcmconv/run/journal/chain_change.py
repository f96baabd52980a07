"""What has changed between the chain of the last run in a folder and that of this one."""

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
    """What is different, one line each, and how much of what stands there it touches."""

    lines: tuple[str, ...]
    inputs: int
    pictures: int


def find_change(
    before: Mapping[str, Any] | None, plan: Plan, journal: Journal
) -> ChainChange | None:
    """Compare a plan with the record of the last run; None if no picture is touched.

    Parameters
    ----------
    before : mapping or None
        The content of ``run.json``.
    plan : Plan
        That of this run.
    journal : Journal
        Open; its entries are read through if the chain has changed.
    """
    if before is None or before.get("chain") == plan.digest:
        return None
    inputs = pictures = 0
    for entry in journal.entries():
        # The digest of statistics stands behind a plus sign, and changes with the inputs.
        if str(entry.get("chain", "")).partition("+")[0] != plan.digest:
            inputs += 1
            pictures += len(entry.get("outputs", ()))
    if not inputs:
        return None
    # Through JSON, as the record was: tuples there are lists.
    now = json.loads(json.dumps(plan.as_data(), default=str))
    try:
        lines = tuple(dict.fromkeys(_differences(before.get("plan") or {}, now)))
    except (AttributeError, KeyError, TypeError):
        lines = ("its record was changed by hand",)
    return ChainChange(lines or ("another version of dcmconv or of a plugin",), inputs, pictures)


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    old = {lane["id"]: lane for lane in before.get("lanes", ())}
    new = {lane["id"]: lane for lane in now["lanes"]}
    for name in [name for name in old if name not in new]:
        yield f"the output '{name}' is gone"
    for name, lane in new.items():
        if name not in old:
            yield f"the output '{name}' is new"
            continue
        for slot in _SLOTS:
            if old[name].get(slot) != lane[slot]:
                yield _difference(slot, old[name].get(slot), lane[slot])
    for key in ("rules", "frames", "readers"):
        if before.get(key) != now[key]:
            yield f"the {key}"


def _difference(slot: str, before: Any, now: Any) -> str:
    shown = _shown(before), _shown(now)
    if shown[0] == shown[1]:
        return f"{slot}: {shown[1]}, in another version or with another file"
    return f"{slot}: {shown[0]} → {shown[1]}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    if not isinstance(value, dict):
        return "none" if value in (None, "") else str(value)
    options = ",".join(f"{key}={setting}" for key, setting in value.get("options", {}).items())
    return f"{value.get('name', '?')}{':' if options else ''}{options}"
