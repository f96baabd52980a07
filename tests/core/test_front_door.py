"""``import dcmconv`` gives its few names, and keeps them."""

from __future__ import annotations

import subprocess
import sys


def test_run_stays_a_function_when_the_package_of_that_name_is_imported():
    code = (
        "import dcmconv; first = dcmconv.run; import dcmconv.run.engine; "
        "from dcmconv import run; print(dcmconv.run is first is run, callable(run))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("True True\n", "")
