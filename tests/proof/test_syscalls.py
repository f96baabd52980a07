"""The n-th system call fails or is the last: no incomplete file, no unreported loss."""

from __future__ import annotations

import pytest

from proof.syscalls import every_shot, shoot, why_not


@pytest.mark.skipif(bool(why_not()), reason=f"no fault injection: {why_not()}")
def test_whichever_call_fails_a_second_run_repairs_the_rest(tmp_path):
    shots = every_shot()[::9]
    done = shoot(tmp_path, shots)
    assert done.tried == len(shots)
    assert done.hit > 5
