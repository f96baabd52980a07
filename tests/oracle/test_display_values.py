"""Every value of every frame of every real file is displayed as in PS3.3 C.11."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from support.covers import covers

from dcmconv.plugin import Frame, InputError
from dcmconv.render.tone import render_tone
from dcmconv_builtins.normalizers.auto import Auto
from dcmconv_builtins.normalizers.minmax import MinMax
from dcmconv_builtins.normalizers.voi import Voi
from dcmconv_builtins.normalizers.window import Window
from oracle.colors import NATIVE, native_values, palette_colors, rgb_of, scaled
from oracle.files import dataset_of, frames_of, real_files, transfer_syntax_of
from oracle.reference import NoSuchVoi, Reference
from oracle.rows import rows_of

pytestmark = pytest.mark.filterwarnings("ignore:::pydicom")

FILES = [pytest.param(name, marks=covers(*rows_of(name), tried=name)) for name in real_files()]
NORMALIZERS: dict[str, Any] = {
    "minmax": lambda _: MinMax(),
    "auto": lambda _: Auto(),
    "window": lambda number: Window(number=int(number)),
    "voi": lambda number: Voi(number=int(number)),
}


def ways_of(reference: Reference) -> Iterator[str]:
    """Yield every way to display a frame, and one window and one table that do not exist."""
    yield from ("minmax", "auto")
    yield from (f"window {number + 1}" for number in range(len(reference.windows()) + 1))
    yield from (f"voi {number + 1}" for number in range(len(reference.voi_tables()) + 1))


def normalizer_of(way: str) -> Any:
    name, _, number = way.partition(" ")
    return NORMALIZERS[name](number)


@pytest.mark.parametrize("name", FILES)
def test_display_values_equal_the_reference_renderer(name):
    dataset = dataset_of(name)
    byte_order = NATIVE.get(transfer_syntax_of(dataset))
    for frame_index, frame in enumerate(frames_of(name)):
        if byte_order is not None:
            assert_same_pixels(
                frame, native_values(dataset, frame_index, byte_order=byte_order), dataset
            )
        if frame.is_color:
            assert_same_colors(frame, dataset)
        elif not frame.is_label:
            assert_same_tones(frame, Reference(dataset, frame_index))


def assert_same_pixels(frame: Frame, values: Any, dataset: Any) -> None:
    if values.ndim == 3:
        values = rgb_of(values, dataset)
    assert np.array_equal(frame.stored_values, values, equal_nan=values.dtype.kind == "f")


def assert_same_colors(frame: Frame, dataset: Any) -> None:
    colors, bits = frame.stored_values, frame.bits_stored
    if frame.palette is not None:
        colors, bits = palette_colors(frame.stored_values, dataset)
    for depth in (8, 16):
        picture, _ = render_tone(frame, MinMax(), depth=depth)
        assert np.array_equal(picture.pixels, scaled(colors.astype(float), bits, depth))


def assert_same_tones(frame: Frame, reference: Reference) -> None:
    # The reference is slow: compute each distinct value of the frame once.
    values, places = np.unique(frame.stored_values, return_inverse=True)
    for way in ways_of(reference):
        for depth, invert in ((8, False), (8, True), (16, False)):
            try:
                wanted = reference.display_values(values, way, depth=depth, invert=invert)
            except NoSuchVoi:
                with pytest.raises(InputError) as caught:
                    render_tone(frame, normalizer_of(way))
                assert caught.value.hint
                break
            picture, _ = render_tone(frame, normalizer_of(way), depth=depth, invert=invert)
            different = int(
                np.count_nonzero(
                    picture.pixels != wanted[places.reshape(frame.stored_values.shape)]
                )
            )
            assert different == 0, f"frame {frame.frame_number}, {way}, {depth} bits, {invert}"
