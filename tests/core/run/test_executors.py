"""How many workers a container lets a run have."""

from __future__ import annotations

import os

import pytest

from dcmconv.run.executors import available_workers

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="affinity is Linux's")
USABLE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def workers(tmp_path, membership, **files):
    (tmp_path / "membership").write_text(membership)
    for name, content in files.items():
        path = tmp_path / "groups" / name.replace("__", "/").replace("_max", ".max")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return available_workers(cgroups=tmp_path / "groups", membership=tmp_path / "membership")


def test_without_quotas_it_is_the_affinity(tmp_path):
    assert workers(tmp_path, "0::/\n", cpu_max="max 100000\n") == USABLE


def test_a_quota_of_half_a_cpu_is_one_worker(tmp_path):
    assert workers(tmp_path, "0::/\n", cpu_max="50000 100000\n") == 1


def test_a_quota_above_this_process_s_group_counts(tmp_path):
    found = workers(tmp_path, "0::/pod/box\n", pod__cpu_max="100000 100000\n")
    assert found == 1


def test_version_1_quotas_count(tmp_path):
    folder = tmp_path / "groups" / "cpu,cpuacct" / "box"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_quota_us").write_text("100000\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    assert workers(tmp_path, "4:memory:/x\n3:cpu,cpuacct:/box\n") == 1


def test_no_control_groups_at_all_is_fine(tmp_path):
    found = available_workers(cgroups=tmp_path / "none", membership=tmp_path / "none")
    assert found == USABLE
