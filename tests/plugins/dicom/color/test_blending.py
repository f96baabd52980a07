"""The Enhanced Blending and Display Pipeline (PS3.3 C.7.6.23), with the examples of PS3.17 QQ."""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.covers import covers
from support.dicom_files import as_bytes, changed, item, monochrome
from support.reading import open_content, read_frame, read_frames

from dcmconv.plugin import InputError, InputFile
from dcmconv.render.tone import render_tone
from dcmconv_builtins.normalizers.minmax import MinMax
from dcmconv_builtins.readers.dicom import DicomReader

RED, BLUE, YELLOW = [255, 0, 0], [0, 0, 255], [255, 255, 0]
DATA_TYPE, POSITION = 0x00189808, 0x00209056
TISSUE, FLOW, VARIANCE = "TISSUE_INTENSITY", "FLOW_VELOCITY", "FLOW_VARIANCE"


def pixels_of(frame):
    return render_tone(frame, MinMax())[0].pixels.tolist()


def with_colors(target, colors):
    for name, column in zip(("Red", "Green", "Blue"), zip(*colors, strict=True), strict=True):
        setattr(target, f"{name}PaletteColorLookupTableDescriptor", [len(colors), 0, 8])
        setattr(target, f"{name}PaletteColorLookupTableData", bytes(column))
    return target


def data_path(name, colors=None, alpha=None):
    """Return a data path; ``alpha`` is IDENTITY, a table of bytes, or None."""
    made = item(DataPathID=name, RGBLUTTransferFunction="TABLE" if colors else "EQUAL_RGB")
    if colors:
        with_colors(made, colors)
    made.AlphaLUTTransferFunction = "TABLE" if isinstance(alpha, bytes) else alpha or "NONE"
    if isinstance(alpha, bytes):
        made.AlphaPaletteColorLookupTableDescriptor = [len(alpha), 0, 8]
        made.AlphaPaletteColorLookupTableData = alpha
    return made


def weight(number, function, **attributes):
    return item(**{f"BlendingLUT{number}TransferFunction": function}, **attributes)


def constant(number, value):
    return weight(number, "CONSTANT", BlendingWeightConstant=value)


def volume(frames, assigned, paths, weights):
    """Return an image of frames ``(data type, stack, pixels)`` with a blending pipeline."""
    dataset = monochrome(np.array([[pixels] for _, _, pixels in frames], np.uint8))
    dataset.DimensionIndexSequence = [
        item(DimensionIndexPointer=DATA_TYPE),
        item(DimensionIndexPointer=POSITION),
    ]
    types = list(dict.fromkeys(data_type for data_type, _, _ in frames))
    dataset.PerFrameFunctionalGroupsSequence = [
        item(
            ImageDataTypeSequence=[item(DataType=data_type)],
            FrameContentSequence=[item(DimensionIndexValues=[types.index(data_type) + 1, stack])],
        )
        for data_type, stack, _ in frames
    ]
    dataset.DataFrameAssignmentSequence = [
        item(DataType=data_type, DataPathAssignment=path, BitsMappedToColorLookupTable=bits)
        for data_type, path, bits in assigned
    ]
    dataset.EnhancedPaletteColorLookupTableSequence = paths
    for number, made in enumerate(weights, start=1):
        setattr(dataset, f"BlendingLUT{number}Sequence", [made])
    return dataset


def tissue_and_flow(*, paths=None, weights=None, tissue=(0, 100, 255), flow=(0, 1, 255)):
    return volume(
        [(TISSUE, 1, tissue), (FLOW, 1, flow)],
        [(TISSUE, "PRIMARY_SINGLE", 8), (FLOW, "SECONDARY_SINGLE", 8)],
        paths or [data_path("PRIMARY"), data_path("SECONDARY", [BLUE, RED])],
        weights or [constant(1, 0.5), constant(2, 0.5)],
    )


def one_path(assignments=("PRIMARY_SINGLE",), *, colors=(RED, BLUE) * 2, bits=8):
    return monochrome(
        np.array([[0, 1, 64, 255]], np.uint8),
        DataFrameAssignmentSequence=[
            item(DataPathAssignment=word, BitsMappedToColorLookupTable=bits) for word in assignments
        ],
        EnhancedPaletteColorLookupTableSequence=[data_path("PRIMARY", colors)],
    )


