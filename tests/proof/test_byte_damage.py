"""The short form of the measurement of one-byte damage: no codec notices less than it is said to."""

from __future__ import annotations

import pytest

from proof.byte_damage import CODECS, damage, share_noticed

LEAST = {
    "JPEG baseline": 0.2,
    "JPEG extended, 12 bits": 0.1,
    "JPEG lossless": 0.25,
    "JPEG-LS": 0.9,
    "JPEG 2000 lossless": 0.0,
    "JPEG 2000 lossy": 0.0,
    "HTJ2K": 0.1,
    "JPEG XL": 0.95,
    "RLE": 0.1,
    "deflated frames": 0.4,
}


@pytest.mark.parametrize("codec", CODECS)
def test_a_codec_notices_its_share_of_damaged_bytes(codec):
    assert share_noticed(damage(codec, 60)) >= LEAST[codec]
