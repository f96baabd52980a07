"""A format without colors accepts only gray colormaps."""

import pytest

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.loader import chain_from_data
from dcmconv.errors import ChainError


def compiled(registry, **data):
    return compile_chain(chain_from_data(data, registry), registry)


def test_gray_format_rejects_a_color_map(registry, monkeypatch):
    monkeypatch.setattr(registry.load("writer", "jpg"), "takes_color", False)

    with pytest.raises(
        ChainError, match="The colormap 'bone' makes color pictures; 'jpg' writes only gray"
    ) as caught:
        compiled(registry, colormap="bone", outputs=["jpg"])
    assert "colormap: none" in str(caught.value)


def test_gray_format_accepts_a_gray_colormap(registry, monkeypatch):
    monkeypatch.setattr(registry.load("writer", "jpg"), "takes_color", False)

    plan = compiled(registry, colormap="gray", outputs=["jpg"])

    assert plan.lanes[0].colormap.name == "gray"
