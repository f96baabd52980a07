"""How many workers this process may use: affinity and container quotas, not just the machine."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["available_workers"]

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