def test_a_single_data_path_becomes_a_palette():
    frame = read_frame(one_path())
    assert frame.photometric_interpretation == "PALETTE COLOR"
    assert pixels_of(frame) == [[RED, BLUE, BLUE, BLUE]]


@covers("PS3.3 C.7.6.23 Enhanced Palette Color Lookup Table, one data path")
def test_bits_mapped_selects_the_uppermost_bits():
    # Two bits of eight: 0 to 63 use the first entry, 64 to 127 the second, 192 and up the last.
    assert pixels_of(read_frame(one_path(bits=2))) == [[RED, RED, BLUE, BLUE]]


@pytest.mark.parametrize(
    "dataset",
    [
        pytest.param(one_path(["PRIMARY_PVALUES"]), id="plain-gray"),
        pytest.param(one_path(colors=None), id="equal-red-green-and-blue"),
    ],
)
def test_a_gray_data_path_stays_gray(dataset):
    frame = read_frame(dataset)
    assert (frame.palette, frame.notes) == (None, ())


def test_the_alpha_of_a_data_path_is_not_transparency():
    dataset = one_path()
    path = data_path("PRIMARY", [RED, BLUE], alpha=bytes([0, 51]))
    dataset.EnhancedPaletteColorLookupTableSequence = [path]
    dataset.DataFrameAssignmentSequence[0].DataType = TISSUE
    dataset.ImageDataTypeSequence = [item(DataType=TISSUE)]
    assert pixels_of(read_frame(dataset)) == [[RED, BLUE, BLUE, BLUE]]


def test_a_weight_may_dim_a_single_data_path():
    frames = [(TISSUE, 1, [0, 1, 64, 255])]
    paths = [data_path("PRIMARY", [RED, BLUE], alpha=bytes([0, 51]))]
    assigned = [(TISSUE, "PRIMARY_SINGLE", 8)]
    frame = read_frame(volume(frames, assigned, paths, [weight(1, "ALPHA_1")]))
    # 51 of 255 is one fifth.
    assert pixels_of(frame) == [[[0, 0, 0]] + [[0, 0, 51]] * 3]


@covers("PS3.3 C.7.6.23 Enhanced blending of two data paths")
def test_constant_weights_add_two_data_paths():
    # Half of gray and half of blue or red; 127.5 and 177.5 are rounded up.
    (frame,) = read_frames(tissue_and_flow())
    assert frame.photometric_interpretation == "RGB"
    assert pixels_of(frame) == [[[0, 0, 128], [178, 50, 50], [255, 128, 128]]]


@covers("PS3.3 C.7.6.23.4 Blending weights from alpha, and one minus another")
def test_alpha_lets_flow_cover_tissue():
    paths = [data_path("PRIMARY"), data_path("SECONDARY", [BLUE, RED], alpha=bytes([0, 255]))]
    weights = [weight(1, "CONSTANT", BlendingWeightConstant=1.0), weight(2, "ALPHA_2")]
    (frame,) = read_frames(tissue_and_flow(paths=paths, weights=weights))
    # The sum is clipped: gray 255 plus a color is white.
    assert pixels_of(frame) == [[[0, 0, 0], [255, 100, 100], [255, 255, 255]]]
    weights = [weight(1, "ALPHA_2"), weight(2, "ONE_MINUS")]
    (frame,) = read_frames(tissue_and_flow(paths=paths, weights=weights))
    assert pixels_of(frame) == [[BLUE, [100, 100, 100], [255, 255, 255]]]


def test_alpha_may_be_the_stored_value():
    paths = [data_path("PRIMARY", alpha="IDENTITY"), data_path("SECONDARY", [BLUE])]
    weights = [weight(1, "ALPHA_1"), constant(2, 0)]
    (frame,) = read_frames(tissue_and_flow(paths=paths, weights=weights, tissue=[0, 51, 255]))
    # 51 is one fifth, and a fifth of it 10.2.
    assert pixels_of(frame) == [[[0] * 3, [10] * 3, [255] * 3]]


