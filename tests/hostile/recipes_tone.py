"""Wrong windows, lookup tables, rescaling, padding and float pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from support.dicom_files import as_bytes, item, monochrome

from hostile.base import RAMP, spoiled, swapped

FLOATS = RAMP.astype(np.float32)


def window(center: Any, width: Any, **more: Any):
    return spoiled(WindowCenter=center, WindowWidth=width, **more)


def window_text(center: bytes, width: bytes):
    """Return a recipe whose window is a text that pydicom does not write."""

    def make() -> bytes:
        content = window("123.5678", "876.5432")()
        return content.replace(b"123.5678", center.ljust(8)).replace(b"876.5432", width.ljust(8))

    return make


def lut(descriptor: list[int], data: bytes | None):
    made = item(LUTDescriptor=descriptor)
    if data is not None:
        made.LUTData = data
        made["LUTData"].VR = "OW"
    return made


def voi_lut(descriptor: list[int], data: bytes | None):
    return spoiled(VOILUTSequence=[lut(descriptor, data)])


def modality_lut(descriptor: list[int], data: bytes | None):
    return spoiled(ModalityLUTSequence=[lut(descriptor, data)])


def floats(change, **attributes: Any):
    def make() -> bytes:
        values = FLOATS.copy()
        change(values)
        return as_bytes(monochrome(values, **attributes))

    return make


def set_some(value: float):
    def change(values):
        values[0, :2] = value

    return change


RECIPES = {
    "window-width-0": window(1000, 0),
    "window-width-negative": window(1000, -400),
    "window-two": window([40, 1500], [400, 2000]),
    "window-two-and-one-width": window([40, 1500], [400]),
    "window-empty": window("", ""),
    "window-center-only": spoiled(WindowCenter=40),
    "window-with-commas": window_text(b"1234,5", b"5678,5"),
    "window-of-backslashes": window_text(b"\\\\\\\\", b"\\\\\\\\"),
    "window-as-text": window_text(b"forty", b"wide"),
    "window-of-nan": window_text(b"nan", b"nan"),
    "window-of-infinity": window_text(b"0", b"1e999"),
    "window-width-of-1e-30": window_text(b"1000", b"1e-30"),
    "window-outside-the-values": window(90000, 10),
    "window-function-unknown": window(1000, 400, VOILUTFunction="WAVY"),
    "window-sigmoid-of-width-0": window(1000, 0, VOILUTFunction="SIGMOID"),
    "voi-lut-without-items": spoiled(VOILUTSequence=[]),
    "voi-lut-short": voi_lut([4096, 0, 16], np.arange(10, dtype="<u2").tobytes()),
    "voi-lut-of-no-bits": voi_lut([16, 0, 0], bytes(32)),
    "voi-lut-without-data": voi_lut([16, 0, 16], None),
    "voi-lut-descriptor-of-two": voi_lut([16, 0], bytes(32)),
    "modality-lut-of-zeros": modality_lut([0, 0, 0], b""),
    "modality-lut-short": modality_lut([4096, 0, 16], bytes(20)),
    "slope-0": spoiled(RescaleSlope=0, RescaleIntercept=-1024),
    "slope-only": spoiled(RescaleSlope=2),
    "slope-as-text": swapped(b"12345.67", b"steep   ", RescaleSlope="12345.67", RescaleIntercept=0),
    "slope-of-nan": swapped(b"12345.67", b"nan     ", RescaleSlope="12345.67", RescaleIntercept=0),
    "slope-of-1e99": spoiled(RescaleSlope="1e99", RescaleIntercept="0"),
    "slope-of-1e308": spoiled(RescaleSlope="1e308", RescaleIntercept="0"),
    "slope-two": spoiled(RescaleSlope=[1, 2], RescaleIntercept=0),
    "slope-negative": spoiled(RescaleSlope=-1, RescaleIntercept=0),
    "constant": lambda: as_bytes(monochrome(np.full((4, 4), 7, np.uint16))),
    "padding-everywhere": lambda: as_bytes(
        monochrome(np.full((4, 4), 7, np.uint16), PixelPaddingValue=7)
    ),
    "padding-range-reversed": spoiled(PixelPaddingValue=10, PixelPaddingRangeLimit=0),
    "padding-beyond-the-bits": spoiled(PixelPaddingValue=65535),
    "polarity-unknown": spoiled(PresentationLUTShape="SIDEWAYS"),
    "float": floats(set_some(0)),
    "float-some-nan": floats(set_some(np.nan)),
    "float-some-infinite": floats(set_some(np.inf)),
    "float-all-nan": floats(lambda values: values.fill(np.nan)),
    "float-all-infinite": floats(lambda values: values.fill(-np.inf)),
    "float-huge": floats(set_some(3.4e38)),
    "float-short": floats(set_some(0), FloatPixelData=bytes(400)),
    "double-float": lambda: as_bytes(monochrome(RAMP.astype(np.float64))),
}
