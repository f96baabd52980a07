"""Real files, corrupted at random with a seed: in their bytes or in their attributes."""

from __future__ import annotations

import io
import random
import struct
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pydicom
from hostile.base import BYTES, RAMP, ramp
from hostile.recipes_color import RGB, palette
from pydicom.data import get_testdata_file
from support.corpus import corpus_files
from support.dicom_files import as_bytes, color, encapsulated, monochrome
from support.streams import SYNTAX, encoded

LARGEST = 300_000
"""Bytes; a run of ten thousand copies must fit on a disk."""

INSIDE_PYDICOM = (
    "CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm",
    "MR_small_implicit.dcm", "JPEG2000.dcm", "JPEG-LL.dcm", "JPEG-lossy.dcm", "SC_rgb_jpeg.dcm",
    "SC_rgb_small_odd.dcm", "SC_rgb_rle.dcm", "image_dfl.dcm", "examples_palette.dcm",
    "rtplan.dcm", "liver_1frame.dcm", "693_J2KI.dcm", "SC_ybr_full_422_uncompressed.dcm",
    "MR2_J2KI.dcm", "rtdose_1frame.dcm", "reportsi.dcm", "nested_priv_SQ.dcm",
)  # fmt: skip
NUMBERS = (0, 1, 2, 3, 7, 8, 9, 11, 12, 15, 16, 17, 31, 32, 63, 64, 255, 256, 4095, 65535)
TEXTS = ("", "0", "-1", "1e308", "nan", "1\\2", "MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL_422",
         "PALETTE COLOR", "SIGMOID", "INVERSE", "1.2.840.10008.1.2", "x" * 70, "\x1b[31m")  # fmt: skip
LENGTHS = (0, 1, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF, 0x20202020)


@cache
def originals() -> tuple[tuple[str, bytes], ...]:
    """Return name and bytes of every file that mutants are made from."""
    found: dict[str, bytes] = {}
    for path in corpus_files():
        found[path.name] = path.read_bytes()
    for name in INSIDE_PYDICOM:
        place = get_testdata_file(name, download=False)
        if place is not None:
            found[name] = Path(str(place)).read_bytes()
    for syntax in ("rle", "jpeg", "jpeg-lossless", "jpeg-ls", "jpeg-2000", "htj2k", "jpeg-xl"):
        made = encapsulated(monochrome(BYTES), SYNTAX[syntax], [encoded(syntax, BYTES)])
        found[f"made-{syntax}"] = as_bytes(made)
    found |= {"made-native": as_bytes(ramp()), "made-rgb": as_bytes(color(RGB))}
    found |= {"made-signed": as_bytes(monochrome(RAMP.astype("i2"))), "made-palette": palette()()}
    small = {name: content for name, content in found.items() if len(content) <= LARGEST}
    return tuple(sorted(small.items()))


def mutants(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and bytes; the same for the same seed, whatever the count."""
    for number in range(count):
        chance = random.Random(f"{seed}-{number}")
        name, content = chance.choice(originals())
        kind = chance.choice(list(KINDS))
        yield f"{number:06d}-{kind}-{name}", KINDS[kind](content, chance)


def _flipped(content: bytes, chance: random.Random) -> bytes:
    made = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def _flipped_header(content: bytes, chance: random.Random) -> bytes:
    made = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        made[chance.randrange(min(2000, len(made)))] = chance.randrange(256)
    return bytes(made)


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _span(content: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(content))
    return start, min(len(content), start + chance.choice((1, 2, 4, 8, 64, 1000)))


def _lost(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:start] + content[end:]


def _zeroed(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:start] + bytes(end - start) + content[end:]


def _doubled(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:end] + content[start:end] + content[end:]


def _lying_length(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(min(4000, len(content) - 4))
    return content[:start] + struct.pack("<I", chance.choice(LENGTHS)) + content[start + 4 :]


def _attributes(content: bytes, chance: random.Random) -> bytes:
    """Change what the file states about its pixels, and write a well-formed file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(io.BytesIO(content), force=True)
        elements = [e for e in dataset if e.tag.group in (0x0008, 0x0028, 0x0018) and e.VR != "SQ"]
        for _ in range(chance.randint(1, 3)):
            if not elements:
                return content
            _change(dataset, chance.choice(elements), chance)
        stream = io.BytesIO()
        try:
            pydicom.dcmwrite(stream, dataset)
        except Exception:  # noqa: BLE001 - pydicom refuses some of what it is made to write
            return _flipped_header(content, chance)
    return stream.getvalue()


def _change(dataset: pydicom.Dataset, element: pydicom.DataElement, chance: random.Random) -> None:
    if element.tag not in dataset:
        return
    if chance.random() < 0.2:
        del dataset[element.tag]
    elif element.VR in ("US", "SS", "UL", "SL"):
        element.value = chance.choice(NUMBERS if element.VR[0] == "U" else (*NUMBERS[:-1], -1))
    elif element.VR not in ("OB", "OW", "UN", "AT", "FD", "FL", "SV", "UV"):
        element._value = chance.choice(TEXTS)


KINDS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "flip": _flipped,
    "header": _flipped_header,
    "cut": _cut,
    "lost": _lost,
    "zero": _zeroed,
    "double": _doubled,
    "length": _lying_length,
    "attribute": _attributes,
}
