"""Small plans, made of the installed components and those of a test."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from dcmconv.chain.plan import ComponentRef, Lane, Plan
from dcmconv.chain.settings import RunSettings
from dcmconv.plugins.registry import Registry


@cache
def registry() -> Registry:
    """Return everything that is installed here."""
    return Registry.discover()


def lane(writer: str = "png", *, id: str = "", name: str = "", **options: Any) -> Lane:  # noqa: A002
    """Return a lane that scales by minimum and maximum."""
    minmax = registry().ref("normalizer", "minmax")
    return Lane(
        id or writer, minmax, (), None, registry().ref("writer", writer, options), name=name
    )


def plan(
    *lanes: Lane, tags: tuple[str, ...] = (), executor: ComponentRef | None = None, **run: Any
) -> Plan:
    """Return a plan that reads DICOM, and the files of ``support.fault_actions``; keywords go to the run."""
    fault_actions = ComponentRef("reader", "fault_actions", "support.fault_actions:FaultReader")
    return Plan(
        readers=(registry().ref("reader", "dicom"), fault_actions),
        sources=(registry().ref("source", "folder"),),
        lanes=lanes or (lane(),),
        tags=tags,
        run=RunSettings(**run),
        executor=executor,
    )


def in_a_pool(made: Plan, **options: Any) -> Plan:
    """Return the plan with worker processes, however few inputs there are."""
    pool = registry().ref("executor", "processes", options)
    return replace(made, executor=pool)
