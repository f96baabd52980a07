"""What only the pixels themselves show: word order, number of frames, High Bit."""

import numpy as np
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
)
from support.dicom_files import changed, color, encapsulated, monochrome
from support.doubtful_pixels import big_endian, ge_private, shifted, without_frame_count
from support.reading import open_content, read_frame, read_frames, recoded
from support.streams import SYNTAX, encoded

from dcmconv.plugin import InputError, InputFile
from dcmconv_builtins.readers.dicom import DicomReader

RAMP = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)
CUBE = np.stack([RAMP, RAMP + 1, RAMP + 2, RAMP + 3])
WIDE = {np.uint32: 1000, np.int32: -700, np.uint64: 10**15, np.int64: -(10**12)}


def wide(dtype):
    return (RAMP.astype(np.int64) * WIDE[dtype]).astype(dtype)


@pytest.mark.parametrize("low_word_first", [True, False])
@pytest.mark.parametrize("dtype", WIDE)
def test_the_smoother_word_order_is_taken_with_a_note(dtype, low_word_first):
    frame = read_frame(big_endian(wide(dtype), low_word_first=low_word_first))
    assert np.array_equal(frame.stored_values, wide(dtype))
    [note] = frame.notes
    assert f"with the {'low' if low_word_first else 'high'} word first" in note


@pytest.mark.parametrize("low_word_first", [True, False])
def test_a_blank_first_frame_does_not_decide_the_word_order(low_word_first):
    several = np.stack([wide(np.uint32) * 0, wide(np.uint32)])
    frames = read_frames(big_endian(several, low_word_first=low_word_first))
    assert np.array_equal(frames[1].stored_values, several[1])


def test_pixels_that_are_the_same_in_both_word_orders_have_no_note():
    frame = read_frame(big_endian(wide(np.uint32) * 0, low_word_first=True))
    assert frame.notes == ()


def test_pixels_that_are_smooth_in_neither_word_order_are_rejected():
    noise = np.random.default_rng(3).integers(0, 2**32, (48, 64), np.uint32)
    with pytest.raises(InputError, match=r"may have the low one first \(PS3.5 8.1.1\) or the high"):
        open_content(big_endian(noise, low_word_first=True))


def test_salvaged_pixels_are_in_the_smoother_word_order():
    content = big_endian(wide(np.uint32), low_word_first=True)[:-2000]
    instance = DicomReader().salvage(InputFile("made-up", content=content))
    [frame] = instance.frames()
    assert np.array_equal(frame.stored_values[:30], wide(np.uint32)[:30])


def test_little_endian_pixels_of_32_bits_have_no_note():
    assert read_frame(monochrome(wide(np.uint32))).notes == ()


@pytest.mark.parametrize("signed", [False, True])
def test_pixels_of_ges_private_syntax_are_big_endian(signed):
    values = RAMP.astype(np.int16) - 1000 if signed else RAMP
    content = ge_private(
        monochrome(values), values.astype(values.dtype.newbyteorder(">")).tobytes()
    )
    frame = read_frame(content)
    assert np.array_equal(frame.stored_values, values)
    assert frame.notes == ()


def test_bytes_of_ges_private_syntax_are_not_swapped():
    values = (RAMP % 251).astype(np.uint8)
    frame = read_frame(ge_private(monochrome(values), values.tobytes()))
    assert np.array_equal(frame.stored_values, values)


def test_several_frames_of_ges_private_syntax():
    frames = read_frames(ge_private(monochrome(CUBE), CUBE.astype(">u2").tobytes()))
    assert [frame.stored_values[0, 0] for frame in frames] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "syntax",
    [None, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
)
def test_missing_frames_are_counted_by_the_length(syntax):
    made = monochrome(CUBE, NumberOfFrames=None)
    if syntax == ExplicitVRBigEndian:
        made.PixelData = CUBE.astype(">u2").tobytes()
    frames = read_frames(recoded(made, syntax) if syntax else made)
    assert [frame.stored_values[0, 0] for frame in frames] == [0, 1, 2, 3]
    assert "missing; using 4, from the length of Pixel Data (7FE0,0010)" in frames[0].notes[0]


