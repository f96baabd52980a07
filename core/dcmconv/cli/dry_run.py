"""``dcmconv run --dry-run``: the chain as it would run, and what it would run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dcmconv.chain.plan import Plan
from dcmconv.cli.guard import EXIT_NOTHING
from dcmconv.cli.report import counted
from dcmconv.cli.run_flags import RunFlags
from dcmconv.cli.terminal import print_json, print_result, say
from dcmconv.model.inputs import Reference

__all__ = ["show_plan"]


def show_plan(flags: RunFlags, shown_chain: str, plan: Plan) -> int:
    """Print the chain and the number of inputs; nothing is opened and nothing is written."""
    count = size = 0
    for key, bytes_ in _inputs(flags, plan):
        count, size = count + 1, size + bytes_
        if flags.verbose:
            say(key)
    if flags.as_json:
        readers = [reader.as_data() for reader in plan.readers]
        made = {"readers": readers, "lanes": [lane.as_data() for lane in plan.lanes]}
        print_json({"kind": "dry-run", "inputs": count, "bytes": size, **made})
    else:
        print_result(shown_chain.rstrip())
        inputs = counted(count, "input")
        print_result(f"# {inputs} ({size / 1e6:,.1f} MB) would be looked at; nothing was written.")
    return 0 if count else EXIT_NOTHING


def _inputs(flags: RunFlags, plan: Plan) -> Iterator[tuple[str, int]]:
    from dcmconv.run.walk import Selection, Walk

    selection = Selection(tuple(flags.include), tuple(flags.exclude))
    walk = Walk(plan.sources, flags.inputs or ["."], (Path(flags.out),), selection)
    for found in walk.found():
        if isinstance(found.item, Reference):
            yield found.item.key, found.item.size or 0
