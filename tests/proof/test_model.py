"""Journal and resume against a model: whatever happened before, the last run leaves the right pictures."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from multiprocessing import forkserver
from pathlib import Path

import numpy as np
from hostile.base import RAMP, ramp
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.dicom_files import as_bytes
from support.plans import plan, registry

from dcmconv.run.engine import Run
from proof.accounts import last_lines, tree

KILLED = 9
HEAD = as_bytes(ramp())[: -RAMP.nbytes]
NAMES = ("a.dcm", "A.dcm", "sub/a.ima", "sub/a.dcm")
"""A handful, which is read in this process; what a killed run had begun goes to a worker."""


def content(version: int) -> bytes:
    """Return a good file; each version has other pixels, and version 0 is truncated."""
    whole = HEAD + np.roll(RAMP, version).tobytes()
    return whole[:-2] if version == 0 else whole


def chain(inverted: bool):
    return plan(replace(plan().lanes[0], invert=inverted))


class Batch(RuleBasedStateMachine):
    """A folder of inputs, a folder of outputs, and what happens to both."""

    @initialize()
    def empty(self):
        self.folder = Path(tempfile.mkdtemp(prefix="dcmconv-model-"))
        self.scans, self.out = self.folder / "scans", self.folder / "out"
        self.scans.mkdir()
        self.inputs: dict[str, int] = {}
        self.inverted = False
        self.was_killed = False
        self.altered: set[str] = set()
        self.clock = 1_000_000_000

    def teardown(self):
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    @rule(name=st.sampled_from(NAMES), version=st.integers(0, 5))
    def add_or_change(self, name, version):
        path = self.scans / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content(version))
        self.clock += 1
        os.utime(path, (self.clock, self.clock))
        self.inputs[name] = version

    @precondition(lambda self: self.inputs)
    @rule(data=st.data())
    def delete_an_input(self, data):
        name = data.draw(st.sampled_from(sorted(self.inputs)))
        (self.scans / name).unlink()
        del self.inputs[name]

    @precondition(lambda self: self.pictures())
    @rule(data=st.data())
    def delete_a_picture(self, data):
        (self.out / data.draw(st.sampled_from(self.pictures()))).unlink()

    @precondition(lambda self: self.pictures())
    @rule(data=st.data(), more=st.booleans())
    def alter_a_picture(self, data, more):
        path = self.out / data.draw(st.sampled_from(self.pictures()))
        whole = path.read_bytes()
        path.write_bytes(whole + b"x" if more else whole[: len(whole) // 2])
        self.altered.add(hashlib.sha256(path.read_bytes()).hexdigest())

    @rule()
    def change_the_chain(self):
        self.inverted = not self.inverted

    @rule(after=st.integers(0, 4))
    def kill_a_run(self, after):
        child = os.fork()
        if child == 0:
            try:
                # The fork server is the parent's; this process needs its own.
                forkserver._forkserver.__init__()
                for done, _ in enumerate(self.batch()):
                    if done == after:
                        os._exit(KILLED)
                os._exit(0)
            finally:
                os._exit(70)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, KILLED)
        self.was_killed = code == KILLED

    @rule()
    def run_to_the_end(self):
        outcomes = list(self.batch())
        self.was_killed = False
        assert sorted(outcome.input for outcome in outcomes) == sorted(self.inputs)
        lines, standing = last_lines(self.out), tree(self.out)
        for outcome in outcomes:
            version = self.inputs[outcome.input]
            assert outcome.status == ("failed" if version == 0 else "converted"), outcome
            assert lines[outcome.input]["status"] == outcome.status
            if version:
                [output] = outcome.outputs
                assert standing[output.path] == self.right(version)
        claimed = [o.path for outcome in outcomes for o in getattr(outcome, "outputs", ())]
        assert len({path.casefold() for path in claimed}) == len(claimed)
        again = list(self.batch())
        assert all(outcome.unchanged for outcome in again if outcome.status == "converted")
        assert tree(self.out) == standing

    @invariant()
    def every_picture_is_whole(self):
        """Whatever was killed: each published file is a correct picture, or was altered here."""
        standing = tree(self.out).values() if self.has_begun() else []
        assert set(standing) <= self.altered | every_right_picture()

    @invariant()
    def unfinished_files_remain_only_after_a_kill(self):
        parts = list(self.out.rglob("*.part")) if self.has_begun() else []
        assert self.was_killed or parts == []
        assert {path.parent for path in parts} <= {self.out / ".dcmconv" / "parts"}

    def batch(self) -> Run:
        return Run(
            chain(self.inverted), [str(self.scans)], self.out, registry=registry(), replace=True
        )

    def has_begun(self) -> bool:
        return hasattr(self, "out") and self.out.is_dir()

    def pictures(self) -> list[str]:
        return sorted(tree(self.out)) if self.has_begun() else []

    def right(self, version: int) -> str:
        return right_picture(version, self.inverted)


@cache
def right_picture(version: int, inverted: bool) -> str:
    """Return the checksum of what an undisturbed run makes of a version."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "in")
        path.write_bytes(content(version))
        list(Run(chain(inverted), [str(path)], Path(folder, "out")))
        [checksum] = tree(Path(folder, "out")).values()
        return checksum


@cache
def every_right_picture() -> frozenset[str]:
    chains = (False, True)
    return frozenset(right_picture(version, chain) for version in range(1, 6) for chain in chains)


TestJournalAndResume = Batch.TestCase
TestJournalAndResume.settings = settings(
    max_examples=int(os.environ.get("DCMCONV_MODEL_EXAMPLES", "20")),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
