"""Truncation is always found: no picture from half a stream, and no whole stream refused."""

from __future__ import annotations

import pytest

from proof.truncation import CODECS, MORE, truncations, whole


@pytest.mark.parametrize("codec", [*CODECS, *MORE])
def test_every_cut_is_refused_as_truncated(codec):
    assert truncations(codec, 60) == {"truncated": 60}


@pytest.mark.parametrize("codec", [*CODECS, *MORE])
def test_a_whole_stream_is_not_refused(codec):
    assert whole(codec) == 1
