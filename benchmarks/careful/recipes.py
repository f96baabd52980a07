"""A function for each task: converts one file into ``out``.

Where there were several ways, the fastest was taken: OpenCV's PNG encoder with its default options
takes a third of the time of libpng at level 1, with smaller files; imagecodecs encodes color JPEG
faster than OpenCV.  JPEG has quality 90, and colors at full resolution, as in dcmconv.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import dicomsdl
import numpy as np
from numpy.typing import NDArray

from benchmarks.careful.gray import exact_window, extremes, percentiles, scaled, window
from benchmarks.careful.images import Image, Meaning, open_image, text_of

LUNG, MEDIASTINUM, BONE = (-600, 1500), (50, 350), (480, 2500)
WHITE, BLACK = 255, 0
SIDE = 512
SMALL = (512, 256)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def windowed(path: Path, out: Path, suffix: str, center: int, width: int) -> None:
    _save(out, path.stem, scaled(open_image(path), window(center, width)), suffix)


def stretched(path: Path, out: Path, suffix: str) -> None:
    image = open_image(path)
    _save(out, path.stem, scaled(image, extremes(image)), suffix)


def percentile(path: Path, out: Path) -> None:
    image = open_image(path)
    _save(out, path.stem, scaled(image, percentiles(image, 1, 99)))


def ml_8bit(path: Path, out: Path) -> None:
    image = open_image(path)
    if image.header.Modality == "CT":
        pixels = scaled(image, exact_window(0, 2000))
    else:
        pixels = scaled(image, percentiles(image, 1, 99))
    _save(out, path.stem, _squared(pixels))


def ml_16bit(path: Path, out: Path) -> None:
    image = open_image(path)
    is_ct = image.header.Modality == "CT"
    span = exact_window(1024, 4096) if is_ct else extremes(image)
    _save(out, path.stem, scaled(image, span, bits=16))


def three_windows(path: Path, out: Path) -> None:
    image = open_image(path)
    for name, each in (("lung", LUNG), ("mediastinum", MEDIASTINUM), ("bone", BONE)):
        _save(out, f"{path.stem}-{name}", scaled(image, window(*each)))


def named(path: Path, out: Path, center: int, width: int) -> None:
    image = open_image(path)
    folder = out / image.header.Modality / f"{image.header.SeriesNumber:04d}"
    folder.mkdir(parents=True, exist_ok=True)
    _save(folder, f"{image.header.SOPInstanceUID}_0001", scaled(image, window(center, width)))


def tabled(path: Path, out: Path, center: int, width: int, tags: str) -> list[str]:
    image = open_image(path)
    _save(out, path.stem, scaled(image, window(center, width)))
    cells = [text_of(image.header, keyword) for keyword in tags.split(",")]
    return [path.name, f"{path.stem}.png", "1", *cells]


def ruled(path: Path, out: Path) -> None:
    image = open_image(path)
    span = window(*LUNG) if image.header.Modality == "CT" else extremes(image)
    _save(out, path.stem, scaled(image, span))


def colored(path: Path, out: Path, suffix: str) -> None:
    image = open_image(path)
    gray = scaled(image, extremes(image))
    if suffix == "png":
        # OpenCV writes blue, green and red.
        _save(out, path.stem, cv2.applyColorMap(gray, _viridis("bgr")))
    else:
        _save_colors(out, path.stem, cv2.applyColorMap(gray, _viridis("rgb")))


def titled(path: Path, out: Path, center: int, width: int) -> None:
    image = open_image(path)
    pixels = scaled(image, window(center, width))
    text = f"UID:{image.header.SOPInstanceUID}"
    height = pixels.shape[0] * 0.04
    scale = min(height / 30, pixels.shape[1] / cv2.getTextSize(text, FONT, 1, 1)[0][0])
    start = (
        int(pixels.shape[1] - scale * cv2.getTextSize(text, FONT, 1, 1)[0][0]) // 2,
        int(height),
    )
    for gray, thickness in ((BLACK, 3), (WHITE, 1)):
        cv2.putText(pixels, text, start, FONT, scale, gray, thickness, cv2.LINE_AA)
    _save(out, path.stem, pixels)


def resized(path: Path, out: Path, center: int, width: int) -> None:
    pixels = scaled(open_image(path), window(center, width))
    _save(out, path.stem, cv2.resize(pixels, SMALL, interpolation=cv2.INTER_AREA))


def rotated(path: Path, out: Path, center: int, width: int) -> None:
    pixels = scaled(open_image(path), window(center, width))
    _save(out, path.stem, cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE))


def deep(path: Path, out: Path, center: int, width: int) -> None:
    _save(out, path.stem, scaled(open_image(path), window(center, width), bits=16))


def smallest(path: Path, out: Path, center: int, width: int) -> None:
    import oxipng

    pixels = scaled(open_image(path), window(center, width))
    raw = oxipng.RawImage(
        pixels.tobytes(),
        pixels.shape[1],
        pixels.shape[0],
        color_type=oxipng.ColorType.grayscale(),
        bit_depth=8,
    )
    (out / f"{path.stem}.png").write_bytes(raw.create_optimized_png(level=2))


def overlaid(path: Path, out: Path, center: int, width: int) -> None:
    image = open_image(path)
    pixels = scaled(image, window(center, width))
    plane = image.header.getDataElement(0x60003000).toBytes()
    bits = np.unpackbits(np.frombuffer(plane, np.uint8), count=pixels.size, bitorder="little")
    # Bits are 0 and 1: white where there is an overlay.
    _save(out, path.stem, cv2.max(pixels, bits.reshape(pixels.shape) * np.uint8(WHITE)))


def presented(path: Path, out: Path, state: str) -> None:
    image = open_image(path)
    span, lines, notes = _state(state)[image.header.SOPInstanceUID]
    pixels = scaled(image, span)
    cv2.polylines(pixels, lines, isClosed=False, color=WHITE, thickness=2)
    for text, place in notes:
        cv2.putText(pixels, text, place, FONT, 0.6, WHITE, 1, cv2.LINE_AA)
    _save(out, path.stem, pixels)


def segments(path: Path, out: Path) -> None:
    header = dicomsdl.open(str(path))
    shape = header.NumberOfFrames, header.Rows, header.Columns
    packed = np.frombuffer(header.getDataElement("PixelData").toBytes(), np.uint8)
    bits = np.unpackbits(packed, count=shape[0] * shape[1] * shape[2], bitorder="little")
    for number, frame in enumerate(bits.reshape(shape), 1):
        _save(out, f"{path.stem}_{number:04d}", frame * np.uint8(WHITE))


def frames(path: Path, out: Path, suffix: str, center: int, width: int) -> None:
    header = dicomsdl.open(str(path))
    groups = header.SharedFunctionalGroupsSequence[0]
    rescale = groups.PixelValueTransformationSequence[0]
    meaning = Meaning(rescale.RescaleSlope, rescale.RescaleIntercept, False, False, None)
    for index in range(header.NumberOfFrames):
        image = Image(header, header.pixelData(index, storedvalue=True), meaning)
        name = f"{path.stem}_{index + 1:04d}"
        _save(out, name, scaled(image, window(center, width)), suffix)


def cine(path: Path, out: Path) -> None:
    for number, stream in _streams(path):
        (out / f"{path.stem}_{number:04d}.jpg").write_bytes(stream)


def cine_resized(path: Path, out: Path) -> None:
    import imagecodecs

    for number, stream in _streams(path):
        pixels = imagecodecs.jpeg8_decode(stream)
        small = cv2.resize(pixels, SMALL, interpolation=cv2.INTER_AREA)
        _save_colors(out, f"{path.stem}_{number:04d}", small)


def _save(out: Path, name: str, pixels: NDArray[Any], suffix: str = "png") -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, 90] if suffix == "jpg" else []
    if not cv2.imwrite(f"{out}/{name}.{suffix}", pixels, options):
        raise OSError(f"{name}.{suffix} could not be written")


def _save_colors(out: Path, name: str, pixels: NDArray[np.uint8]) -> None:
    import imagecodecs

    stream = imagecodecs.jpeg8_encode(pixels, level=90, subsampling="444")
    (out / f"{name}.jpg").write_bytes(stream)


@lru_cache(maxsize=1)
def _viridis(order: str) -> NDArray[np.uint8]:
    """Return matplotlib's table; OpenCV's is up to two levels away from it."""
    from matplotlib import colormaps

    table = colormaps["viridis"](np.arange(256), bytes=True)[:, np.newaxis, :3]
    return np.ascontiguousarray(table if order == "rgb" else table[..., ::-1])


def _squared(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fit a picture into a square, centered on black."""
    rows, columns = pixels.shape
    scale = SIDE / max(rows, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    if size != (columns, rows):
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        pixels = cv2.resize(pixels, size, interpolation=how)
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    square = np.zeros((SIDE, SIDE), np.uint8)
    square[top : top + size[1], left : left + size[0]] = pixels
    return square


def _streams(path: Path) -> list[tuple[int, bytes]]:
    frames_of = dicomsdl.open(str(path)).PixelData
    return [(i + 1, frames_of.encodedFrameData(i)) for i in range(frames_of.numberOfFrames())]


State = tuple[tuple[float, float], list[NDArray[np.int32]], list[tuple[str, tuple[int, int]]]]


@lru_cache(maxsize=1)
def _state(path: str) -> dict[str, State]:
    """Return the span, the lines and the texts of each image of a presentation state."""
    import pydicom

    dataset = pydicom.dcmread(path)
    lut = dataset.SoftcopyVOILUTSequence[0]
    lines, notes = [], []
    for layer in dataset.GraphicAnnotationSequence:
        for graphic in layer.get("GraphicObjectSequence", []):
            # The first pixel is 1 in DICOM, 0 in OpenCV.
            points = np.array(graphic.GraphicData).reshape(-1, 2) - 1
            lines.append(points.round().astype(np.int32))
        for note in layer.get("TextObjectSequence", []):
            column, row = note.AnchorPoint
            notes.append((note.UnformattedTextValue, (int(column) - 1, int(row) - 1)))
    state = window(float(lut.WindowCenter), float(lut.WindowWidth)), lines, notes
    images = dataset.ReferencedSeriesSequence[0].ReferencedImageSequence
    return {image.ReferencedSOPInstanceUID: state for image in images}
