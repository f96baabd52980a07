"""Non-square pixels are resampled for display, never for values to compute with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.dicom_files import as_bytes, monochrome

import dcmconv
from dcmconv.api import plans
from dcmconv.chain.compile import compile_chain
from dcmconv.chain.loader import chain_from_data
from dcmconv.errors import ChainError

PIXELS = np.array([[0, 1000], [3000, 4095]], np.uint16)
SPACINGS = [[2, 1], [1, 1.02], [1, 2]]


def compiled(registry, **data):
    return compile_chain(chain_from_data(data, registry), registry)


def shapes(dataset, **chain):
    return [frame.pixels.shape for frame in dcmconv.convert_frames(as_bytes(dataset), **chain)]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("values", ["stored", "modality"])
def test_unscaled_values_are_never_resampled(spacing, several, values):
    pixels = np.stack([PIXELS, PIXELS[::-1]]) if several else PIXELS
    dataset = monochrome(pixels, PixelSpacing=spacing, RescaleSlope=1, RescaleIntercept=0)
    made = list(dcmconv.convert_frames(as_bytes(dataset), normalize=f"none:values={values}"))
    assert [frame.pixels.tolist() for frame in made] == pixels.reshape(-1, 2, 2).tolist()


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_training_data_of_16_bits_is_not_resampled(modality):
    dataset = monochrome(PIXELS, PixelSpacing=[2, 1], Modality=modality)
    assert shapes(dataset, chain="preset:ml-16bit") == [(2, 2)]
    assert shapes(dataset, chain="preset:ml-16bit", aspect="square") == [(4, 2)]


@pytest.mark.parametrize(
    ("aspect", "shape"), [(None, (4, 2)), ("auto", (4, 2)), ("square", (4, 2)), ("keep", (2, 2))]
)
def test_display_pictures_are_resampled_unless_kept(aspect, shape):
    assert shapes(monochrome(PIXELS, PixelSpacing=[2, 1]), aspect=aspect) == [shape]


@pytest.mark.parametrize("where", ["chain", "rule", "output"])
def test_asking_to_resample_unscaled_values_is_rejected(registry, where):
    slots = {"normalize": "none", "aspect": "square"}
    data = {
        "chain": slots,
        "rule": {"rules": [{"when": {"Modality": "CT"}, **slots}]},
        "output": {"outputs": [{"use": "png", **slots}]},
    }[where]
    message = "resamples display values; 'none' gives stored values, which are never resampled"
    with pytest.raises(ChainError, match=message) as caught:
        compiled(registry, **data)
    assert "aspect: keep" in caught.value.hint


def test_each_output_decides_for_itself(registry):
    plan = compiled(registry, outputs=["png", {"use": "png", "id": "raw", "normalize": "none"}])
    assert [lane.aspect for lane in plan.lanes] == ["square", "keep"]


@pytest.mark.parametrize("data", [{}, {"normalize": "minmax"}, {"chain": "preset:ml-8bit"}])
def test_digests_of_display_pictures_are_as_in_0_1_0(registry, data):
    plan = plans.plan_from(data)
    assert {lane["aspect"] for lane in plan.as_data()["lanes"]} == {"square"}


@pytest.mark.parametrize("data", [{"normalize": "none"}, {"chain": "preset:ml-16bit"}])
def test_digests_of_values_to_compute_with_have_changed(data):
    plan = plans.plan_from(data)
    # 0.1.0 resampled these.
    before = replace(
        plan,
        lanes=tuple(replace(lane, aspect="square") for lane in plan.lanes),
        rules=tuple(
            replace(rule, lanes=tuple(replace(lane, aspect="square") for lane in rule.lanes))
            for rule in plan.rules
        ),
    )
    assert plan.digest != before.digest


@pytest.mark.parametrize(
    "chain", [{"aspect": "round"}, {"writers": "png:aspect=round"}, {"chain": {"aspect": "round"}}]
)
def test_an_unknown_aspect_names_the_known_ones(chain):
    with pytest.raises(ChainError, match=r"aspect: expected auto, square or keep, got 'round'\."):
        dcmconv.convert(as_bytes(monochrome(PIXELS)), **chain)
