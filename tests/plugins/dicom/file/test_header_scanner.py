"""The header scanner reads the same as pydicom, or leaves the file to pydicom."""

from __future__ import annotations

import dataclasses
import random
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import pytest
from pydicom.datadict import tag_for_keyword
from support.corpus import corpus_files
from support.dicom_files import as_bytes, compressed, item, monochrome
from support.reading import open_content

from dcmconv.plugin import DcmconvError
from dcmconv_builtins.dicom.file import part10
from dcmconv_builtins.dicom.file.bounded_stream import BoundedReader, HeldBytes
from dcmconv_builtins.dicom.file.elements import TAGS, Notes
from dcmconv_builtins.dicom.file.encoding import PIXEL_KEYWORDS
from dcmconv_builtins.dicom.file.header_scanner import ScannedHeader, scan_header

PIXELS = np.arange(12, dtype=np.uint16).reshape(3, 4)
WHEEL_FILES = sorted(Path(pydicom.data.__file__).parent.glob("test_files/**/*.dcm"))
MOST_FRAMES = 3
PIXEL_DATA = b"\xe0\x7f\x10\x00"


def a_full_header():
    """Return a small file with all that headers have: sequences, private and empty elements, text."""
    dataset = monochrome(
        PIXELS,
        SpecificCharacterSet="ISO_IR 192",
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        PatientName="Wang^XiaoDong=王^小东",
        PixelSpacing=["0.5", "0.25"],
        WindowCenter=["5", "7.5"],
        WindowWidth=["10", "3"],
        WindowCenterWidthExplanation=["NARROW", "WIDE"],
        RescaleSlope="2",
        RescaleIntercept="-10",
        PixelPaddingValue=0,
        StudyDate="",
        Modality="CT",
        ReferencedImageSequence=[item(ReferencedSOPInstanceUID="1.2.3"), item(CodeValue="x")],
        DerivationCodeSequence=[],
    )
    dataset["ReferencedImageSequence"].is_undefined_length = True
    dataset.ReferencedImageSequence[1].is_undefined_length_sequence_item = True
    dataset.private_block(0x0009, "SOMEBODY", create=True).add_new(1, "OB", b"\1\2\3\4")
    return dataset


