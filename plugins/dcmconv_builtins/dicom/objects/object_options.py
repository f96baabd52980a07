"""How to read objects that are pictures in their own way: options of the DICOM reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from dcmconv.plugin import Opt
from dcmconv_builtins.dicom.file.limits import Limits

__all__ = ["ObjectOptions", "Values"]

Values = Literal["rescale", "real-world", "suvbw", "suvlbm", "suvlbm-janma", "suvbsa"]


@dataclass(frozen=True, kw_only=True)
class ObjectOptions(Limits):
    """Units, colors, segmentations, data paths, ultrasound regions and whole slides."""

    values: Annotated[
        Values,
        Opt(
            "What modality values are: by Rescale Slope or Modality LUT, by the Real World Value "
            "Mapping, or standardized uptake values of PET by weight, lean body mass (James, or "
            "Janmahasatian) or body surface"
        ),
    ] = "rescale"
    icc: Annotated[
        Literal["srgb", "embed", "ignore"],
        Opt("What to do with an ICC Profile: convert to sRGB, hand it on, or leave it out"),
    ] = "srgb"
    segments: Annotated[
        Literal["frames", "labels"],
        Opt("A segmentation's frames as they are, or one label picture for each plane"),
    ] = "frames"
    data_paths: Annotated[
        Literal["blended", "frames"],
        Opt(
            "Frames of several data types, such as tissue and flow of enhanced ultrasound, blended "
            "to one color picture, or each as it is"
        ),
    ] = "blended"
    region: Annotated[
        int | None, Opt("Show this item of the Sequence of Ultrasound Regions alone", ge=1)
    ] = None
    tiles: Annotated[
        Literal["frames", "stitched"],
        Opt("A whole slide's tiles as they are, or stitched to one picture"),
    ] = "frames"
    reduce: Annotated[
        int, Opt("Shrink a stitched picture by this factor, by the mean of its pixels", ge=1)
    ] = 1
