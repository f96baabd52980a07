"""Frame numbers that cannot be."""

from __future__ import annotations

import pytest

from dcmconv.chain.frames import parse_frames
from dcmconv.errors import UsageError


@pytest.mark.parametrize("text", ["2147483648", "1-99999999999", "9" * 5000])
def test_more_frames_than_there_can_be_are_refused_as_such(text):
    with pytest.raises(UsageError, match="there are at most 2147483647 frames"):
        parse_frames(text)


def test_the_last_frame_that_can_be_is_taken():
    assert parse_frames("2147483647") == ((2147483647, 2147483647),)
