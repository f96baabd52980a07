"""The encoding of a dataset is detected from two valid elements, or not at all."""

from __future__ import annotations

import pytest

from dcmconv_builtins.dicom.file.encoding import Encoding, guess_encoding

EXPLICIT = b"\x08\0\5\0CS\4\0ABCD" + b"\x08\0\x08\0CS\2\0XY"
IMPLICIT = b"\x08\0\5\0\4\0\0\0ABCD" + b"\x08\0\x08\0\2\0\0\0XY"
BIG_ENDIAN = b"\0\x08\0\5CS\0\4ABCD" + b"\0\x08\0\x08CS\0\2XY"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        pytest.param(EXPLICIT, Encoding(False, True), id="explicit"),
        pytest.param(IMPLICIT, Encoding(True, True), id="implicit"),
        pytest.param(BIG_ENDIAN, Encoding(False, False), id="big-endian"),
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"\x08\0", None, id="two-bytes"),
        pytest.param(b"hello, this is not dicom\n" * 20, None, id="text"),
        pytest.param(b"<!DOCTYPE html><html>", None, id="web-page"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", None, id="png"),
        pytest.param(bytes(512), None, id="zeros"),
        pytest.param(EXPLICIT[12:] + EXPLICIT[:12], None, id="descending-tags"),
        pytest.param(b"\x08\0\5\0\xff\xff\xff\x7f", None, id="a-length-beyond-reason"),
    ],
)
def test_the_encoding_is_detected_from_the_first_elements(head, encoding):
    assert guess_encoding(head) == encoding
