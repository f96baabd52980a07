"""igzip: zlib can read its output, and every process writes the same bytes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zlib
from collections.abc import Iterator

import numpy as np
import pytest

from dcmconv_builtins.writers.png import deflate_by_igzip

LEVELS = (0, 1, 2, 3)


@pytest.mark.parametrize("level", LEVELS)
def test_zlib_reads_every_length(level: int) -> None:
    values = np.random.default_rng(7).integers(0, 5, 200_000).astype(np.uint8)
    for length in (*range(1, 80), 4160, 65_535, 65_536, 65_537, values.size):
        rows = values[:length]
        assert zlib.decompress(deflate_by_igzip(rows, level)) == rows.tobytes()


def test_every_process_packs_the_same_bytes() -> None:
    """Compare two processes with different addresses, on rows for every slot of igzip's table.

    If igzip starts a stream by itself, an address decides how about 16 of these 4096 are packed.
    """
    printed = {subprocess.check_output([sys.executable, __file__]) for _ in range(2)}
    assert len(printed) == 1


def _digests() -> Iterator[str]:
    rest = np.arange(128, 192, dtype=np.uint8)
    for level in LEVELS:
        digest = hashlib.sha256()
        for number in range(4096):
            word = np.array([number & 63, 64 + (number >> 6), 100, 101], np.uint8)
            # Four bytes that come again: found again, or not.
            rows = np.concatenate(([2, 103], word, rest, word, rest)).astype(np.uint8)
            digest.update(deflate_by_igzip(rows, level))
        yield digest.hexdigest()


if __name__ == "__main__":
    print(*_digests(), sep="\n")
