"""The executor of a run that names none, and how many workers a container allows."""

from __future__ import annotations

import os

import pytest

from dcmconv.errors import UsageError
from dcmconv.hooks import Offer
from dcmconv.plugins.registry import Offered, Registry
from dcmconv.run.executors import available_workers, default_executor

needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="only Linux has processor affinity"
)
USABLE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def workers(tmp_path, membership, **files):
    (tmp_path / "membership").write_text(membership)
    for name, content in files.items():
        path = tmp_path / "groups" / name.replace("__", "/").replace("_max", ".max")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return available_workers(cgroups=tmp_path / "groups", membership=tmp_path / "membership")


@needs_affinity
def test_without_quotas_the_affinity_counts(tmp_path):
    assert workers(tmp_path, "0::/\n", cpu_max="max 100000\n") == USABLE


@needs_affinity
def test_a_quota_of_half_a_cpu_is_one_worker(tmp_path):
    assert workers(tmp_path, "0::/\n", cpu_max="50000 100000\n") == 1


@needs_affinity
def test_quotas_of_parent_groups_count(tmp_path):
    found = workers(tmp_path, "0::/pod/box\n", pod__cpu_max="100000 100000\n")
    assert found == 1


@needs_affinity
def test_a_group_name_may_contain_colons(tmp_path):
    found = workers(tmp_path, "0::/pod:a:b\n", **{"pod:a:b__cpu_max": "100000 100000\n"})
    assert found == 1


@needs_affinity
def test_version_1_quotas_count(tmp_path):
    folder = tmp_path / "groups" / "cpu,cpuacct" / "box"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_quota_us").write_text("100000\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    assert workers(tmp_path, "4:memory:/x\n3:cpu,cpuacct:/box\n") == 1


@needs_affinity
def test_missing_control_groups_are_no_limit(tmp_path):
    found = available_workers(cgroups=tmp_path / "none", membership=tmp_path / "none")
    assert found == USABLE


def offering(monkeypatch, **offers):
    """Return a registry with these executors only, in this order; keywords are name=Offer."""
    made = Registry.discover(only=())
    executors = [
        Offered("executor", name, offer.target, plugin="acme", distribution="acme", version="1.0",
                default_for=offer.default_for, rank=offer.rank)
        for name, offer in offers.items()
    ]  # fmt: skip
    monkeypatch.setitem(made._offered, "executor", executors)
    return made


FEW, MANY = Offer("m:Few", default_for="few"), Offer("m:Many", default_for="many")


@pytest.mark.parametrize(
    ("offers", "few", "chosen"),
    [
        pytest.param({"a": FEW, "b": MANY}, True, "a", id="few"),
        pytest.param({"a": FEW, "b": MANY}, False, "b", id="many"),
        pytest.param({"b": MANY}, True, "b", id="workers-can-do-few-as-well"),
        pytest.param({"a": Offer("m:A"), "b": MANY}, False, "b", id="undeclared-is-not-chosen"),
        pytest.param({"b": MANY, "a": MANY}, False, "a", id="equal-ranks-go-by-name"),
        pytest.param({"a": MANY, "z": MANY._replace(rank=1)}, False, "z", id="a-higher-rank"),
    ],
)
def test_an_executor_is_chosen_by_its_offer(monkeypatch, offers, few, chosen):
    assert default_executor(offering(monkeypatch, **offers), few=few).name == chosen


def test_without_a_default_an_executor_must_be_named(monkeypatch):
    with pytest.raises(UsageError, match="No installed plugin offers a default") as caught:
        default_executor(offering(monkeypatch, a=Offer("m:A"), b=FEW), few=False)
    assert caught.value.hint == "Name one with --set run.executor=NAME; installed: a, b."


def test_the_built_in_defaults_are_inline_and_processes():
    built_in = Registry.discover(only=())
    assert default_executor(built_in, few=True).name == "inline"
    assert default_executor(built_in, few=False).name == "processes"
