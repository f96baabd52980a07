"""Truncation is always found: no picture from half a stream, and no complete stream rejected."""

from __future__ import annotations

import pytest

from proof.truncation import CODECS, MORE, truncations, whole


@pytest.mark.parametrize("codec", [*CODECS, *MORE])
def test_every_cut_is_rejected_as_truncated(codec):
    assert truncations(codec, 60) == {"truncated": 60}


@pytest.mark.parametrize("codec", [*CODECS, *MORE])
def test_a_whole_stream_is_not_rejected(codec):
    assert whole(codec) == 1