def test_missing_frames_in_color_are_counted():
    values = np.repeat((CUBE[..., np.newaxis] % 256).astype(np.uint8), 3, axis=3)
    assert len(read_frames(color(values, NumberOfFrames=None))) == 4


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_missing_frames_of_8_bits_are_counted(count):
    values = np.stack([(RAMP // 12 + n).astype(np.uint8) for n in range(count)])
    assert len(read_frames(monochrome(values, NumberOfFrames=None))) == count


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param((RAMP * 21).tobytes(), id="16-bits-called-8"),
        pytest.param(
            np.stack([RAMP >> 4, RAMP % 60, RAMP % 7], 2).astype("u1").tobytes(), id="rgb"
        ),
    ],
)
def test_pixels_of_another_kind_are_not_counted_as_frames(pixels):
    with pytest.raises(InputError, match="expected 3072 for 1 frame") as raised:
        open_content(monochrome(RAMP.astype(np.uint8), PixelData=pixels))
    assert raised.value.reason == "mismatch"


@pytest.mark.parametrize("offsets", ["basic", "extended", "empty"])
@pytest.mark.parametrize(("syntax", "codec"), [(RLELossless, "rle"), (JPEGLSLossless, "jpeg-ls")])
def test_missing_frames_are_counted_by_tables_and_streams(syntax, codec, offsets):
    streams = [encoded(codec, values) for values in CUBE]
    made = encapsulated(monochrome(CUBE), syntax, streams, offsets=offsets)
    frames = read_frames(changed(made, NumberOfFrames=None))
    assert [frame.stored_values[0, 0] for frame in frames] == [0, 1, 2, 3]
    assert "missing; using 4, as many as Pixel Data (7FE0,0010) holds" in frames[0].notes[0]


def test_one_frame_without_a_number_of_frames_has_no_note():
    made = without_frame_count(monochrome(RAMP[np.newaxis]), [encoded("rle", RAMP)], RLELossless)
    [frame] = read_frames(made)
    assert frame.notes == ()


@pytest.mark.parametrize("number", [0, -4])
def test_an_invalid_number_of_encapsulated_frames_is_counted(number):
    streams = [encoded("rle", values) for values in CUBE]
    made = changed(encapsulated(monochrome(CUBE), RLELossless, streams), NumberOfFrames=number)
    frames = read_frames(made)
    assert len(frames) == 4
    assert "is not a number above 0; using 4" in frames[0].notes[0]


@pytest.mark.parametrize("codec", ["encapsulated-uncompressed", "deflated-frame"])
def test_bytes_after_a_frame_are_ignored_with_a_note(codec):
    for surplus, notes in ((b"", ()), (b"\0\0", ()), (b"leftover", ("ignored 8 bytes",))):
        streams = [encoded(codec, values) + surplus for values in CUBE]
        frames = read_frames(encapsulated(monochrome(CUBE), SYNTAX[codec], streams))
        assert np.array_equal(frames[3].stored_values, CUBE[3])
        assert tuple(note[:15] for note in frames[3].notes) == notes


def test_full_samples_called_422_in_an_uncompressed_fragment_are_rejected():
    values = np.zeros((4, 6, 3), np.uint8)
    made = color(values, PhotometricInterpretation="YBR_FULL_422")
    with pytest.raises(InputError, match="has 72 bytes; a frame needs 48"):
        read_frame(encapsulated(made, SYNTAX["encapsulated-uncompressed"], [values.tobytes()]))


def test_several_frames_in_one_uncompressed_fragment_are_rejected():
    made = encapsulated(monochrome(CUBE), "1.2.840.10008.1.2.1.98", [CUBE.tobytes()])
    with pytest.raises(InputError, match="has 24576 bytes; a frame needs 6144"):
        read_frames(changed(made, NumberOfFrames=None))


def test_pixels_that_use_the_bits_below_are_not_shifted():
    frame = read_frame(shifted(RAMP))
    assert np.array_equal(frame.stored_values, RAMP)
    assert frame.bits_stored == 12
    assert "but the pixels use the bits below; used the values unshifted" in frame.notes[0]


def test_pixels_that_need_all_bits_keep_them():
    frame = read_frame(shifted(RAMP * 21))
    assert np.array_equal(frame.stored_values, RAMP * 21)
    assert frame.bits_stored == 16


def test_signed_pixels_that_use_the_bits_below_keep_their_sign():
    values = RAMP.astype(np.int16) - 1000
    assert np.array_equal(read_frame(shifted(values)).stored_values, values)


def test_pixels_that_leave_the_bits_below_empty_are_shifted():
    frame = read_frame(shifted(RAMP << 4))
    assert np.array_equal(frame.stored_values, RAMP)
    assert "a retired usage; shifted the pixels down" in frame.notes[0]


def test_an_overlay_below_the_field_does_not_count_as_a_pixel():
    made = shifted(RAMP << 4 | 1)
    made.add_new(0x60000010, "US", 48)
    made.add_new(0x60000011, "US", 64)
    made.add_new(0x60000100, "US", 16)
    made.add_new(0x60000102, "US", 0)
    assert np.array_equal(read_frame(made).stored_values, RAMP)


def test_a_blank_first_frame_does_not_decide_about_high_bit():
    frames = read_frames(shifted(np.stack([RAMP * 0, RAMP])))
    assert np.array_equal(frames[1].stored_values, RAMP)


def test_encapsulated_pixels_that_use_the_bits_below_are_not_shifted():
    made = encapsulated(shifted(RAMP), RLELossless, [encoded("rle", RAMP)])
    assert np.array_equal(read_frame(made).stored_values, RAMP)


ABOVE = "Bits Stored (0028,0101) is 12, but the pixels use bits above; ignored those bits."


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian, "rle"])
def test_pixels_that_use_the_bits_above_have_a_note(syntax):
    values = np.array([[1, 2, 3], [4, 5, 0xF006]], np.uint16)
    dataset = monochrome(np.stack([values & 0xFFF, values]), BitsStored=12, HighBit=11)
    if syntax == "rle":
        streams = [encoded("rle", values & 0xFFF), encoded("rle", values)]
        frames = read_frames(encapsulated(dataset, SYNTAX["rle"], streams))
    else:
        big_endian = syntax == ExplicitVRBigEndian
        cells = np.stack([values & 0xFFF, values]).astype(">u2" if big_endian else "<u2")
        frames = read_frames(recoded(changed(dataset, PixelData=cells.tobytes()), syntax))
    assert ABOVE not in frames[0].notes
    assert frames[1].stored_values.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert ABOVE in frames[1].notes


