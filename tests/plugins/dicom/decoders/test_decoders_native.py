"""Native pixels follow PS3.5: bit order, word order, planes and shared chroma."""

from __future__ import annotations

import warnings

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from support.covers import covers
from support.frames import decoded_frames, description_of, stored_values

from dcmconv.plugin import InputError, UnsupportedError
from dcmconv_builtins.dicom.decoders import as_laid_out, decode_frame, native_span
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

LITTLE = "1.2.840.10008.1.2.1"
BIG = "1.2.840.10008.1.2.2"


def described(rows: int, columns: int, bits: int, **changes) -> PixelDescription:
    return PixelDescription(
        **{
            "rows": rows,
            "columns": columns,
            "bits_allocated": bits,
            "bits_stored": bits,
            "high_bit": bits - 1,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("bits", "changes", "content", "values"),
    [
        pytest.param(8, {}, "00ff", [[0, 255]], id="8-bit"),
        pytest.param(8, {"is_signed": True}, "00ff", [[0, -1]], id="8-bit-signed"),
        pytest.param(16, {}, "0100fffe", [[1, 0xFEFF]], id="16-bit"),
        pytest.param(16, {"is_signed": True}, "0100feff", [[1, -2]], id="16-bit-signed"),
        pytest.param(32, {}, "01000000000000ff", [[1, 0xFF000000]], id="32-bit"),
        pytest.param(64, {}, "01" + "00" * 7 + "00" * 7 + "80", [[1, 1 << 63]], id="64-bit"),
        pytest.param(32, {"number_type": "float32"}, "0000803f000000c0", [[1.0, -2.0]], id="float"),
        pytest.param(
            64,
            {"number_type": "float64"},
            "000000000000f03f000000000000e03f",
            [[1.0, 0.5]],
            id="double",
        ),
    ],
)
def test_little_endian_values_of_every_width(bits, changes, content, values):
    stream = bytes.fromhex(content)
    decoded = decode_frame(stream, LITTLE, described(1, 2, bits, **changes))
    assert decoded.values.tolist() == values
    assert decoded.values.dtype.isnative


def test_big_endian_words_start_with_their_high_byte():
    decoded = decode_frame(bytes.fromhex("0001fffe"), BIG, described(1, 2, 16))
    assert decoded.values.tolist() == [[1, 0xFFFE]]
    assert decoded.values.dtype == np.uint16


@pytest.mark.parametrize(
    ("value_representation", "values"),
    [pytest.param("OW", [[2, 1, 4]], id="words"), pytest.param("OB", [[1, 2, 3]], id="bytes")],
)
def test_big_endian_8_bit_pixels_are_swapped_in_words_only(value_representation, values):
    description = described(1, 3, 8, value_representation=value_representation)
    decoded = decode_frame(bytes([1, 2, 3, 4]), BIG, description)
    assert decoded.values.tolist() == values


def test_odd_frames_of_8_bit_pixels_share_a_big_endian_word():
    description = described(1, 3, 8, frame_count=2)
    content = bytes([2, 1, 4, 3, 6, 5])  # 1 2 3 | 4 5 6 in swapped words
    frames = []
    for frame_index in range(2):
        span = native_span(description, frame_index, big_endian=True)
        stream = content[span.start : span.start + span.length]
        frames += decode_frame(stream, BIG, description, first_bit=span.first_bit).values.tolist()
    assert frames == [[1, 2, 3], [4, 5, 6]]


def test_1_bit_frames_may_start_within_a_byte():
    description = described(1, 5, 1, frame_count=3)
    frames = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 1, 0], [1, 1, 0, 0, 1]], np.uint8)
    content = np.packbits(frames.ravel(), bitorder="little").tobytes()
    for frame_index in range(3):
        span = native_span(description, frame_index)
        stream = content[span.start : span.start + span.length]
        decoded = decode_frame(stream, LITTLE, description, first_bit=span.first_bit)
        assert decoded.values.tolist() == [frames[frame_index].tolist()]


def test_planes_become_pixels():
    description = described(
        1, 2, 8, samples_per_pixel=3, planar_configuration=1, photometric_interpretation="RGB"
    )
    decoded = decode_frame(bytes([1, 2, 11, 12, 21, 22]), LITTLE, description)
    assert decoded.values.tolist() == [[[1, 11, 21], [2, 12, 22]]]


