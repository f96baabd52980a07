"""Values that are decoded without pydicom are the ones that pydicom gives, without a warning."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import python_encoding
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.tag import Tag

from dcmconv_builtins.dicom.file.encoding import LONG_VRS, SHORT_VRS
from dcmconv_builtins.dicom.file.plain_values import (
    BINARY_VRS,
    ODD,
    plain_value,
    value_of_pydicom,
)

VRS = sorted(vr.decode() for vr in SHORT_VRS | LONG_VRS)

# Pieces of values, right and wrong; several VRs have a use for each.
PIECES = (
    *(b"1", b"-1", b"+2", b"0.5", b".5", b"5.", b"1e3", b"E", b"1,5", b" ", b"  ", b"\\", b"\0"),
    *(b"^", b"=", b"Doe", b"A", b"a_b", b"20240131", b"1.2.840", b".", b"..", b"02", b"\t", b"\n"),
    *(
        b"x" * 17,
        b"7" * 13,
        b"9" * 65,
        b"\x1b$B",
        b"\xe9",
        b"nan",
        b"inf",
        b"1_0",
        b"0x1",
        b"y" * 64,
    ),
)


def of_pydicom(vr: str, value: bytes):
    """Return the plain value that pydicom gives, and its warnings."""
    raw = RawDataElement(Tag(0x00091042), vr, len(value), value, 0, False, True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        element = convert_raw_data_element(raw, encoding=["iso8859"])
    return value_of_pydicom(element.value, element.VR), [str(each.message) for each in caught]


@given(vr=st.sampled_from(VRS), pieces=st.lists(st.sampled_from(PIECES), max_size=5))
def test_a_text_is_what_pydicom_makes_of_it(vr, pieces):
    check(vr, b"".join(pieces))


@given(vr=st.sampled_from(VRS), value=st.binary(max_size=40))
def test_bytes_are_what_pydicom_makes_of_them(vr, value):
    check(vr, value)


def check(vr: str, value: bytes) -> None:
    found = plain_value(vr, value)
    if found is not ODD:
        expected, warned = of_pydicom(vr, value)
        # repr: 1 is not 1.0, and nan is nan.
        assert (repr(found), warned) == (repr(expected), [])


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [
        ("CS", b"MR", "MR"),
        ("DS", b"0.70\\0.7 ", (0.7, 0.7)),
        ("DS", b"-1.5e-3 ", -0.0015),
        ("IS", b" 12 ", 12),
        ("UI", b"1.2.840.10008.1.2\0", "1.2.840.10008.1.2"),
        ("PN", b"Doe^John^^ ", "Doe^John"),
        ("LO", b"Head\\Neck", ("Head", "Neck")),
        ("ST", b"C:\\temp ", "C:\\temp"),
        ("DA", b"", None),
        ("US", b"\x00\x02", 512),
        ("FD", bytes(16), (0.0, 0.0)),
        ("SS", b"\xff\xff", -1),
    ],
)
def test_ordinary_values_need_no_pydicom(vr, value, expected):
    found = plain_value(vr, value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        pytest.param("IS", b"1.0", id="fraction"),
        pytest.param("DS", b"1,5", id="decimal-comma"),
        pytest.param("SH", b"longer than sixteen", id="too-long"),
        pytest.param("UI", b"1.02", id="leading-zero-in-uid"),
        pytest.param("PN", "Müller".encode("latin-1"), id="beyond-ascii"),
        pytest.param("LO", b"\x1b$B;3ED", id="escape-sequence"),
        pytest.param("US", b"\1", id="half-a-number"),
        pytest.param("SS", b"\xff\xff\0\0\x10\0", id="perhaps-a-lookup-table"),
        pytest.param("UN", b"MR", id="unknown-vr"),
        *(pytest.param(vr, b"ab", id=f"binary-{vr}") for vr in sorted(BINARY_VRS)),
    ],
)
def test_odd_values_are_left_to_pydicom(vr, value):
    assert plain_value(vr, value) is ODD


@pytest.mark.parametrize("encoding", sorted({*python_encoding.values()}))
def test_ascii_is_the_same_in_every_set_of_dicom(encoding):
    # Escape sequences are odd.
    printable = bytes(range(32, 127)) + b"\t\r\n\f"
    assert printable.decode(encoding) == printable.decode("ascii")
