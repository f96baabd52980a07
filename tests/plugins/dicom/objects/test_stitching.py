"""Whole slides stitched from tiles, full size and reduced (PS3.3 C.8.12.14)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.covers import covers
from support.dicom_files import item, monochrome
from support.objects import segment, segmentation, slide
from support.reading import open_content, read_frame, read_frames

from dcmconv.plugin import InputError, LimitError
from dcmconv_builtins.dicom.objects.mosaic import BoxMean, Nearest

# A matrix of 3 x 5, in tiles of 2 x 2 that reach beyond it.
MATRIX = np.arange(15, dtype=np.uint8).reshape(3, 5)
PADDED = np.pad(MATRIX, ((0, 1), (0, 1)), constant_values=99)
TILES = np.stack(
    [PADDED[row : row + 2, column : column + 2] for row in (0, 2) for column in (0, 2, 4)]
)


def stitched(dataset, **options):
    return read_frames(dataset, tiles="stitched", **options)


@covers("PS3.3 C.7.6.17.3 Tiles of a slide, TILED_FULL")
def test_full_tiling_runs_along_rows_first():
    (frame,) = stitched(slide(TILES, (3, 5)))
    assert frame.stored_values.tolist() == MATRIX.tolist()
    assert (frame.frame_number, frame.frame_count) == (1, 1)


def test_tiles_are_not_stitched_by_default():
    assert len(read_frames(slide(TILES, (3, 5)))) == 6


@covers("PS3.3 C.7.6.17.3 Tiles of a slide, TILED_SPARSE")
def test_sparse_tiles_are_placed_on_background():
    dataset = slide(TILES[[4, 0]] + 1, (4, 6), [(3, 3), (1, 1)])
    (frame,) = stitched(dataset)
    assert frame.stored_values.tolist() == [
        [1, 2, 0, 0, 0, 0],
        [6, 7, 0, 0, 0, 0],
        [0, 0, 13, 14, 0, 0],
        [0, 0, 100, 100, 0, 0],
    ]


def test_missing_tiles_are_white_or_the_recommended_color():
    tile = np.full((1, 2, 2, 3), 10, np.uint8)
    (frame,) = stitched(slide(tile, (2, 4), [(1, 1)]))
    assert frame.stored_values[0].tolist() == [[10] * 3, [10] * 3, [255] * 3, [255] * 3]
    black = [0, 32896, 32896]
    dataset = slide(tile, (2, 4), [(1, 1)], RecommendedAbsentPixelCIELabValue=black)
    assert stitched(dataset)[0].stored_values[0, 3].tolist() == [0, 0, 0]


@covers("PS3.3 C.8.12.5 Optical paths and focal planes")
def test_each_optical_path_and_focal_plane_is_one_frame():
    values = np.arange(4, dtype=np.uint8).reshape(4, 1, 1) * np.ones((1, 2, 2), np.uint8)
    dataset = slide(values, (2, 2), TotalPixelMatrixFocalPlanes=2, NumberOfOpticalPaths=2)
    assert [frame.stored_values[0, 0] for frame in stitched(dataset)] == [0, 1, 2, 3]


def test_sparse_tiles_are_grouped_by_optical_path_identifier():
    dataset = slide(TILES[[0, 0]], (2, 2), [(1, 1), (1, 1)])
    for name, groups in zip("ab", dataset.PerFrameFunctionalGroupsSequence, strict=True):
        groups.OpticalPathIdentificationSequence = [item(OpticalPathIdentifier=name)]
    assert len(stitched(dataset)) == 2


def test_graphics_of_tiles_are_noted_when_stitched():
    shutter = {
        "ShutterShape": "RECTANGULAR",
        "ShutterLeftVerticalEdge": 2,
        "ShutterRightVerticalEdge": 2,
        "ShutterUpperHorizontalEdge": 1,
        "ShutterLowerHorizontalEdge": 2,
    }
    dataset = slide(TILES, (3, 5), **shutter)
    (frame,) = stitched(dataset)
    assert [note for note in frame.notes if "not drawn on a stitched slide" in note]
    (frame,) = stitched(dataset, shutters="off")
    assert not frame.notes


def test_a_concatenation_part_starts_at_its_offset():
    dataset = slide(TILES[3:], (3, 5), ConcatenationFrameOffsetNumber=3)
    (frame,) = stitched(dataset)
    assert frame.stored_values.tolist() == [[0] * 5, [0] * 5, MATRIX[2].tolist()]


def test_reducing_averages_boxes_and_enlarges_spacing():
    (frame,) = stitched(slide(TILES, (3, 5)), reduce=2)
    # (0+1+5+6)/4, (2+3+7+8)/4, (4+9)/2 rounded half up; then the last row's boxes of one row.
    assert frame.stored_values.tolist() == [[3, 5, 7], [11, 13, 14]]
    assert (frame.spacing.rows, frame.spacing.columns) == (0.5, 1.0)


def test_boxes_may_cross_tile_borders():
    (frame,) = stitched(slide(TILES, (3, 5)), reduce=3)
    # (0+1+2+5+6+7+10+11+12)/9 and (3+4+8+9+13+14)/6 rounded half up
    assert frame.stored_values.tolist() == [[6, 9]]


def test_reducing_never_averages_labels():
    frames = np.array([[[1, 1]], [[0, 1]]], np.uint8)
    dataset = segmentation(
        frames, [(4, 0.0), (8, 0.0)], segments=[segment(4, "a"), segment(8, "b")]
    )
    dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = 1, 2
    (frame,) = stitched(dataset, segments="labels", reduce=2)
    assert frame.stored_values.tolist() == [[8]]
    assert frame.is_label


def test_the_hint_for_a_large_slide_names_a_factor():
    with pytest.raises(LimitError, match=r"5 x 3 pixels.*limit is 4") as caught:
        stitched(slide(TILES, (3, 5)), max_pixels=4)
    assert "reduce=2" in caught.value.hint
    assert len(stitched(slide(TILES, (3, 5)), max_pixels=6, reduce=2)) == 1


def test_a_sparse_tile_without_position_is_an_error():
    dataset = slide(TILES[:2], (3, 5), [(1, 1), (1, 3)])
    del dataset.PerFrameFunctionalGroupsSequence[1].PlanePositionSlideSequence
    with pytest.raises(InputError, match=r"Frame 2: Plane Position .* is missing") as caught:
        stitched(dataset)
    assert "tiles=frames" in caught.value.hint


def test_stitching_ignores_images_without_tiles():
    assert len(stitched(monochrome(np.zeros((2, 2, 2), np.uint8)))) == 2


def test_tiles_are_read_one_at_a_time():
    instance = open_content(slide(TILES, (3, 5)), tiles="stitched")
    assert instance.frame_count == 1
    assert np.array_equal(instance.read_frame(0).stored_values, MATRIX)
    instance.close()


def test_missing_gray_tiles_get_the_padding_value():
    frame = stitched(slide(TILES[:1], (2, 4), [(1, 1)], PixelPaddingValue=200))[0]
    assert frame.stored_values[0].tolist() == [0, 1, 200, 200]


def test_missing_float_tiles_are_nan():
    frame = read_frame(slide(TILES[:1].astype(np.float32), (2, 4), [(1, 1)]), tiles="stitched")
    assert np.isnan(frame.stored_values[:, 2:]).all()


@given(
    rows=st.integers(1, 20),
    columns=st.integers(1, 20),
    tile=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    factor=st.integers(1, 9),
)
def test_tiling_does_not_change_box_means(rows, columns, tile, factor):
    whole = np.random.default_rng(rows * 100 + columns).integers(
        0, 65536, (rows, columns), np.uint16
    )
    shape = -(-rows // factor), -(-columns // factor)
    cut = BoxMean(np.zeros(shape, np.uint16), factor, full_size=whole.shape, tile_rows=tile[0])
    for row in range(0, rows, tile[0]):
        for column in range(0, columns, tile[1]):
            cut.add(whole[row : row + tile[0], column : column + tile[1]], row, column)
    expected = [
        [
            int(np.floor(whole[r : r + factor, c : c + factor].astype(float).mean() + 0.5))
            for c in range(0, columns, factor)
        ]
        for r in range(0, rows, factor)
    ]
    assert cut.finish().tolist() == expected


@given(
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    tile=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    factor=st.integers(1, 5),
)
def test_tiling_does_not_change_nearest_pixels(size, tile, factor):
    rows, columns = size
    whole = np.arange(rows * columns).reshape(rows, columns)
    result = np.full((-(-rows // factor), -(-columns // factor)), -1)
    cut = Nearest(result, factor, full_size=size)
    for row in range(0, rows, tile[0]):
        for column in range(0, columns, tile[1]):
            cut.add(whole[row : row + tile[0], column : column + tile[1]], row, column)
    # A box at the edge may end before its middle; then its last pixel is used.
    chosen = whole.take(range(factor // 2, rows + factor // 2, factor), axis=0, mode="clip")
    chosen = chosen.take(range(factor // 2, columns + factor // 2, factor), axis=1, mode="clip")
    assert np.array_equal(cut.finish(), chosen)