@covers("PS3.3 C.7.6.23.4 Blending weights from a table of both alphas")
def test_a_weight_may_be_looked_up_by_both_alphas():
    paths = [data_path("PRIMARY", alpha="IDENTITY"), data_path("SECONDARY", alpha="IDENTITY")]
    table = np.zeros(65536, np.uint8)
    table[(1 << 8) | 2] = 51  # alpha 1 is 1, alpha 2 is 2: one fifth
    table[-1] = 255
    by_table = weight(
        1,
        "TABLE",
        BlendingLookupTableDescriptor=[0, 0, 8],
        BlendingLookupTableData=table.tobytes(),
    )
    dataset = tissue_and_flow(
        paths=paths,
        weights=[by_table, weight(2, "ONE_MINUS")],
        tissue=[1, 2, 255],
        flow=[2, 1, 255],
    )
    (frame,) = read_frames(dataset)
    # 1/5 of 1 plus 4/5 of 2 is 1.8; 0/5 of 2 plus all of 1 is 1.
    assert pixels_of(frame) == [[[2] * 3, [1] * 3, [255] * 3]]


@covers("PS3.3 C.7.6.23.3 A secondary palette of two data types")
def test_two_data_types_may_index_one_palette():
    frames = [(TISSUE, 1, [0, 0, 0, 0]), (FLOW, 1, [0, 0, 128, 255]), (VARIANCE, 1, [0, 64, 0, 64])]
    assigned = [
        (TISSUE, "PRIMARY_SINGLE", 8),
        (VARIANCE, "SECONDARY_LOW", 2),
        (FLOW, "SECONDARY_HIGH", 1),
    ]
    # One bit of flow above two of variance.
    colors = [[n, 2 * n, 3 * n] for n in range(8)]
    paths = [data_path("PRIMARY"), data_path("SECONDARY", colors)]
    dataset = volume(frames, assigned, paths, [constant(1, 0), constant(2, 1)])
    (frame,) = read_frames(dataset)
    assert pixels_of(frame) == [[colors[0], colors[1], colors[4], colors[5]]]


def test_each_position_becomes_one_frame_in_file_order():
    frames = [
        (FLOW, 2, [0]),
        (TISSUE, 1, [10]),
        (FLOW, 1, [1]),
        (TISSUE, 2, [20]),
        ("ELASTICITY", 1, [99]),
    ]
    assigned = [(TISSUE, "PRIMARY_SINGLE", 8), (FLOW, "SECONDARY_SINGLE", 8)]
    paths = [data_path("PRIMARY"), data_path("SECONDARY", [BLUE, RED])]
    read = read_frames(volume(frames, assigned, paths, [constant(1, 1), constant(2, 0)]))
    assert [pixels_of(frame) for frame in read] == [[[[20] * 3]], [[[10] * 3]]]
    assert [(frame.frame_number, frame.frame_count) for frame in read] == [(1, 2), (2, 2)]


