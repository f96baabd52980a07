"""A full disk stops the run with a message; with free space, a second run makes the pictures."""

from __future__ import annotations

import resource
import sys

import pytest
from support.program import dcmconv

from proof.accounts import check_accounts, tree
from proof.full_disk import grow, small_disk, why_not
from proof.good_files import make_good_files


@pytest.mark.skipif(bool(why_not()), reason=why_not())
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk_stops_the_run_until_there_is_space(workers, tmp_path):
    keys = make_good_files(tmp_path / "scans", 150)
    words = ("run", tmp_path / "scans", "--workers", workers)
    assert dcmconv(*words, "-o", tmp_path / "whole").returncode == 0
    with small_disk(tmp_path / "disk", "256k") as mounted:
        if not mounted:
            pytest.skip("nothing can be mounted here")
        out = tmp_path / "disk" / "out"
        done = dcmconv(*words, "-o", out)
        assert done.returncode == 5, done.stderr
        assert "No space left on device" in done.stderr
        assert "run again" in done.stderr
        assert "Traceback" not in done.stderr
        assert tree(out).items() < tree(tmp_path / "whole").items()
        grow(tmp_path / "disk", "64m")
        again = dcmconv(*words, "-o", out)
        assert again.returncode == 0, again.stderr
        assert tree(out) == tree(tmp_path / "whole")
        check_accounts(keys, out, once=False)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has prlimit")
def test_a_file_size_limit_leaves_no_incomplete_file(tmp_path):
    make_good_files(tmp_path / "scans", 2)
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"from dcmconv._entry import main; resource.setrlimit(resource.RLIMIT_FSIZE, (1500, {resource.getrlimit(resource.RLIMIT_FSIZE)[1]}));"
        "sys.exit(main(sys.argv[1:]))"
    )
    from support.program import python

    done = python("-c", code, "run", tmp_path / "scans", "-o", tmp_path / "out")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert tree(tmp_path / "out") == {}
