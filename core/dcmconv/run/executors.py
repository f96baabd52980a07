"""Where the work is done: which executor, how many workers, and the pool."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dcmconv.chain.plan import ComponentRef, Plan
from dcmconv.errors import UsageError
from dcmconv.model.executor import Executor, Job, WorkerPool
from dcmconv.run.messages import WorkerSetup
from dcmconv.run.walk import Found

if TYPE_CHECKING:
    from dcmconv.plugins.registry import Registry

__all__ = ["HANDFUL", "available_workers", "default_executor", "is_handful", "open_pool"]

HANDFUL = 4
"""Up to this many inputs, starting worker processes costs more than it saves."""
HANDFUL_BYTES = 64 << 20


def is_handful(first: Sequence[Found]) -> bool:
    """Say whether the first inputs of a walk, one more than a handful, are few and small."""
    # A source may not know the size of an input.
    return len(first) <= HANDFUL and sum(found.size or 0 for found, _ in first) <= HANDFUL_BYTES


def default_executor(registry: Registry | None, *, few: bool) -> ComponentRef:
    """Return the executor of a run that names none: the default for few inputs, or for many.

    Raises
    ------
    UsageError
        If no installed plugin offers a default.
    """
    if registry is None:
        from dcmconv.plugins.registry import Registry

        registry = Registry.discover()
    found = registry.default("executor", "few") if few else None
    found = found or registry.default("executor", "many")
    if found is None:
        raise UsageError(
            "No installed plugin offers a default executor.",
            hint="Name one with --set run.executor=NAME; installed: "
            f"{', '.join(registry.names('executor')) or 'none'}.",
        )
    return found


def open_pool(plan: Plan, executor: ComponentRef, parts: Path, *, workers: int) -> WorkerPool:
    """Start the workers of a run."""
    modules = dict.fromkeys(used.target.partition(":")[0] for used in plan.components)
    job = Job(
        "dcmconv.run.worker:start",
        WorkerSetup(plan, str(parts.absolute())),
        ("dcmconv.run.worker", *modules),
        plan.run.memory,
    )
    return cast("Executor", executor.load()).open(job, workers=workers)


CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def available_workers(*, cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Return how many processes can compute at once here, at least 1.

    The smallest of the number of CPUs that this process may use and the CPU quotas of its control
    groups (version 1 or 2, every level up to the root), rounded up.
    """
    quotas = [quota for folder in _groups(cgroups, membership) if (quota := _quota(folder))]
    whole = [int(-(-quota // 1)) for quota in quotas]
    return max(1, min([_usable_cpus(), *whole]))


def _usable_cpus() -> int:
    # os.cpu_count() ignores the limits of taskset, cpusets and batch systems.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _groups(cgroups: Path, membership: Path) -> list[Path]:
    """Return the folders of the control groups of this process, with their parents."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return []
    folders: list[Path] = []
    for line in lines:
        # cgroups(7): number:controllers:path; version 2 names no controllers.
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        # Version 2 has one tree, version 1 one for each set of controllers.
        root = cgroups / controllers if controllers else cgroups
        inside = path.strip("/").split("/") if path.strip("/") else []
        # With the root: in a container, the path may be one of the host that is not mounted here.
        folders += [root.joinpath(*inside[:depth]) for depth in range(len(inside) + 1)]
    return folders


def _quota(folder: Path) -> float | None:
    """Return how many CPUs a group may use; None if it has no limit."""
    try:
        if (folder / "cpu.max").exists():
            limit, period = (folder / "cpu.max").read_text().split()
        else:
            limit = (folder / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu.cfs_period_us").read_text().strip()
        # No limit: "max" in version 2, -1 in version 1.
        if limit in ("max", "-1"):
            return None
        return int(limit) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
