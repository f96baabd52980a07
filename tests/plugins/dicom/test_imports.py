"""What a typical file does not need is not imported."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from support.dicom_files import as_bytes, monochrome
from support.reading import recoded

PIXELS = np.arange(16, dtype=np.uint16).reshape(4, 4)
PROGRAM = """
import sys
from dcmconv import run
outcomes = list(run(sys.argv[1], sys.argv[2], normalize="minmax", writers=[sys.argv[3]]))
assert outcomes[0].status == "converted", outcomes
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def imported(tmp_path, content: bytes, writer: str) -> set[str]:
    """Return the packages that converting one file imports, in a separate process."""
    source = tmp_path / "file"
    source.write_bytes(content)
    words = [sys.executable, "-c", PROGRAM, str(source), str(tmp_path / "out"), writer]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("writer", ["png", "jpg"])
def test_an_explicit_little_endian_file_needs_no_pydicom(tmp_path, writer):
    packages = imported(tmp_path, as_bytes(monochrome(PIXELS)), writer)
    assert {"numpy", "dcmconv_builtins"} <= packages
    assert not packages & {"pydicom", "PIL", "matplotlib", "yaml", "rich", "openjpeg", "pylibjpeg"}


def test_an_implicit_file_is_left_to_pydicom(tmp_path):
    content = recoded(monochrome(PIXELS), "1.2.840.10008.1.2")
    assert "pydicom" in imported(tmp_path, content, "png")