def seen(content: bytes) -> Any:
    """Return everything that is read from a file: all fields of its first frames, or the error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            instance = open_content(content)
            frames = [
                instance.read_frame(index)
                for index in range(min(instance.frame_count, MOST_FRAMES))
            ]
            attributes = dict(instance.attributes)
        except DcmconvError as error:
            return type(error), error.message, error.hint, error.reason
    facts = instance.frame_count, instance.transfer_syntax, instance.decoder, attributes
    return facts, [_fields(frame) for frame in frames]


def _fields(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if dataclasses.is_dataclass(value):
        return {each.name: _fields(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_fields(each) for each in value]
    return dict(value) if hasattr(value, "keys") else value


def scanned(content: bytes) -> ScannedHeader | None:
    return scan_header(HeldBytes(content))


def check_same(monkeypatch: pytest.MonkeyPatch, content: bytes) -> bool:
    """Check that both ways of reading agree; return whether the scanner read the file."""
    if scanned(content) is None:
        return False
    fast = seen(content)
    with monkeypatch.context() as patch:
        patch.setattr(part10, "read_header", lambda stream: None)
        slow = seen(content)
    # NaN among the values is equal to itself here.
    assert repr(fast) == repr(slow)
    return True


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return a file with a few bytes of its header changed, removed or repeated."""
    header = content.index(PIXEL_DATA) + 12
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(132, header)
        kind = chance.randrange(6)
        if kind == 0:
            changed[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            changed[at] = chance.choice((0, 1, 2, 0x20, 0x5C, 0x30, 0x39, 0xFE, 0xFF))
        elif kind == 2:
            del changed[at : at + chance.choice((1, 2, 8))]
        elif kind == 3:
            changed[at:at] = changed[at : at + chance.choice((1, 2, 8, 20))]
        elif kind == 4:
            changed[at : at + 2] = chance.choice((b"UN", b"SQ", b"OB", b"DS", b"US", b"CS"))
        else:
            changed[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(changed)


def with_number(content: bytes, keyword: str, chance: random.Random) -> bytes:
    """Return a file with another value of the same length in an element of numbers."""
    tag = tag_for_keyword(keyword)
    at = content.index(tag.to_bytes(4)[1::-1] + tag.to_bytes(4)[:1:-1])
    length = int.from_bytes(content[at + 6 : at + 8], "little")
    value = bytes(chance.choice(b"0123456789.-+eE\\ \0,xN") for _ in range(length))
    return content[: at + 8] + value + content[at + 8 + length :]


def test_a_usual_header_is_scanned(monkeypatch):
    assert check_same(monkeypatch, as_bytes(a_full_header()))


@pytest.mark.parametrize("path", WHEEL_FILES, ids=lambda path: path.name)
def test_real_files_are_read_the_same(monkeypatch, path):
    check_same(monkeypatch, path.read_bytes())


def test_most_explicit_little_endian_files_are_scanned():
    names = ["CT_small.dcm", "MR_small.dcm", "examples_palette.dcm", "JPEG2000.dcm"]
    for name in names:
        path = next(path for path in WHEEL_FILES if path.name == name)
        assert scanned(path.read_bytes()) is not None, name


@pytest.mark.skipif(not corpus_files(), reason="no corpus")
@pytest.mark.parametrize("path", corpus_files(), ids=lambda path: getattr(path, "name", None))
def test_files_of_the_corpus_are_read_the_same(monkeypatch, path):
    check_same(monkeypatch, path.read_bytes())


@pytest.mark.parametrize("seed", range(20))
def test_mutated_headers_are_read_the_same(monkeypatch, seed):
    chance = random.Random(seed)
    content = as_bytes(a_full_header())
    results = [check_same(monkeypatch, mutated(content, chance)) for _ in range(100)]
    assert any(results)
    assert not all(results)


@pytest.mark.parametrize("keyword", ["WindowCenter", "PixelSpacing", "RescaleSlope"])
def test_mutated_numbers_are_read_the_same(monkeypatch, keyword):
    chance = random.Random(keyword)
    content = as_bytes(a_full_header())
    for _ in range(50):
        check_same(monkeypatch, with_number(content, keyword, chance))


def test_every_truncation_is_read_the_same(monkeypatch):
    content = as_bytes(a_full_header())
    for length in range(0, len(content), 3):
        check_same(monkeypatch, content[:length])


def test_compressed_pixels_are_scanned(monkeypatch):
    rle = compressed(a_full_header(), "1.2.840.10008.1.2.5")
    assert check_same(monkeypatch, as_bytes(rle))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param((b"ISO_IR 192", b"ISO_IR 999"), id="unknown-character-set"),
        pytest.param((b"\x08\x00\x08\x00CS", b"\x08\x00\x08\x00ZZ"), id="unknown-vr"),
        pytest.param((b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"), id="other-syntax"),
        pytest.param((b"DICM", b"DICX"), id="no-prefix"),
        pytest.param((b"DICM\2\0", b"DICM\0\0"), id="no-meta-information"),
        pytest.param((b"\xfe\xff\xdd\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\1\0\0\0"), id="delimiter"),
        pytest.param((b"\x20\x00\x0d\x00", b"\x08\x00\x08\x00"), id="descending-tag"),
    ],
)
def test_deviating_headers_are_left_to_pydicom(change):
    content = as_bytes(a_full_header())
    old, new = change
    assert old in content
    assert scanned(content.replace(old, new)) is None


def test_a_large_file_is_scanned_from_its_first_bytes(tmp_path):
    path = tmp_path / "large"
    header = as_bytes(a_full_header())
    path.write_bytes(header)
    with BoundedReader(path.open("rb"), path.stat().st_size) as stream:
        assert scan_header(stream) is not None
        part = part10.read_part10(stream, Notes(), inflate_limit=1)
        assert part.top.scanned is not None
        assert part.pixels is not None
        assert part.pixels.keyword in PIXEL_KEYWORDS.values()
        assert part.pixels.available == part.pixels.length == PIXELS.nbytes


def test_files_that_differ_in_every_length_are_read_the_same(monkeypatch):
    for number in range(3):
        dataset = monochrome(PIXELS)
        block = dataset.private_block(0x0009, "SOMEBODY", create=True)
        for each in range(200):
            length = 2 * (1 + (number * each) % 7)
            block.add_new(each, "LO", "x" * length)
        assert check_same(monkeypatch, as_bytes(dataset))


def test_a_sequence_in_place_of_text_is_read_the_same(monkeypatch):
    dataset = monochrome(PIXELS, WindowCenter="5", WindowWidth="10")
    dataset.add_new("WindowCenterWidthExplanation", "SQ", [item(CodeValue="x")])
    check_same(monkeypatch, as_bytes(dataset))


def test_tags_are_those_of_the_dictionary():
    assert {keyword: tag_for_keyword(keyword) for keyword in TAGS} == TAGS
