"""Where a dataset begins: group 0002 twice, DICM inside a value, raw datasets, deflation."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hostile.base import BYTES, RAMP, coded, ramp
from hostile.recipes_container import dataset_of, deflated_as, meta_end
from support.dicom_files import as_bytes
from support.reading import explicit_element, read_frame, recoded

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
TWICE = "File Meta Information (group 0002) occurs twice; ignored the second."
PART_OF_A_VALUE = "the file has no preamble; DICM at byte 128 is part of a value."


def test_a_second_group_0002_is_ignored():
    content = as_bytes(coded("rle", BYTES))
    end = meta_end(content)
    second = explicit_element(2, 0x10, b"UI", EXPLICIT.encode() + b"\0")
    frame = read_frame(content[:end] + second + content[end:])
    assert np.array_equal(frame.stored_values, BYTES)
    assert frame.notes == (TWICE,)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_dicm_at_byte_128_inside_a_value(syntax):
    content = recoded(ramp(DerivationDescription="x" * 200), syntax, with_meta=False)
    moved = content[:128] + b"DICM" + content[132:]
    frame = read_frame(moved)
    assert np.array_equal(frame.stored_values, RAMP)
    assert frame.notes[0] == PART_OF_A_VALUE


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("first", [0x10, 0x28])
def test_a_raw_dataset_that_begins_with_another_group(syntax, first):
    made = ramp()
    for tag in [tag for tag in made.keys() if tag >> 16 < first]:  # noqa: SIM118 - no conversion
        del made[tag]
    frame = read_frame(recoded(made, syntax, with_meta=False))
    assert np.array_equal(frame.stored_values, RAMP)
    assert len(frame.notes) >= 3


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_command_set_in_front_is_ignored(syntax):
    body = b"".join(
        struct.pack("<HHI", 0, number, len(value)) + value
        for number, value in ((2, b"1.2\0"), (0x100, b"\1\0"), (0x110, b"\1\0"), (0x800, b"\0\0"))
    )
    command = struct.pack("<HHII", 0, 0, 4, len(body)) + body
    frame = read_frame(command + recoded(ramp(), syntax, with_meta=False))
    assert np.array_equal(frame.stored_values, RAMP)
    assert "the file begins with a command set (group 0000); ignored it." in frame.notes


@pytest.mark.parametrize(("bits", "name"), [(15, "zlib"), (31, "gzip")])
def test_a_deflated_dataset_with_a_header(bits, name):
    content = deflated_as(b"")
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    packed = packer.compress(dataset_of(as_bytes(ramp()))) + packer.flush()
    frame = read_frame(content[: meta_end(content)] + packed)
    assert np.array_equal(frame.stored_values, RAMP)
    assert frame.notes == (f"the deflated dataset has a {name} header; expected none.",)
