"""Colormaps with published values: matplotlib's and the standard's."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from dcmconv_builtins.colormaps import dicom_palettes
from dcmconv_builtins.colormaps.polylines import Bone, Gray, Hot, Jet
from dcmconv_builtins.colormaps.viridis import Viridis

MATPLOTLIB = [
    pytest.param(Bone, "bone", id="bone"),
    pytest.param(Hot, "hot", id="hot"),
    pytest.param(Jet, "jet", id="jet"),
    pytest.param(Viridis, "viridis", id="viridis"),
]


def matplotlib_table(name):
    matplotlib = pytest.importorskip("matplotlib")
    return matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3]


@pytest.mark.parametrize(("colormap", "name"), MATPLOTLIB)
def test_every_byte_equals_matplotlib(colormap, name):
    assert np.array_equal(colormap().table(), matplotlib_table(name))


@pytest.mark.parametrize(
    ("colormap", "digest"),
    [
        (Gray, "72432263dbfe17abc40ed269f24c7a344e077e3671007dfc8a2f3851f8193dc2"),
        (Bone, "2e7ce6e6a2555df7e93c65c8795b782bdcc656b8615038e7815b7624cdd9a49b"),
        (Hot, "066ecce53a06d80b0310156c6fd43f863382f4f3335ad7c2fa53e66d1ebf47a7"),
        (Jet, "c1b7b97444ebebfc30a590ce3eada7cffefb868960c6c39fd4ed1ff7a40712e9"),
        (Viridis, "96a1f6f37d4041f953def955ffb8b9ea2110a9b4e3c9b701182d48f7a9774c58"),
    ],
)
def test_tables_are_unchanged(colormap, digest):
    assert hashlib.sha256(colormap().table().tobytes()).hexdigest() == digest


def test_gray_keeps_every_display_value():
    assert Gray().table().tolist() == [[value, value, value] for value in range(256)]


def test_gray_is_within_one_level_of_matplotlib():
    difference = Gray().table().astype(int) - matplotlib_table("gray")
    assert (difference.min(), difference.max()) == (0, 1)


# The numbers of the tables in PS3.6 Annex B; those of B.1.5 to B.1.8 by their segments.
HOT_IRON = {0: [0, 0, 0], 64: [128, 0, 0], 128: [255, 0, 0], 192: [255, 128, 4], 255: [255] * 3}
PET = {0: [0, 0, 0], 1: [0, 2, 1], 64: [1, 126, 127], 128: [128, 0, 255], 255: [255] * 3}
HOT_METAL_BLUE = {0: [0, 0, 0], 64: [0, 0, 125], 128: [116, 17, 97], 255: [255] * 3}
PET_20_STEP = {0: [0, 0, 0], 13: [96, 0, 80], 64: [96, 96, 176], 200: [208, 144, 0], 255: [255] * 3}
SPRING = {0: [255, 0, 255], 51: [255, 51, 204], 255: [255, 255, 0]}
SUMMER = {0: [0, 255, 0], 127: [0, 192, 0], 255: [0, 128, 254]}
FALL = {0: [255, 255, 0], 51: [255, 204, 0], 255: [255, 0, 0]}
WINTER = {0: [0, 0, 255], 127: [0, 127, 192], 255: [127, 255, 128]}


@pytest.mark.parametrize(
    ("name", "colors"),
    [
        ("HotIron", HOT_IRON),
        ("Pet", PET),
        ("HotMetalBlue", HOT_METAL_BLUE),
        ("Pet20Step", PET_20_STEP),
        ("Spring", SPRING),
        ("Summer", SUMMER),
        ("Fall", FALL),
        ("Winter", WINTER),
    ],
)
def test_palettes_have_the_colors_of_the_standard(name, colors):
    table = getattr(dicom_palettes, name)().table()
    assert {value: table[value].tolist() for value in colors} == colors


def test_pet_20_step_has_twenty_colors():
    assert len(np.unique(dicom_palettes.Pet20Step().table(), axis=0)) == 20


def test_a_changed_table_leaves_others_alone():
    Viridis().table()[:] = 0
    assert Viridis().table()[0].tolist() == [68, 1, 84]
