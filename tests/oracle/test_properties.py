"""Properties of any picture, from the bytes of a file to display values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydicom.uid import (
    JPEG2000Lossless,
    RLELossless,
)
from support.covers import covers
from support.dicom_files import as_bytes, color, compressed, encapsulated, monochrome
from support.streams import SYNTAX, encoded

import dcmconv

SHAPES = st.tuples(st.integers(1, 24), st.integers(1, 24))
GRAY_TYPES = st.sampled_from(
    [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32]
)
NORMALIZERS = st.sampled_from(
    ["minmax", "percentile", "window:center=40,width=400", "window:center=0,width=1",
     "window:center=-7.5,width=0.5,function=LINEAR_EXACT", "window:center=10,width=90,function=SIGMOID"]
)  # fmt: skip


def pixels(dataset, **chain):
    return dcmconv.convert(as_bytes(dataset), **chain).pixels


def gray_values(low=-1500, high=1500, types=GRAY_TYPES):
    """Return a strategy for frames, some of them large enough for a lookup table."""

    def frames(dtype):
        limits = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else np.iinfo(np.int16)
        inside = st.integers(max(low, limits.min), min(high, limits.max))
        return hnp.arrays(dtype, SHAPES, elements=inside.map(dtype))

    return types.flatmap(frames)


@covers("PS3.3 C.11.2.1.2 Monotone curves stay monotone")
@given(
    values=gray_values(),
    normalize=NORMALIZERS,
    slope=st.sampled_from(["1", "0.1", "32.1216", "-2"]),
    inverted=st.booleans(),
    bits=st.sampled_from([8, 16]),
    repeats=st.sampled_from([1, 40]),
)
def test_brighter_stays_brighter(values, normalize, slope, inverted, bits, repeats):
    meaning = "MONOCHROME1" if inverted else "MONOCHROME2"
    values = np.tile(values, (repeats, 1))
    dataset = monochrome(values, RescaleSlope=slope, PhotometricInterpretation=meaning)
    shown = pixels(dataset, normalize=normalize, bits=bits).astype(int).ravel()
    in_order = shown[np.argsort(values, axis=None, kind="stable")]
    is_falling = inverted != slope.startswith("-")
    assert (np.diff(-in_order if is_falling else in_order) >= 0).all()


@covers("PS3.3 C.11.2.1.2 Adding a constant to values and center changes nothing")
@given(
    values=gray_values(types=st.sampled_from([np.int16, np.int32])),
    center=st.integers(-1000, 1000),
    width=st.integers(1, 3000),
    constant=st.integers(-20_000, 20_000),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)
def test_adding_a_constant_to_values_and_center_changes_nothing(
    values, center, width, constant, function
):
    def shown(offset):
        changes = {"WindowCenter": str(center + offset), "WindowWidth": str(width)}
        moved = (values.astype(np.int64) + offset).astype(values.dtype)
        return pixels(monochrome(moved, VOILUTFunction=function, **changes), normalize="window")

    assert np.array_equal(shown(0), shown(constant))


@covers("PS3.3 C.7.6.3.1.2 MONOCHROME1 of inverted values equals MONOCHROME2")
@given(
    values=gray_values(0, 255, st.sampled_from([np.uint8, np.uint16])),
    normalize=st.sampled_from(["minmax", "window:center=127.5,width=100,function=LINEAR_EXACT"]),
    bits=st.sampled_from([8, 16]),
)
def test_monochrome1_of_inverted_values_equals_monochrome2(values, normalize, bits):
    if values.min() == values.max() and normalize == "minmax":
        return  # A constant frame is the minimum of its range either way.
    straight = pixels(monochrome(values), normalize=normalize, bits=bits)
    turned = monochrome(
        (255 - values).astype(values.dtype), PhotometricInterpretation="MONOCHROME1"
    )
    assert np.array_equal(straight, pixels(turned, normalize=normalize, bits=bits))


@covers("PS3.3 C.7.6.6 Reading frame by frame equals reading all frames")
@given(
    values=hnp.arrays(np.int16, st.tuples(st.integers(2, 5), st.integers(1, 9), st.integers(1, 9)),
                      elements=st.integers(-500, 500)),
    normalize=NORMALIZERS,
    data=st.data(),
)  # fmt: skip
def test_splitting_frames_changes_nothing(values, normalize, data):
    content = as_bytes(monochrome(values))
    whole = [picture.pixels for picture in dcmconv.convert_frames(content, normalize=normalize)]
    assert len(whole) == len(values)
    for index in data.draw(st.permutations(range(len(values)))):
        asked = dcmconv.convert(content, frame=index + 1, normalize=normalize).pixels
        alone = pixels(monochrome(values[index]), normalize=normalize)
        assert np.array_equal(whole[index], asked)
        assert np.array_equal(whole[index], alone)


@covers("PS3.3 C.11 8-bit pictures are the 16-bit ones rounded")
@given(values=gray_values(), normalize=NORMALIZERS, invert=st.booleans())
def test_8_bits_are_16_bits_rounded_within_one(values, normalize, invert):
    dataset = monochrome(values)
    eight = pixels(dataset, normalize=normalize, invert=invert)
    sixteen = pixels(dataset, normalize=normalize, invert=invert, bits=16)
    # Rounding twice, first to 1/257 of a level, may move a half by that much.
    assert (np.abs(eight - sixteen / 257) <= 0.5 + 0.5 / 257 + 1e-9).all()


LOSSLESS = ["deflated-frame", "encapsulated-uncompressed", "rle", "jpeg-lossless", "jpeg-ls",
            "jpeg-2000", "htj2k", "jpeg-xl"]  # fmt: skip


@covers("PS3.5 8.2 Lossless codings of the same values give the same pictures")
@pytest.mark.parametrize("syntax", LOSSLESS)
@given(
    values=gray_values(types=st.sampled_from([np.uint8, np.uint16, np.int16])),
    normalize=NORMALIZERS,
)
def test_lossless_coding_changes_no_picture(syntax, values, normalize):
    plain = pixels(monochrome(values), normalize=normalize)
    coded = encapsulated(monochrome(values), SYNTAX[syntax], [encoded(syntax, values)])
    assert np.array_equal(pixels(coded, normalize=normalize), plain)


@covers("PS3.5 8.2 Lossless codings of the same values give the same pictures")
@pytest.mark.parametrize("uid", [RLELossless, JPEG2000Lossless])
@pytest.mark.parametrize("kind", ["gray", "color"])
def test_pydicoms_lossless_encoders_change_no_picture(uid, kind):
    values = np.random.default_rng(5).integers(0, 256, (40, 56, 3), dtype=np.uint8)
    make, values = (color, values) if kind == "color" else (monochrome, values[..., 0])
    plain = pixels(make(values))
    assert np.array_equal(pixels(compressed(make(values), uid)), plain)
