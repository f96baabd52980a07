"""Who does the work: this process for a handful of inputs, a supervised pool for more."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dcmconv.chain.plan import ComponentRef, Plan
from dcmconv.chain.settings import RunSettings
from dcmconv.model.executor import Executor, Job, Lost, WorkerPool
from dcmconv.model.inputs import Reference
from dcmconv.model.outcome import Failed
from dcmconv.run.messages import WorkerSetup
from dcmconv.run.walk import Found
from dcmconv.run.window import PendingInput

if TYPE_CHECKING:
    from dcmconv.plugins.registry import Registry

__all__ = [
    "HANDFUL",
    "at_hand",
    "available_workers",
    "default_executor",
    "failed_from",
    "number_of_workers",
    "open_pool",
]

HANDFUL = 4
"""Up to so many inputs, starting a pool costs more than it gives."""
HANDFUL_BYTES = 64 << 20
TARGET = "dcmconv.run.worker:start"

HINTS = {
    "crash": "A decoder or a plugin has a fault. The other inputs are not affected.",
    "timeout": "Try again with a higher limit: --retry-failed --timeout SECONDS",
    "memory": "Try again with a higher limit: --retry-failed --workers 1 --memory MIB",
}


def at_hand(first: Sequence[Found]) -> bool:
    """Say whether the first inputs of a walk, one more than a handful, are a handful."""
    sizes = [found.item.size or 0 for found in first if isinstance(found.item, Reference)]
    return len(first) <= HANDFUL and sum(sizes) <= HANDFUL_BYTES


def open_pool(plan: Plan, executor: ComponentRef, parts: Path) -> WorkerPool:
    """Start the workers of a run."""
    preload = ("dcmconv.run.worker", *_modules(plan))
    job = Job(TARGET, WorkerSetup(plan, str(parts.absolute())), preload)
    return cast("Executor", executor.load()).open(job, workers=number_of_workers(plan))


def number_of_workers(plan: Plan) -> int:
    """Return how many workers a run has, if it has any."""
    return plan.run.worker_count or available_workers()


def default_executor(
    settings: RunSettings, registry: Registry | None, *, here: bool
) -> ComponentRef:
    """Return the executor of a run that names none: ``inline`` or ``processes``."""
    if registry is None:
        from dcmconv.plugins.registry import Registry

        registry = Registry.discover()
    if here:
        return registry.ref("executor", "inline")
    memory = {"memory": settings.memory} if settings.memory else {}
    return registry.ref("executor", "processes", memory)


def failed_from(item: PendingInput, lost: Lost) -> Failed:
    """Return the outcome of an input whose worker did not come back with one."""
    message = {
        "crash": f"The worker that read it died, twice: {lost.message}.",
        "timeout": f"It was not done within {item.seconds or 0:g} seconds.",
    }.get(lost.reason, lost.message)
    reference = item.assignment.reference if item.assignment else None
    return Failed(
        input=item.key,
        locator=item.locator,
        size=reference.size if reference else None,
        mtime_ns=reference.mtime_ns if reference else None,
        reason=lost.reason if lost.reason in HINTS else "internal",
        message=message,
        hint=HINTS.get(lost.reason, "This is a fault in a plugin or in dcmconv; please report it."),
    )


def _modules(plan: Plan) -> list[str]:
    """Return the modules of everything that the plan may use."""
    modules = (component.target.partition(":")[0] for component in plan.components)
    return list(dict.fromkeys(modules))


CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def available_workers(*, cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Return how many processes can compute at once here, at least 1.

    The least of the CPUs that this process may run on and the CPU quota of its control groups
    (version 1 or 2, every level up to the root), rounded up.
    """
    quotas = [quota for folder in _groups(cgroups, membership) if (quota := _quota(folder))]
    whole = [int(-(-quota // 1)) for quota in quotas]
    return max(1, min([_usable_cpus(), *whole]))


def _usable_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _groups(cgroups: Path, membership: Path) -> list[Path]:
    """Return the folders of the groups that this process is in, and those above them."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return []
    folders: list[Path] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        # Version 2 has one tree; version 1 a tree per set of controllers.
        root = cgroups / controllers if controllers else cgroups
        inside = path.strip("/").split("/") if path.strip("/") else []
        folders += [root.joinpath(*inside[:depth]) for depth in range(len(inside) + 1)]
    return folders


def _quota(folder: Path) -> float | None:
    """Return the CPUs that a group may use together; None where it has no limit."""
    try:
        if (folder / "cpu.max").exists():
            limit, period = (folder / "cpu.max").read_text().split()
        else:
            limit = (folder / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu.cfs_period_us").read_text().strip()
        if limit in ("max", "-1"):
            return None
        return int(limit) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