def test_volume_positions_replace_missing_dimension_indices():
    dataset = tissue_and_flow()
    del dataset.DimensionIndexSequence
    for groups in dataset.PerFrameFunctionalGroupsSequence:
        groups.PlanePositionVolumeSequence = [item(ImagePositionVolume=[0.0, 0.0, 5.0])]
        groups.PlaneOrientationVolumeSequence = [
            item(ImageOrientationVolume=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
        ]
        del groups.FrameContentSequence
    assert len(read_frames(dataset)) == 1


def test_a_data_type_may_have_its_own_window():
    dataset = tissue_and_flow(weights=[constant(1, 1), constant(2, 0)])
    primary = dataset.DataFrameAssignmentSequence[0]
    primary.WindowCenter, primary.WindowWidth = 100.5, 101
    # By C.11.2.1.2.1 the window is 50 to 150: 100 is the middle.
    assert pixels_of(read_frame(dataset)) == [[[0] * 3, [128] * 3, [255] * 3]]


def test_data_paths_frames_disables_blending():
    frames = read_frames(tissue_and_flow(), data_paths="frames")
    assert [frame.stored_values.tolist() for frame in frames] == [[[0, 100, 255]], [[0, 1, 255]]]
    assert not any(frame.is_color for frame in frames)


def without_flow():
    dataset = tissue_and_flow()
    dataset.PerFrameFunctionalGroupsSequence[1].ImageDataTypeSequence[0].DataType = "ELASTICITY"
    return dataset


def without_types():
    dataset = tissue_and_flow()
    del dataset.PerFrameFunctionalGroupsSequence[1].ImageDataTypeSequence
    return dataset


def without_places():
    dataset = tissue_and_flow()
    del dataset.DimensionIndexSequence
    return dataset


def twice_tissue():
    dataset = tissue_and_flow()
    both = dataset.PerFrameFunctionalGroupsSequence
    both[1].ImageDataTypeSequence[0].DataType = TISSUE
    for groups in both:
        groups.FrameContentSequence[0].DimensionIndexValues = [1, 1]
    return dataset


def without_primary():
    dataset = tissue_and_flow()
    del dataset.DataFrameAssignmentSequence[0]
    return dataset


@pytest.mark.parametrize(
    ("dataset", "complaint"),
    [
        pytest.param(
            without_flow(),
            "needs a frame of Data Type (0018,9808) FLOW_VELOCITY",
            id="one-is-missing",
        ),
        pytest.param(without_types(), "frame 2: Data Type (0018,9808) is missing", id="no-types"),
        pytest.param(
            without_places(), "neither usable dimension indices nor a position", id="no-places"
        ),
        pytest.param(
            twice_tissue(), "frames 1 and 2 are both TISSUE_INTENSITY", id="two-of-a-kind"
        ),
        pytest.param(
            without_primary(),
            "data paths of Data Frame Assignment Sequence (0028,1401) cannot be combined",
            id="no-primary",
        ),
        pytest.param(
            tissue_and_flow(weights=[constant(1, 1)]),
            "Blending LUT 2 Transfer Function is missing",
            id="no-weight",
        ),
        pytest.param(
            tissue_and_flow(weights=[constant(1, 1), constant(2, 1.5)]),
            "(0028,1406) of Blending LUT 2 is 1.5",
            id="weight-above-one",
        ),
        pytest.param(
            tissue_and_flow(weights=[constant(1, 1), weight(2, "ALPHA_2")]),
            "Blending LUT 2 Transfer Function is ALPHA_2",
            id="no-alpha",
        ),
        pytest.param(
            tissue_and_flow(paths=[data_path("PRIMARY")]),
            "no item for the SECONDARY data path",
            id="no-palette",
        ),
        pytest.param(
            tissue_and_flow(
                paths=[
                    data_path("PRIMARY", alpha="IDENTITY"),
                    data_path("SECONDARY", alpha="IDENTITY"),
                ],
                weights=[constant(1, 1), weight(2, "TABLE")],
            ),
            "(0028,1408) of Blending LUT 2 is missing",
            id="no-table",
        ),
    ],
)
def test_ambiguous_data_paths_are_an_error_with_a_hint(dataset, complaint):
    with pytest.raises(InputError, match=re.escape(complaint)) as error:
        read_frames(dataset)
    assert "--dicom.data_paths frames" in error.value.hint
    assert open_content(changed(dataset), data_paths="frames").frame_count == 2


def assigned(dataset, index, **attributes):
    for keyword, value in attributes.items():
        setattr(dataset.DataFrameAssignmentSequence[index], keyword, value)
    return dataset


@pytest.mark.parametrize(
    ("dataset", "complaint"),
    [
        pytest.param(
            assigned(tissue_and_flow(), 0, WindowCenter=100),
            "the window or VOI LUT of TISSUE_INTENSITY",
            id="window-without-width",
        ),
        pytest.param(
            assigned(tissue_and_flow(), 0, VOILUTSequence=[item(LUTDescriptor=[256, 0, 8])]),
            "the window or VOI LUT of TISSUE_INTENSITY",
            id="voi-lut-without-data",
        ),
        pytest.param(
            assigned(tissue_and_flow(), 0, WindowCenter=100, WindowWidth=0),
            "Window Width (0028,1051) is 0",
            id="width-zero",
        ),
        pytest.param(
            assigned(tissue_and_flow(), 1, DataPathAssignment="PRIMARY_SINGLE"),
            "cannot be combined",
            id="two-primaries",
        ),
        pytest.param(
            assigned(tissue_and_flow(), 1, DataPathAssignment="SECONDARY_HIGH"),
            "cannot be combined",
            id="high-without-low",
        ),
        pytest.param(
            assigned(tissue_and_flow(), 1, DataPathAssignment=None), "cannot be combined", id="none"
        ),
    ],
)
def test_wrong_assignments_are_not_blended(dataset, complaint):
    with pytest.raises(InputError, match=re.escape(complaint)) as error:
        read_frames(dataset)
    assert "--dicom.data_paths frames" in error.value.hint


def test_alpha_of_too_many_bits_is_an_error():
    path = data_path("PRIMARY", alpha=bytes(256))
    path.AlphaPaletteColorLookupTableDescriptor = [256, 0, 65535]
    dataset = tissue_and_flow(
        paths=[path, data_path("SECONDARY")], weights=[weight(1, "ALPHA_1"), constant(2, 0)]
    )
    with pytest.raises(InputError, match="of alpha has 65535 bits"):
        read_frames(dataset)


def test_only_unsigned_monochrome2_is_blended():
    blended = tissue_and_flow()
    dataset = monochrome(np.zeros((2, 1, 2), np.float32))
    for keyword in ("DataFrameAssignmentSequence", "PerFrameFunctionalGroupsSequence"):
        setattr(dataset, keyword, blended[keyword].value)
    frames = read_frames(dataset)
    assert len(frames) == 2
    assert "(0028,1401) requires unsigned MONOCHROME2" in " ".join(frames[0].notes)


def test_unblended_frames_have_no_palette():
    assert read_frame(one_path(), data_paths="frames").palette is None


def test_frames_of_other_data_types_stay_gray():
    frames = [(TISSUE, 1, [0, 1]), (FLOW, 1, [0, 1])]
    paths = [data_path("PRIMARY", [RED, BLUE])]
    dataset = volume(frames, [(TISSUE, "PRIMARY_SINGLE", 8)], paths, [constant(1, 1)])
    assert [frame.is_color for frame in read_frames(dataset)] == [True, False]


def test_unreachable_palette_entries_are_dropped():
    dataset = one_path(colors=[RED, BLUE] * 128, bits=1)
    assert len(read_frame(dataset).palette.table) == 256


def test_positions_are_compared_after_rounding():
    dataset = tissue_and_flow()
    del dataset.DimensionIndexSequence
    for number, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        groups.PlanePositionVolumeSequence = [
            item(ImagePositionVolume=[0.0, 0.0, 5 + number / 1e9])
        ]
        groups.PlaneOrientationVolumeSequence = [
            item(ImageOrientationVolume=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
        ]
        del groups.FrameContentSequence
    assert len(read_frames(dataset)) == 1


def salvaged(cut):
    frames = [(TISSUE, 1, [0, 100]), (FLOW, 1, [0, 1]), (TISSUE, 2, [9, 9]), (FLOW, 2, [1, 1])]
    assigned = [(TISSUE, "PRIMARY_SINGLE", 8), (FLOW, "SECONDARY_SINGLE", 8)]
    paths = [data_path("PRIMARY"), data_path("SECONDARY", [BLUE, RED])]
    dataset = volume(frames, assigned, paths, [constant(1, 1), constant(2, 0)])
    source = InputFile("cut", content=as_bytes(dataset)[:-cut])
    return list(DicomReader().salvage(source).frames())


def test_pixels_missing_in_one_input_become_background():
    first, second = salvaged(1)
    assert not first.salvaged
    assert second.salvaged
    assert second.stored_values.tolist() == [[[9, 9, 9], [0, 0, 0]]]


def test_salvage_skips_only_incomplete_positions():
    (frame,) = salvaged(2)
    assert frame.stored_values.tolist() == [[[0] * 3, [100] * 3]]
    assert "Left out: frame 3 needs a frame of" in " ".join(frame.notes)
