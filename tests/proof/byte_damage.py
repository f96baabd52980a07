"""One changed byte in the entropy-coded data of a complete stream: how often each codec notices.

    python -m proof.byte_damage            # 500 changes a codec, a table of Markdown
    python -m proof.byte_damage 2000

Streams are real if there are any: those of DCMCONV_CORPUS, and otherwise a photograph-like
frame that is encoded here.  Each change replaces one byte after the headers.
"""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from support.streams import SYNTAX, encoded

from dcmconv.plugin import DcmconvError
from dcmconv_builtins.dicom.decoders import Decoded, PixelDescription, decode_frame

SIDE = 256
CODECS: dict[str, tuple[str, int]] = {
    "JPEG baseline": ("jpeg", 8),
    "JPEG extended, 12 bits": ("jpeg-12", 12),
    "JPEG lossless": ("jpeg-lossless", 16),
    "JPEG-LS": ("jpeg-ls", 16),
    "JPEG 2000 lossless": ("jpeg-2000", 16),
    "JPEG 2000 lossy": ("jpeg-2000-lossy", 16),
    "HTJ2K": ("htj2k", 16),
    "JPEG XL": ("jpeg-xl", 16),
    "RLE": ("rle", 16),
    "deflated frames": ("deflated-frame", 16),
}
"""How a frame is encoded if the corpus has no real stream of the codec, and its bits."""

MARKERS = {
    "jpeg": b"\xff\xda", "jpeg-12": b"\xff\xda", "jpeg-lossless": b"\xff\xda",
    "jpeg-ls": b"\xff\xda", "jpeg-2000": b"\xff\x93", "jpeg-2000-lossy": b"\xff\x93",
    "htj2k": b"\xff\x93",
}  # fmt: skip
"""What the coded data follows; in the other codecs, a header of some bytes."""

HEADERS = {"jpeg-xl": 32, "rle": 64, "deflated-frame": 0}
SCAN_HEADER = 16

Stream = tuple[str, bytes, PixelDescription]


def made(codec: str) -> Stream:
    """Return a frame with tissue-like texture and noise."""
    syntax, bits = CODECS[codec]
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    disk = np.hypot(rows - 0.5, columns - 0.5) < 0.4
    texture = np.sin(rows * 40) * np.cos(columns * 31) + 2 * disk
    noise = np.random.default_rng(3).normal(0, 0.05, disk.shape)
    scaled = np.clip((texture + noise + 1.5) / 5, 0, 1) * ((1 << min(bits, 12)) - 1)
    values = scaled.astype(np.uint8 if bits == 8 else np.uint16)
    description = PixelDescription(
        rows=SIDE, columns=SIDE, bits_allocated=8 if bits == 8 else 16, bits_stored=bits
    )
    return SYNTAX[syntax], encoded(syntax, values), description


def real(codec: str, corpus: Path) -> list[Stream]:
    """Return the first frames of the corpus that are in the codec's Transfer Syntax."""
    import pydicom
    from pydicom.encaps import generate_frames

    found = []
    for path in sorted(corpus.rglob("*")):
        if not path.is_file():
            continue
        try:
            dataset = pydicom.dcmread(path)
            if dataset.file_meta.TransferSyntaxUID != SYNTAX[CODECS[codec][0]]:
                continue
            count = int(dataset.get("NumberOfFrames") or 1)
            stream = next(generate_frames(dataset.PixelData, number_of_frames=count))
            description = described(dataset)
            decode_frame(stream, dataset.file_meta.TransferSyntaxUID, description)
        except (
            AttributeError,
            ValueError,
            RuntimeError,
            OSError,
            pydicom.errors.InvalidDicomError,
        ):
            continue
        except DcmconvError:
            continue
        found.append((dataset.file_meta.TransferSyntaxUID, stream, description))
    return found


def described(dataset) -> PixelDescription:
    return PixelDescription(
        rows=dataset.Rows,
        columns=dataset.Columns,
        samples_per_pixel=dataset.SamplesPerPixel,
        bits_allocated=dataset.BitsAllocated,
        bits_stored=dataset.BitsStored,
        is_signed=dataset.PixelRepresentation == 1,
        photometric_interpretation=dataset.PhotometricInterpretation,
    )


def coded_span(codec: str, stream: bytes) -> range:
    """Return where the entropy-coded data is, its end marker left out."""
    syntax = CODECS[codec][0]
    marker = MARKERS.get(syntax)
    start = stream.index(marker) + SCAN_HEADER if marker else HEADERS[syntax]
    return range(start, len(stream.rstrip(b"\0")) - 4)


def changes(stream: bytes, span: range, count: int, seed: int) -> Iterator[bytes]:
    """Yield the stream with one byte changed, each time another."""
    rng = random.Random(seed)
    for _ in range(count):
        place = rng.choice(span)
        value = (stream[place] + rng.randrange(1, 256)) % 256
        yield stream[:place] + bytes([value]) + stream[place + 1 :]


def outcome(sound: Decoded, damaged: bytes, syntax: str, description: PixelDescription) -> str:
    """Return what becomes of a damaged stream; ``silent`` is a wrong picture without a new note."""
    try:
        frame = decode_frame(damaged, syntax, description)
    except DcmconvError:
        return "failed"
    if np.array_equal(frame.values, sound.values):
        return "the same picture"
    return "noted" if set(frame.notes) - set(sound.notes) else "silent"


def damage(codec: str, count: int, corpus: Path | None = None, seed: int = 1) -> Counter[str]:
    """Return how often each outcome came, over all streams of the codec."""
    streams = (real(codec, corpus) if corpus else []) or [made(codec)]
    found: Counter[str] = Counter()
    share = -(-count // len(streams))
    for number, (syntax, stream, description) in enumerate(streams):
        sound = decode_frame(stream, syntax, description)
        for damaged in changes(stream, coded_span(codec, stream), share, seed + number):
            found[outcome(sound, damaged, syntax, description)] += 1
    return found


def share_noticed(found: Counter[str]) -> float:
    """Return which part of the changes that matter ended as a failure or a note."""
    matter = found["failed"] + found["noted"] + found["silent"]
    return (found["failed"] + found["noted"]) / matter if matter else 1.0


def table(count: int) -> Iterator[str]:
    """Yield a row for each codec."""
    corpus = os.environ.get("DCMCONV_CORPUS")
    for codec in CODECS:
        found = damage(codec, count, Path(corpus) if corpus else None)
        kept = found["the same picture"]
        yield (
            f"| {codec} | {sum(found.values())} | {share_noticed(found):.0%} | "
            f"{found['failed']} | {found['noted']} | {found['silent']} | {kept} |"
        )


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    print("| codec | changes | noticed | failed | noted | silently different | the same picture |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in table(int(sys.argv[1]) if len(sys.argv) > 1 else 500):
        print(row, flush=True)


if __name__ == "__main__":
    main()
