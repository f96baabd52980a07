"""What changed in the chain since the last run, and which pictures a run would replace."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from dcmconv.chain.plan import Plan
from dcmconv.model.components import Writer
from dcmconv.model.outcome import Converted, counted
from dcmconv.model.records import record
from dcmconv.run.journal.writer import Journal
from dcmconv.run.output.naming import safe_path_part
from dcmconv.run.walk import Walk

__all__ = [
    "ChainChange",
    "Replacement",
    "find_change",
    "find_replacement",
    "folder_of_chain",
    "is_another_chain",
]

_SLOTS = ("normalizer", "steps", "colormap", "writer", "invert", "aspect", "name")


@record(frozen=True)
class ChainChange:
    """The differences, one per line, and how many inputs and pictures they affect."""

    lines: tuple[str, ...]
    inputs: int
    pictures: int


def find_change(before: Mapping[str, Any], plan: Plan, journal: Journal) -> ChainChange | None:
    """Compare a plan with ``run.json`` of the last run; None if no input is affected.

    Parameters
    ----------
    before : mapping
        The content of ``run.json``.
    plan : Plan
        The plan of this run.
    journal : Journal
        Open; all its entries are read if the chain has changed.
    """
    if before.get("chain") == plan.digest:
        return None
    inputs = pictures = 0
    for entry in journal.entries():
        if _chain_digest(str(entry.get("chain", ""))) != plan.digest:
            inputs += 1
            pictures += len(entry.get("outputs", ()))
    if not inputs:
        return None
    lines = _lines(before, plan)
    return ChainChange(lines or ("another version of dcmconv or of a plugin",), inputs, pictures)


def _chain_digest(text: str) -> str:
    # After a plus sign follows the digest of statistics, which depends on the inputs.
    return text.partition("+")[0]


def _lines(before: Mapping[str, Any], plan: Plan) -> tuple[str, ...]:
    """Return the differences from the chain of the last run."""
    try:
        return tuple(dict.fromkeys(_differences(before.get("plan") or {}, _data_of(plan))))
    except (AttributeError, KeyError, TypeError):
        return ("run.json of the last run is malformed",)


def _data_of(plan: Plan) -> dict[str, Any]:
    # Through JSON, as run.json was: its tuples are lists.
    return cast("dict[str, Any]", json.loads(json.dumps(plan.as_data(), default=str)))


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


def is_another_chain(before: Mapping[str, Any], plan: Plan) -> bool:
    """Return whether the chain of the last run differs in more than the versions installed."""
    if before.get("chain") == plan.digest:
        return False
    return bool(_chosen(before.get("plan")) != _chosen(_data_of(plan)))


def _chosen(data: Any) -> Any:
    """Return a plan as data, without what an upgrade or another installed reader changes."""
    if isinstance(data, dict):
        kept = {key: _chosen(value) for key, value in data.items() if key != "version"}
        if isinstance(data.get("readers"), list):
            given = [each for each in data["readers"] if isinstance(each, dict)]
            kept["readers"] = [_chosen(each) for each in given if each.get("options")]
        return kept
    return [_chosen(each) for each in data] if isinstance(data, list) else data


@record(frozen=True)
class Replacement:
    """The pictures of another chain that a run would replace.

    Parameters
    ----------
    inputs, pictures : int
        How many, and of how many of the run's inputs.
    made_by : str
        The components of that chain, and when it ran: ``png, minmax; 2026-11-30``.
    lines : tuple of str
        What is different now.
    """

    inputs: int
    pictures: int
    made_by: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        pictures, inputs = counted(self.pictures, "picture"), counted(self.inputs, "input")
        verb = "was" if self.pictures == 1 else "were"
        return f"{pictures} of {inputs} {verb} made by another chain ({self.made_by})"


def find_replacement(
    before: Mapping[str, Any], plan: Plan, journal: Journal, walk: Walk
) -> Replacement | None:
    """Return which pictures of other chains a run would replace; None if there are none.

    Every input is looked up and none is opened, so a picture counts if an output of the plan makes
    files with its suffix: its name may turn out to be another.
    """
    suffixes = tuple(
        suffix.lower()
        for lane in plan.all_lanes
        for writer in [cast("Writer", lane.writer.load())]
        for suffix in (writer.suffix, *writer.other_suffixes)
    )
    last = str(before.get("chain", ""))
    is_another = is_another_chain(before, plan)
    own = {plan.digest} if is_another else {plan.digest, last}
    inputs = pictures = 0
    chains: set[str] = set()
    for reference, _ in walk.inputs():
        entry = journal.find(reference.locator)
        chain = _chain_digest(entry.chain) if entry else ""
        if entry is None or chain in own or not isinstance(entry.outcome, Converted):
            continue
        paths = [output.path.lower() for output in entry.outcome.outputs]
        found = sum(path.endswith(suffixes) for path in paths)
        if found:
            chains.add(chain)
            inputs, pictures = inputs + 1, pictures + found
    if not pictures:
        return None
    is_last = chains == {last}
    made_by = _described(before) if is_last else "earlier chains"
    return Replacement(inputs, pictures, made_by, _lines(before, plan) if is_last else ())


def _described(before: Mapping[str, Any]) -> str:
    """Return what a chain was, from run.json."""
    names = _component_names(before.get("plan"))
    # ISO 8601: ten characters are the day.
    day = str(before.get("started", ""))[:10]
    return "; ".join(filter(None, (", ".join(names), day))) or "unknown"


def _component_names(data: Any) -> list[str]:
    """Return the writers, normalizers and colormaps of a plan as data, each once."""
    try:
        lanes = [*data["lanes"], *(lane for rule in data["rules"] for lane in rule["lanes"])]
        found = [
            lane[slot]["name"]
            for slot in ("writer", "normalizer", "colormap")
            for lane in lanes
            if lane[slot]
        ]
    except (KeyError, TypeError):
        return []
    return list(dict.fromkeys(map(str, found)))


def folder_of_chain(plan: Plan) -> str:
    """Return the name of a folder for the pictures of one chain: ``png-minmax-1f0c2a9b``.

    It stays the same when dcmconv or a plugin is upgraded.
    """
    data = _data_of(plan)
    text = json.dumps(_chosen(data), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return safe_path_part("-".join(_component_names(data))[:80], f"-{digest}")
