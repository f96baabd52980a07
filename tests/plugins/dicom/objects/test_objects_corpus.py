"""Real segmentations, doses, PET, slides, ultrasound and label maps from the corpus."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from support.corpus import corpus_path, needs_corpus

from dcmconv.plugin import InputFile
from dcmconv_builtins.readers.dicom import DicomReader

pytestmark = [needs_corpus, pytest.mark.corpus]


def path_of(name):
    return corpus_path() / "dicom" / name


def frames_of(name, **options):
    instance = DicomReader(**options).open(InputFile(name, path_of(name)))
    frames = list(instance.frames())
    instance.close()
    return frames


def test_overlapping_dcmqi_segments_are_combined_by_plane():
    name = "dcmqi__partial_overlaps.dcm"
    dataset = pydicom.dcmread(path_of(name))
    stored = np.stack([frame.stored_values for frame in frames_of(name)])
    planes = {}
    for index, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        height = float(groups.PlanePositionSequence[0].ImagePositionPatient[2])
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        planes.setdefault(height, []).append((number, index))
    labels = frames_of(name, segments="labels")
    assert len(labels) == len(planes)
    for height, frame in zip(sorted(planes), labels, strict=True):
        expected = np.zeros((512, 512), int)
        for number, index in sorted(planes[height]):
            expected[stored[index] == 1] = number
        assert frame.attributes["ImagePositionPatient"][2] == height
        assert np.array_equal(frame.stored_values, expected)


def test_dcmqi_segments_have_names_and_colors():
    labels = frames_of("dcmqi__partial_overlaps.dcm", segments="labels")[0].labels
    assert [label.name for label in labels][:3] == ["GREEN", "ORANGE", "PURPLE"]
    # dcmqi wrote these CIELab values from the colors 128,174,128, 216,101,79 and 183,156,220.
    wanted = [(128, 174, 128), (216, 101, 79), (183, 156, 220)]
    for label, color in zip(labels, wanted, strict=False):
        assert label.color == pytest.approx(color, abs=8)


def test_highdicom_segments_refer_to_their_source_images():
    name = "highdicom__seg_image_ct_binary_overlap.dcm"
    sources = [
        item.ReferencedSOPInstanceUID for item in pydicom.dcmread(path_of(name)).SourceImageSequence
    ]
    frames = frames_of(name, segments="labels")
    assert {frame.attributes["ReferencedSOPInstanceUID"] for frame in frames} == set(sources)
    assert {frame.attributes["ReferencedSegmentNumber"] for frame in frames} == {(1, 2)}
    # Both segments are the same square on every plane: the second one covers the first.
    assert set(np.unique(np.stack([frame.stored_values for frame in frames]))) <= {0, 1, 2}


def test_fractions_become_one_segment():
    frames = frames_of("highdicom__seg_image_ct_true_fractional.dcm", segments="labels")
    stored = frames_of("highdicom__seg_image_ct_true_fractional.dcm")
    half = (
        pydicom.dcmread(
            path_of("highdicom__seg_image_ct_true_fractional.dcm"), stop_before_pixels=True
        ).MaximumFractionalValue
        / 2
    )
    drawn = sum(int((frame.stored_values > 0).sum()) for frame in frames)
    assert drawn == sum(int((frame.stored_values >= half).sum()) for frame in stored)


def test_a_real_slide_is_stitched():
    name = "highdicom__sm_image.dcm"
    tiles = np.stack([frame.stored_values for frame in frames_of(name)])
    (frame,) = frames_of(name, tiles="stitched")
    rows = [np.concatenate(tiles[start : start + 5], axis=1) for start in range(0, 25, 5)]
    assert np.array_equal(frame.stored_values, np.concatenate(rows))
    (small,) = frames_of(name, tiles="stitched", reduce=7)
    assert small.stored_values.shape == (8, 8, 3)
    assert small.stored_values.mean() == pytest.approx(frame.stored_values.mean(), abs=1)


def test_a_real_sparse_label_map_is_stitched():
    name = "highdicom__seg_image_sm_control_labelmap_palette_color.dcm"
    dataset = pydicom.dcmread(path_of(name))
    expected = np.zeros((50, 50), np.uint8)
    for groups, tile in zip(
        dataset.PerFrameFunctionalGroupsSequence, dataset.pixel_array, strict=True
    ):
        place = groups.PlanePositionSlideSequence[0]
        row = place.RowPositionInTotalImagePixelMatrix - 1
        column = place.ColumnPositionInTotalImagePixelMatrix - 1
        expected[row : row + 10, column : column + 10] = tile
    (frame,) = frames_of(name, tiles="stitched", segments="labels")
    assert np.array_equal(frame.stored_values, expected)
    # The profile of this file is sRGB, so the label colors equal those of the palette.
    table = [
        dataset[f"{name}PaletteColorLookupTableData"].value for name in ("Red", "Green", "Blue")
    ]
    colors = np.stack([np.frombuffer(column, np.uint8) for column in table], axis=1)
    assert [label.color for label in frame.labels] == [
        tuple(colors[label.number].tolist()) for label in frame.labels
    ]


def test_siemens_pet_has_the_right_suv():
    # 82.174 kg, 173.53 MBq, and a scan that began a tenth of a second after the injection.
    (frame,) = frames_of("suyash__2.dcm", values="suvbw")
    greatest = frame.stored_values.max() * 46.2619
    assert frame.modality_values().max() == pytest.approx(greatest * 82174 / 173529998.8, rel=1e-4)
    assert frame.units == "SUVbw"


def test_a_real_dose_is_grid_times_scaling():
    frame = frames_of("pydicom__rtdose.dcm")[0]
    assert frame.modality_values()[0, 0] == pytest.approx(1.249)
    # Dose Units of this file is RELATIVE.
    assert frame.units == ""


def test_aloka_screen_regions_are_found():
    (frame,) = frames_of("pydicomdata__gdcm-US-ALOKA-16.dcm", region=2)
    assert frame.view.region == (336, 24, 304, 392)
    assert frame.spacing.rows == pytest.approx(0.3826530650258064)


def test_a_parametric_map_has_its_own_unit():
    (frame,) = frames_of("pydicomdata__parametric_map_float.dcm", values="real-world")
    assert frame.units == ""
    assert np.array_equal(frame.modality_values(), frame.stored_values)
