"""Files for the clause tests, each a line or two away from ``support.dicom_files``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian
from support.dicom_files import changed, color, item, monochrome
from support.reading import recoded


def lut_item(
    entries: ArrayLike, *, first: int = 0, bits: int = 16, packed: bool = False
) -> Dataset:
    """Return an item with LUT Descriptor and LUT Data; ``packed`` puts two entries in a word."""
    made = item()
    words = np.asarray(entries, np.uint8 if packed else "<u2")
    made.add_new("LUTDescriptor", "US", [len(words) % 65536, first % 65536, bits])
    content = words.tobytes()
    made.add_new("LUTData", "OW", content + b"\0" * (len(content) % 2))
    return made


def frame_group(
    *,
    window: tuple[str, str] | None = None,
    function: str = "",
    rescale: tuple[str, str] | None = None,
) -> Dataset:
    """Return a functional group with a Frame VOI LUT, a Pixel Value Transformation, or both."""
    group = item()
    if window is not None:
        voi = item(WindowCenter=window[0], WindowWidth=window[1])
        if function:
            voi.VOILUTFunction = function
        group.FrameVOILUTSequence = Sequence([voi])
    if rescale is not None:
        made = item(RescaleSlope=rescale[0], RescaleIntercept=rescale[1], RescaleType="US")
        group.PixelValueTransformationSequence = Sequence([made])
    return group


def shared(group: Dataset) -> dict[str, Any]:
    """Return the attribute that applies a group to all frames."""
    return {"SharedFunctionalGroupsSequence": Sequence([group])}


def per_frame(*groups: Dataset) -> dict[str, Any]:
    """Return the attribute that applies one group to each frame."""
    return {"PerFrameFunctionalGroupsSequence": Sequence(groups)}


def padded(
    values: NDArray[Any], value: int, limit: int | None = None, **attributes: Any
) -> FileDataset:
    """Return a signed image with Pixel Padding Value and, optionally, its Range Limit."""
    dataset = monochrome(values, **attributes)
    dataset.add_new("PixelPaddingValue", "SS", value)
    if limit is not None:
        dataset.add_new("PixelPaddingRangeLimit", "SS", limit)
    return dataset


def native(values: NDArray[Any], kind: str) -> FileDataset:
    """Return an image whose cells have a type such as ``u4``."""
    return monochrome(values.astype(kind))


def one_bit(frames: ArrayLike) -> FileDataset:
    """Return packed 1-bit frames, which follow each other bit by bit."""
    bits = np.asarray(frames, np.uint8)
    dataset = monochrome(
        bits if len(bits) > 1 else bits[0], BitsAllocated=1, BitsStored=1, HighBit=0
    )
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    return changed(dataset, PixelData=packed + b"\0" * (len(packed) % 2))


def ybr(photometric: str, rows: int, columns: int, cells: list[int]) -> FileDataset:
    """Return native 8-bit color with its samples in the given order."""
    dataset = color(np.zeros((rows, columns, 3), np.uint8), PhotometricInterpretation=photometric)
    return changed(dataset, PixelData=bytes(cells) + b"\0" * (len(cells) % 2))


def big_endian_words(values: NDArray[np.uint8]) -> bytes:
    """Return a big endian file whose 8-bit pixels are stored in byte-swapped 16-bit words."""
    dataset = monochrome(values)
    content = values.tobytes() + b"\0" * (values.size % 2)
    dataset.PixelData = np.frombuffer(content, "<u2").astype(">u2").tobytes()
    dataset["PixelData"].VR = "OW"
    return recoded(dataset, ExplicitVRBigEndian)
