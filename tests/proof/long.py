"""The long version of the proof as one command; prints its figures as a Markdown table.

    python -m proof.long                 # all of it: half an hour on two cores
    python -m proof.long fuzzing kills   # some of it

Run it in ``tests``.  A broken promise ends it with an ``AssertionError``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from proof.one_run import TESTS


def fuzzing(folder: Path) -> str:
    """10,000 mutated files."""
    from proof.fuzzing import fuzz
    from proof.mutants import originals

    found, seconds = fuzz(folder, count=10_000, seed=20)
    counts = ", ".join(f"{count:,} {what}" for what, count in found.most_common())
    return (
        f"from {len(originals())} real files, {seconds:.0f} s: {counts}; none twice, none missing"
    )


def tolerant(folder: Path) -> str:
    """10,000 mutated headers, read by pydicom and by the tolerant parser."""
    from proof.tolerant import compare

    found = compare(10_000, seed=20)
    counts = ", ".join(f"{count:,} {what}" for what, count in found.most_common())
    return f"{counts}; none read differently, no picture without a note that pydicom does not read"


def truncation(folder: Path) -> str:
    """8 codecs x 60 cuts, and six further codecs."""
    from proof.truncation import CODECS, MORE, truncations, whole

    refused = {codec: truncations(codec, 60)["truncated"] for codec in [*CODECS, *MORE]}
    assert set(refused.values()) == {60}, refused
    assert all(whole(codec) == 1 for codec in refused)
    first = sum(refused[codec] for codec in CODECS)
    return f"{first} of {60 * len(CODECS)} rejected as truncated ({sum(refused.values())} of {60 * len(refused)} with the further codecs), 0 complete streams rejected"


def byte_damage(folder: Path) -> str:
    """One changed byte, 500 times a codec."""
    from proof.byte_damage import CODECS, damage, share_noticed

    corpus = os.environ.get("DCMCONV_CORPUS")
    found = {codec: damage(codec, 500, Path(corpus) if corpus else None) for codec in CODECS}
    return "noticed: " + ", ".join(f"{codec} {share_noticed(found[codec]):.0%}" for codec in found)


def faults(folder: Path) -> str:
    """A segfault, a hang, 50 GB and an exit among 2,000."""
    from proof.faults import four_faults

    cost = four_faults(folder, count=2000, time_limit=5)
    assert cost.beyond_the_limit < 5, cost
    return (
        f"4 failures with 4 true reasons, 2,000 converted; {cost.beyond_the_limit:.1f} s beyond "
        f"the time limit of {cost.time_limit:g} s"
    )


def kills(folder: Path) -> str:
    """5,000 files, a random worker killed every 0.4 s, the parent ten times."""
    from proof.kills import survive

    done = survive(folder, count=5000, parents=10, every=0.4, seed=1, start="fork")
    return (
        f"{done.parents_killed} parents and {done.workers_killed} workers killed; {done.files:,} "
        f"pictures identical, none twice in the journal; {done.seconds:.0f} s with all resumes, "
        f"{done.undisturbed:.0f} s undisturbed"
    )


def syscalls(folder: Path) -> str:
    """The n-th write, fsync, rename, mkdir or open fails, or is the last; n = 1 to 20."""
    from proof.syscalls import every_shot, shoot, why_not

    if why_not():
        return f"not run: {why_not()}"
    done = shoot(folder, every_shot())
    codes = ", ".join(f"{count} x {code}" for code, count in sorted(done.exits.items()))
    return (
        f"{done.tried} shots, {done.hit} of them ended the run or failed an input: 0 short files, "
        f"0 losses at exit 0, {done.tried} repaired by a second run (exit codes: {codes})"
    )


def disk(folder: Path) -> str:
    """A full disk, and every start method."""
    return _tests("test_full_disk.py", "test_same_bytes.py")


def memory(folder: Path) -> str:
    """10,000 files, and 300 frames in one."""
    from proof.good_files import make_good_files
    from proof.memory import make_large_file, watch

    make_good_files(folder / "scans", 10_000)
    many = watch("run", folder / "scans", "-o", folder / "many", "--workers", "2", every=0.2)
    assert many.growth() < 10, many.growth()
    one = watch("run", make_large_file(folder / "large.dcm"), "-o", folder / "one", "-w", "jpg")
    assert one.peak < 400, one.peak
    return (
        f"10,000 files in {many.seconds:.0f} s: largest process {many.peak:.0f} MiB, growth from "
        f"the second third to the last {many.growth():.1f} MiB; 300 frames of 150 MB: "
        f"{one.peak:.0f} MiB at most, {one.seconds:.1f} s"
    )


def model(folder: Path) -> str:
    """Journal and resume against a model."""
    return _tests("test_model.py", DCMCONV_MODEL_EXAMPLES="300")


def coverage(folder: Path) -> str:
    """Ten minutes of coverage-guided fuzzing."""
    options = ["-max_total_time=600", "-rss_limit_mb=6000", "-max_len=200000"]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "proof.fuzz_parsing", *options,
         f"-artifact_prefix={folder}/", str(folder / "corpus")],
        cwd=TESTS, capture_output=True, text=True, check=False, errors="replace",
    )  # fmt: skip
    if "No module named 'atheris'" in done.stderr:
        return "not run: atheris is not installed"
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr.strip().splitlines()[-1]


def _tests(*names: str, **environment: str) -> str:
    paths = [str(TESTS / "proof" / name) for name in names]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--timeout=3000", *paths],
        cwd=TESTS.parent,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout.strip().splitlines()[-1]


PARTS: dict[str, Callable[[Path], str]] = {
    part.__name__: part
    for part in (
        fuzzing,
        tolerant,
        truncation,
        byte_damage,
        faults,
        kills,
        syscalls,
        disk,
        memory,
        model,
        coverage,
    )
}


def main() -> None:
    """Run the parts that were named, or all."""
    for name in sys.argv[1:] or PARTS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="dcmconv-proof-") as folder:
            figure = PARTS[name](Path(folder))
        what = (PARTS[name].__doc__ or name).rstrip(".")
        print(f"| {what} | {figure} | {time.monotonic() - began:.0f} s |", flush=True)


if __name__ == "__main__":
    main()