@pytest.mark.parametrize(
    ("cells", "has_note"),
    [
        pytest.param([-5, 5], False, id="extended-sign"),
        pytest.param([0x0FFB, 5], False, id="sign-in-the-field-only"),
        pytest.param([0x1FFB, 5], True, id="one-bit-above"),
        pytest.param([-0x1000 + 5, 5], True, id="sign-that-the-field-does-not-have"),
    ],
)
def test_an_extended_sign_is_no_bit_above(cells, has_note):
    dataset = monochrome(np.array([cells], np.int16), BitsStored=12, HighBit=11)
    assert (ABOVE in read_frame(dataset).notes) == has_note


def test_an_overlay_above_the_field_is_no_pixel():
    values = np.array([[0x1001, 0x0002]], np.uint16)
    dataset = monochrome(values, BitsStored=12, HighBit=11)
    dataset.add_new(0x60000100, "US", 16)
    dataset.add_new(0x60000102, "US", 12)
    assert ABOVE not in read_frame(dataset).notes
    dataset.add_new(0x60000102, "US", 13)
    assert ABOVE in read_frame(dataset).notes


@pytest.mark.parametrize("white", [1, 255])
def test_bytes_of_0_and_1_are_not_counted_as_frames_of_1_bit(white):
    values = np.indices((16, 16)).sum(axis=0).astype(np.uint8) % 2 * white
    dataset = monochrome(values, BitsAllocated=1, BitsStored=1, HighBit=0)
    with pytest.raises(InputError, match="has 256 bytes; expected 32 for 1 frame") as caught:
        open_content(dataset)
    assert "Bits Allocated" in caught.value.hint


def test_frames_of_1_bit_are_counted():
    bits = np.random.default_rng(1).integers(0, 256, 32 * 8, np.uint8)
    dataset = monochrome(np.zeros((16, 16), np.uint8), BitsAllocated=1, BitsStored=1, HighBit=0)
    assert len(read_frames(changed(dataset, PixelData=bits.tobytes()))) == 8


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_frame_in_rle_is_one_fragment(number):
    values = np.stack([np.full((4, 6), shade, np.uint8) for shade in (10, 20, 30)])
    dataset = monochrome(values, NumberOfFrames=number)
    streams = [encoded("rle", frame) for frame in values]
    content = encapsulated(dataset, SYNTAX["rle"], streams, offsets="empty")
    if number == 4:
        with pytest.raises(InputError, match="3 fragments; Number of Frames"):
            open_content(content)
        return
    frames = read_frames(content)
    assert [frame.stored_values[0, 0] for frame in frames] == [10, 20, 30][:number]
    assert f"is {number}, but Pixel Data (7FE0,0010) holds 3; ignored" in frames[0].notes[0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pixels_that_are_not_finite_have_a_note(dtype, bad):
    values = RAMP.astype(dtype)
    values[3, 4] = bad
    assert "NaN or infinite" in read_frame(monochrome(values)).notes[0]


def test_padding_of_nan_has_no_note():
    values = RAMP.astype(np.float32)
    values[3, 4] = np.nan
    assert read_frame(monochrome(values, FloatPixelPaddingValue=np.nan)).notes == ()
