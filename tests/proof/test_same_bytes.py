"""One process, many processes, resumed or killed: the same files, byte for byte."""

from __future__ import annotations

import random

import pytest
from hostile.batch import run, write
from hostile.recipes import RECIPES
from support.plans import in_a_pool, plan

from dcmconv.run.engine import Run
from proof.accounts import tree
from proof.good_files import make_good_files
from proof.one_run import finished, kill, no_process_left, started


def differing(path):
    """Return the journal of an output without its times."""
    from hostile.batch import journal

    lines = journal(path)
    for line in lines:
        for name in ("time", "seconds", "began", "ended"):
            line.pop(name, None)
    return sorted(lines, key=lambda line: line["input"])


@pytest.fixture
def scans(tmp_path):
    make_good_files(tmp_path / "scans", 60)
    for name in random.Random(3).sample(sorted(set(RECIPES) - {"deflate-bomb"}), 40):
        write(name, tmp_path / "scans" / "hostile")
    return tmp_path / "scans"


def test_start_method_and_workers_do_not_change_the_files(scans, tmp_path):
    from dataclasses import replace

    from support.plans import registry

    inline = plan()
    inline = replace(inline, executor=registry().ref("executor", "inline"))
    run(inline, scans, tmp_path / "inline")
    whole = tree(tmp_path / "inline")
    assert len(whole) > 60
    for workers in (1, 2, 3):
        for start in ("fork", "forkserver", "spawn"):
            out = tmp_path / f"{start}-{workers}"
            run(in_a_pool(plan(workers=workers), start=start), scans, out)
            assert tree(out) == whole
            assert differing(out) == differing(tmp_path / "inline")


def test_an_abandoned_run_resumes_to_the_same_files(scans, tmp_path):
    run(plan(), scans, tmp_path / "whole")
    out = tmp_path / "out"
    for count in (1, 7, 30):
        outcomes = iter(Run(plan(), [str(scans)], out))
        for _ in range(count):
            next(outcomes)
        outcomes.close()
    run(plan(), scans, out)
    assert tree(out) == tree(tmp_path / "whole")


@pytest.mark.parametrize("start", ["inline", "forkserver", "spawn"])
def test_a_killed_run_resumes_to_the_same_files(start, tmp_path):
    make_good_files(tmp_path / "scans", 120)
    finished(tmp_path / "scans", tmp_path / "whole", start)
    whole, out = tree(tmp_path / "whole"), tmp_path / "out"
    for fewest in (60,) if start == "inline" else (1, 60):
        process = started(tmp_path / "scans", out, start)
        with no_process_left(process):
            while process.poll() is None and not (out.is_dir() and len(tree(out)) >= fewest):
                pass
            kill(process.pid)
            process.communicate()
        assert tree(out).items() <= whole.items()
    # What this process was reading when it died is suspect, and goes to a worker.
    finished(tmp_path / "scans", out, "forkserver" if start == "inline" else start)
    assert tree(out) == whole