@pytest.mark.parametrize(
    ("rows", "columns", "content", "values"),
    [
        pytest.param(
            1, 4, [1, 2, 8, 9, 3, 4, 6, 7],
            [[[1, 8, 9], [2, 8, 9], [3, 6, 7], [4, 6, 7]]], id="even-width",
        ),
        pytest.param(
            2, 3, [1, 2, 8, 9, 3, 4, 6, 7, 5, 0, 10, 11],
            [[[1, 8, 9], [2, 8, 9], [3, 6, 7]], [[4, 6, 7], [5, 10, 11], [0, 10, 11]]],
            id="odd-width-continues-in-the-next-row",
        ),
        pytest.param(
            1, 3, [1, 2, 8, 9, 3, 0], [[[1, 8, 9], [2, 8, 9], [3, 8, 9]]], id="odd-count",
        ),
    ],
)  # fmt: skip
def test_two_columns_share_their_chroma(rows, columns, content, values):
    description = described(
        rows, columns, 8, samples_per_pixel=3, photometric_interpretation="YBR_FULL_422"
    )
    decoded = decode_frame(bytes(content), LITTLE, description)
    assert decoded.values.tolist() == values
    assert decoded.photometric_interpretation == "YBR_FULL"


def test_the_length_shows_that_chroma_is_not_shared():
    description = described(2, 2, 8, samples_per_pixel=3, photometric_interpretation="YBR_FULL_422")
    assert as_laid_out(description, 8) == (description, ())
    full, notes = as_laid_out(description, 12)
    assert full.photometric_interpretation == "YBR_FULL"
    (note,) = notes
    assert note == (
        "Photometric Interpretation (0028,0004) is YBR_FULL_422, but the length is that of "
        "three samples per pixel"
    )


def test_missing_bytes_are_reported_as_truncation():
    with pytest.raises(InputError, match="it has 7 of 8 bytes") as caught:
        decode_frame(bytes(7), LITTLE, described(2, 2, 16))
    assert caught.value.reason == "truncated"
    assert "Compare the file with the one at its source" in caught.value.hint


def test_packed_12_bit_pixels_are_rejected_by_name():
    with pytest.raises(UnsupportedError, match=r"Bits Allocated \(0028,0100\) is 12") as caught:
        decode_frame(bytes(6), LITTLE, described(2, 2, 12))
    assert "gdcmconv" in caught.value.hint


@pytest.mark.parametrize(
    "name",
    ["liver_1frame.dcm", "liver_expb_1frame.dcm", "SC_rgb_small_odd_big_endian.dcm",
     "MR_small_bigendian.dcm", "rtdose_expb.dcm", "rtdose_rle.dcm", "SC_rgb_rle_32bit_2frame.dcm",
     "JPEG2000.dcm", "693_J2KI.dcm", "GDCMJ2K_TextGBR.dcm", "examples_palette.dcm",
     "SC_jpeg_no_color_transform_2.dcm", "SC_rgb_jpeg.dcm", "SC_rgb_jpeg_app14_dcmd.dcm",
     "SC_rgb_jpeg_lossy_gdcm.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm", "SC_rgb_dcmtk_+eb+cy+s2.dcm"],
)  # fmt: skip
def test_real_files_decode_as_pydicom_decodes_them(name):
    path = get_testdata_file(name, download=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path)
        reference = dataset.pixel_array
    description = description_of(dataset)
    frames = decoded_frames(dataset, str(dataset.file_meta.TransferSyntaxUID))
    values = np.squeeze(np.stack([stored_values(frame, description) for frame in frames]))
    assert values.shape == reference.shape
    assert np.abs(values.astype(np.int64) - reference).max() <= (1 if "jpeg" in name else 0)


@covers("PS3.3 C.7.6.3.1.2 YBR_FULL_422 with odd rows filled up to pairs")
def test_the_length_shows_that_odd_rows_are_padded():
    description = described(2, 3, 8, samples_per_pixel=3, photometric_interpretation="YBR_FULL_422")
    # 2 rows of 2 pairs are 16 bytes; without padding they are 12.
    even, notes = as_laid_out(description, 16)
    assert notes == ("rows of 3 pixels in YBR_FULL_422 are padded to 4, as the length shows",)
    content = bytes([1, 2, 8, 9, 3, 0, 6, 7, 4, 5, 10, 11, 12, 0, 13, 14])
    assert decode_frame(content, LITTLE, even).values.tolist() == [
        [[1, 8, 9], [2, 8, 9], [3, 6, 7]],
        [[4, 10, 11], [5, 10, 11], [12, 13, 14]],
    ]


def test_the_second_frame_starts_after_padded_rows():
    description = described(
        1, 3, 8, samples_per_pixel=3, photometric_interpretation="YBR_FULL_422", frame_count=2
    )
    even, _ = as_laid_out(description, 16)
    assert native_span(even, 1) == (8, 8, 0)


@pytest.mark.parametrize(("columns", "length"), [(3, 12), (3, 15), (4, 16)])
def test_rows_are_not_padded_against_the_length(columns, length):
    description = described(
        2, columns, 8, samples_per_pixel=3, photometric_interpretation="YBR_FULL_422"
    )
    assert as_laid_out(description, length) == (description, ())
