"""CIELab Values as sRGB, compared with published colors."""

from __future__ import annotations

import pytest

from dcmconv_builtins.dicom.color.cielab import cielab_to_srgb


def encoded(lightness, a_star, b_star):
    return lightness / 100 * 65535, (a_star + 128) / 255 * 65535, (b_star + 128) / 255 * 65535


@pytest.mark.parametrize(
    ("lab", "srgb"),
    [
        pytest.param((100, 0, 0), (255, 255, 255), id="white"),
        pytest.param((0, 0, 0), (0, 0, 0), id="black"),
        pytest.param((53.585, 0, 0), (128, 128, 128), id="middle-gray"),
        # The primaries of sRGB under D50, from color tables.
        pytest.param((54.29, 80.81, 69.89), (255, 0, 0), id="red"),
        pytest.param((87.82, -79.29, 80.99), (0, 255, 0), id="green"),
        pytest.param((29.57, 68.30, -112.03), (0, 0, 255), id="blue"),
    ],
)
def test_cielab_values_become_srgb(lab, srgb):
    red, green, blue = cielab_to_srgb(encoded(*lab))
    assert (red, green, blue) == pytest.approx(srgb, abs=2)


def test_colors_outside_srgb_are_clipped():
    assert cielab_to_srgb(encoded(50, -128, 0))[0] == 0
    assert cielab_to_srgb(encoded(100, 127, 127))[0] == 255
