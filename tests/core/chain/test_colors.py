"""The static check of colours: a format without them takes no colormap that has some."""

import pytest

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.loader import chain_from_data
from dcmconv.errors import ChainError


def compiled(registry, **data):
    return compile_chain(chain_from_data(data, registry), registry)


def test_a_colormap_is_refused_where_the_format_has_no_colors(registry, monkeypatch):
    monkeypatch.setattr(registry.load("writer", "jpg"), "takes_color", False)

    with pytest.raises(
        ChainError, match="The colormap 'bone' makes color pictures; 'jpg' writes only gray"
    ) as caught:
        compiled(registry, colormap="bone", outputs=["jpg"])
    assert "colormap: none" in str(caught.value)


def test_a_gray_colormap_suits_a_format_without_colors(registry, monkeypatch):
    monkeypatch.setattr(registry.load("writer", "jpg"), "takes_color", False)

    plan = compiled(registry, colormap="gray", outputs=["jpg"])

    assert plan.lanes[0].colormap.name == "gray"
