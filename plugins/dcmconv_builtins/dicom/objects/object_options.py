"""Options of the DICOM reader for what frames contain: units, segments, regions, tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from dcmconv.plugin import Opt
from dcmconv_builtins.dicom.read_options import Limits

__all__ = ["ObjectOptions", "Values"]

Values = Literal["rescale", "real-world", "suvbw", "suvlbm", "suvlbm-janma", "suvbsa"]


@dataclass(frozen=True, kw_only=True)
class ObjectOptions(Limits):
    """Units, colors, segmentations, data paths, ultrasound regions and whole slides."""

    values: Annotated[
        Values,
        Opt(
            "Unit of modality values: by Rescale Slope or Modality LUT, by the Real World Value "
            "Mapping, or standardized uptake values of PET by weight, lean body mass (James, or "
            "Janmahasatian) or body surface"
        ),
    ] = "rescale"
    icc: Annotated[
        Literal["srgb", "embed", "ignore"],
        Opt("Convert colors with an ICC Profile to sRGB, embed the profile, or ignore it"),
    ] = "srgb"
    segments: Annotated[
        Literal["frames", "labels"],
        Opt("Convert each frame of a segmentation, or make one label picture for each plane"),
    ] = "frames"
    data_paths: Annotated[
        Literal["blended", "frames"],
        Opt(
            "Blend frames of several data types, such as tissue and flow of enhanced ultrasound, "
            "to one color picture, or convert each by itself"
        ),
    ] = "blended"
    region: Annotated[
        int | None, Opt("Show only this item of the Sequence of Ultrasound Regions", ge=1)
    ] = None
    tiles: Annotated[
        Literal["frames", "stitched"],
        Opt("Convert each tile of a whole slide, or stitch them to one picture"),
    ] = "frames"
    reduce: Annotated[
        int, Opt("Shrink a stitched picture by this factor, averaging its pixels", ge=1)
    ] = 1
