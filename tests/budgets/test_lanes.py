"""Several outputs of one input share everything up to the point where they differ."""

from __future__ import annotations

import pytest
from support.work_counter import Work, ct_series, python_calls_per_picture

SHARED = ("InputFile._read", "read_header", "NativeFrames.read_frame", "OpenInput._frame")
"""What is done once for an input, however many outputs it has."""


@pytest.fixture
def count(tmp_path):
    series = ct_series(tmp_path / "series", size=32)

    def counted(**chain) -> Work:
        return python_calls_per_picture(series, tmp_path, **chain)

    return counted


def times(work: Work, name: str) -> float:
    return sum(n for call, n in work.calls.items() if call.function.endswith(f" {name}"))


def output(identity: str, writer: str = "png", **changes) -> dict[str, object]:
    return {"id": identity, "use": writer, **changes}


def test_three_windows_are_made_from_one_decode(count):
    windows = {"bone": "window:name=bone", "lung": "window:name=lung", "soft": "window:name=liver"}
    outputs = [output(name, normalize=window) for name, window in windows.items()]

    work = count(chain={"version": 1, "outputs": outputs})

    assert {name: times(work, name) for name in SHARED} == dict.fromkeys(SHARED, 1)
    assert times(work, "TableCache.apply") == times(work, "Png.encode") == 3


def test_two_writers_share_the_finished_picture(count):
    work = count(normalize="minmax", steps=["resize:max=16"], writers=["png", "jpg"])

    assert {name: times(work, name) for name in SHARED} == dict.fromkeys(SHARED, 1)
    assert times(work, "TableCache.apply") == times(work, "Resize.apply") == 1
    assert times(work, "Png.encode") == times(work, "Jpg.encode") == 1
