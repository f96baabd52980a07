"""Prepare the frames of an Instance as the options ask: from stored frames to those to convert.

First data paths are blended.  Then each frame gets its units, colors and region.  Last, segments
are combined to label frames and tiles to one frame.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dcmconv.plugin import Attributes, EncodedFrame, Frame
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups
from dcmconv_builtins.dicom.objects.object_options import ObjectOptions
from dcmconv_builtins.dicom.objects.tile_positions import find_tile_positions, total_matrix
from dcmconv_builtins.dicom.pixels.frame_source import FrameSource, TilePosition

if TYPE_CHECKING:
    from dcmconv_builtins.dicom.instance import DicomInstance

__all__ = ["PreparedFrames", "prepare_frames"]


def prepare_frames(instance: DicomInstance, options: ObjectOptions) -> FrameSource:
    """Return the frames of an Instance as the options ask for them.

    Raises
    ------
    InputError
        If the position of a tile is missing, or frames of data paths cannot be matched.
    LimitError
        If a stitched slide would be too large.
    """
    source: FrameSource = PreparedFrames(instance, _with_blended_paths(instance, options), options)
    if options.segments == "labels" and instance.top.text("SegmentationType"):
        # Everything rare is imported where it is used: most files need none of it.
        from dcmconv_builtins.dicom.objects.label_maps import LabelMaps

        source = LabelMaps(source, instance.top)
    matrix = total_matrix(instance.top) if options.tiles == "stitched" else None
    if matrix is not None and source.tile_positions is not None:
        from dcmconv_builtins.dicom.objects.stitching import StitchedSlide

        source = StitchedSlide(source, instance.top, matrix, options)
    return source


def _with_blended_paths(instance: DicomInstance, options: ObjectOptions) -> FrameSource:
    if options.data_paths == "frames" or not instance.has_data_paths:
        return instance
    pixels = instance.description
    is_gray = pixels.photometric_interpretation == "MONOCHROME2"
    if not is_gray or pixels.is_signed or pixels.number_type != "integer":
        instance.notes.add(
            "Data Frame Assignment Sequence (0028,1401) requires unsigned MONOCHROME2; the frames "
            "are not blended."
        )
        return instance
    from dcmconv_builtins.dicom.color.blending import find_blending

    blending = find_blending(instance.top)
    if blending is None:
        return instance
    from dcmconv_builtins.dicom.color.blended_frames import BlendedFrames

    # A salvaged file may end in the middle of a set of frames.
    may_lack = bool(instance.salvaged)
    return BlendedFrames(instance, instance.top, blending, may_lack=may_lack)


class PreparedFrames:
    """The frames of an Instance in the units, colors and region that the options ask for."""

    def __init__(
        self, instance: DicomInstance, source: FrameSource, options: ObjectOptions
    ) -> None:
        self._instance = instance
        self._source = source
        self._top = instance.top
        self._options = options
        self.frame_count = source.frame_count
        self.tile_positions = self._find_tile_positions()

    def groups_of(self, frame_index: int) -> FrameGroups:
        """Return the functional groups of a frame."""
        return self._source.groups_of(frame_index)

    def attributes_of(self, frame_index: int) -> Attributes:
        """Return the attributes of a frame."""
        return self._source.attributes_of(frame_index)

    def read_frame(self, frame_index: int) -> Frame:
        """Decode one frame, and apply the options to it."""
        frame = self._source.read_frame(frame_index)
        notes = self._instance.notes
        before, times = notes.lines(), notes.added
        prepared = self._prepared(frame, frame_index)
        if notes.added == times:
            return prepared
        # The options have read further attributes, and noted that those are broken.
        added = notes.lines()[len(before) :]
        return replace(prepared, notes=(*prepared.notes, *added))

    def read_encoded(self, frame_index: int) -> EncodedFrame | None:
        """Return a frame's JPEG stream; None if the options ask for a picture of something else."""
        # A source other than the Instance makes its frames, so they have no stream in the file.
        is_changed = self._options.region is not None or self._source is not self._instance
        return None if is_changed else self._instance.read_encoded(frame_index)

    def _prepared(self, frame: Frame, frame_index: int) -> Frame:
        options = self._options
        if not frame.is_color:
            frame = self._prepared_gray(frame, frame_index)
        # After palettes: they may have their own profile.
        if frame.icc_profile and options.icc != "embed":
            frame = self._without_profile(frame)
        if options.region is not None:
            from dcmconv_builtins.dicom.objects.ultrasound import show_region

            frame = show_region(frame, self._top, options.region)
        return frame

    def _prepared_gray(self, frame: Frame, frame_index: int) -> Frame:
        if frame.is_label:
            from dcmconv_builtins.dicom.objects.segments import find_labels

            return replace(frame, labels=find_labels(self._top))
        if self._options.values != "rescale":
            from dcmconv_builtins.dicom.tone.units import apply_units

            frame = apply_units(frame, self.groups_of(frame_index), self._options.values)
        if self._instance.has_palettes:
            from dcmconv_builtins.dicom.color.supplemental_palette import with_palette

            blended = self._options.data_paths == "blended"
            frame = with_palette(frame, self.groups_of(frame_index), enhanced=blended)
        return frame

    def _without_profile(self, frame: Frame) -> Frame:
        if self._options.icc == "ignore":
            return replace(frame, icc_profile=b"")
        from dcmconv_builtins.dicom.color.icc import in_srgb

        return in_srgb(frame)

    def _find_tile_positions(self) -> list[TilePosition] | None:
        # Reading the position of every frame is slow, and only these options need it.
        if self._options.tiles != "stitched" and self._options.segments != "labels":
            return None
        tile = self._instance.description.rows, self._instance.description.columns
        return find_tile_positions(self._top, tile, self.frame_count, self.groups_of)
