"""A killed worker costs one file; a killed run costs nothing after a second run."""

from __future__ import annotations

import sys

import pytest

from proof.faults import four_faults
from proof.kills import survive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to find the workers")


def test_four_faults_among_good_files_are_four_failures_with_their_reasons(tmp_path):
    cost = four_faults(tmp_path, count=200, time_limit=6.0)
    assert cost.beyond_the_limit < 5


@pytest.mark.parametrize("start", ["fork", "forkserver", "spawn"])
def test_workers_and_parents_killed_at_random_cost_no_picture(start, tmp_path):
    done = survive(
        tmp_path,
        count=400,
        parents=2,
        every=3.0 if start == "spawn" else 0.4,
        seed=5,
        start=start,
    )
    assert done.parents_killed == 2
