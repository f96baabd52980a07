"""Frames of an open input: which are wanted, and errors that name them."""

from __future__ import annotations

import pytest

from dcmconv.errors import InputError, SkipInput
from dcmconv.render.frames import naming_the_frame, wanted_frames


@pytest.mark.parametrize(("frame_count", "choice"), [(1, "--frames 1"), (3, "--frames 1-3")])
def test_a_missing_frame_suggests_the_existing_ones(frame_count, choice):
    with pytest.raises(InputError, match="Frame 9 does not exist") as caught:
        wanted_frames(((9, None),), frame_count)
    assert caught.value.hint.endswith(choice)


def test_an_error_names_its_frame():
    with pytest.raises(InputError, match=r"^Frame 2: too dark\n"), naming_the_frame(2, 3):
        raise InputError("too dark", hint="Try another.")


def test_a_skipped_input_names_no_frame():
    with pytest.raises(SkipInput, match=r"^nothing to see$"), naming_the_frame(2, 3):
        raise SkipInput("nothing to see")
